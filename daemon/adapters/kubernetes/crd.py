"""The CustomResourceDefinition of ``RolloutCase``, generated from the types that the cases are made of.

``python -m daemon.adapters.kubernetes.crd`` prints it; the chart ships it as ``crds/rolloutcases.yaml``.
"""

from __future__ import annotations

import inspect
import sys
from functools import singledispatch
from typing import Any

from msgspec import inspect as types

from daemon.adapters.kubernetes.case_codec import KIND
from daemon.adapters.kubernetes.resources import CASES
from daemon.core.case.case import Spec, Status
from daemon.core.case.conditions import CaseCondition

Schema = dict[str, Any]

MAX_TEXT = 4096
"""Bound on every string of the spec, in characters: the API server limits what a rule may cost."""
MAX_ITEMS = 64
"""Bound on every list of the spec."""
MUTABLE = frozenset({"instruction"})
"""The fields of the spec that may change after creation."""

HEADER = (
    "# Generated from daemon/core/case/case.py by `python -m daemon.adapters.kubernetes.crd`: do not edit.\n"
)


@singledispatch
def schema(kind: types.Type) -> Schema:
    """The structural schema of a type: no references, no ``anyOf``, ``nullable`` for an optional value."""
    raise TypeError(f"{kind} has no schema of a custom resource: give it one in {__name__}")


@schema.register
def _(_: types.StrType) -> Schema:
    return {"type": "string"}


@schema.register
def _(_: types.BoolType) -> Schema:
    return {"type": "boolean"}


@schema.register
def _(_: types.IntType) -> Schema:
    return {"type": "integer", "format": "int64"}


@schema.register
def _(_: types.FloatType) -> Schema:
    return {"type": "number"}


@schema.register
def _(_: types.DateTimeType) -> Schema:
    return {"type": "string", "format": "date-time"}


@schema.register
def _(kind: types.LiteralType) -> Schema:
    return {"type": "string", "enum": list(kind.values)}


@schema.register
def _(kind: types.EnumType) -> Schema:
    return {"type": "string", "enum": [member.value for member in kind.cls]}


@schema.register
def _(kind: types.VarTupleType) -> Schema:
    return {"type": "array", "items": schema(kind.item_type)}


@schema.register
def _(kind: types.TupleType) -> Schema:
    size = len(kind.item_types)
    return {"type": "array", "items": schema(kind.item_types[0]), "minItems": size, "maxItems": size}


@schema.register
def _(kind: types.DictType) -> Schema:
    return {"type": "object", "additionalProperties": schema(kind.value_type)}


@schema.register
def _(kind: types.UnionType) -> Schema:
    (some,) = (member for member in kind.types if not isinstance(member, types.NoneType))
    return schema(some) | {"nullable": True}


@schema.register
def _(kind: types.StructType) -> Schema:
    if kind.array_like:
        size = len(kind.fields)
        made: Schema = {"type": "array", "items": schema(kind.fields[0].type), "maxItems": size}
        return made
    made = {"type": "object"}
    # A struct without a docstring of its own would inherit its base's.
    if doc := vars(kind.cls).get("__doc__"):
        made["description"] = " ".join(inspect.cleandoc(doc).split("\n\n")[0].split())
    # A nullable field that is stored as null would count as missing, were it required.
    required = [f.encode_name for f in kind.fields if f.required and not isinstance(f.type, types.UnionType)]
    if required:
        made["required"] = required
    made["properties"] = {field.encode_name: schema(field.type) for field in kind.fields}
    return made


def _bounded(made: Schema) -> Schema:
    """The schema with every string, list and map bounded."""
    bounded = dict(made)
    if made["type"] == "string" and "enum" not in made and "format" not in made:
        bounded["maxLength"] = MAX_TEXT
    if "items" in made:
        bounded |= {"maxItems": MAX_ITEMS, "items": _bounded(made["items"])}
    if "properties" in made:
        bounded["properties"] = {name: _bounded(field) for name, field in made["properties"].items()}
    return bounded


def spec_schema() -> Schema:
    """The spec: bounded, and immutable but for ``MUTABLE``."""
    made = _bounded(schema(types.type_info(Spec)))
    rules = []
    for name, field in made["properties"].items():
        if name in MUTABLE:
            continue
        message = f"spec.{name} never changes: it says what the case is about"
        field["x-kubernetes-validations"] = [{"rule": "self == oldSelf", "message": message}]
        if name not in made["required"]:
            # The rule above is not asked when the field comes or goes.
            rules.append({"rule": f"has(self.{name}) == has(oldSelf.{name})", "message": message})
    return made | {"x-kubernetes-validations": rules}


def status_schema() -> Schema:
    """The status, and its conditions, which are one of each type."""
    made = schema(types.type_info(Status))
    listed = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
    made["properties"]["conditions"] = schema(types.type_info(tuple[CaseCondition, ...])) | listed
    return made


def manifest() -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": str(CASES)},
        "spec": {
            "group": CASES.group,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": CASES.plural,
                "singular": KIND.lower(),
                "shortNames": ["rcase"],
                "categories": ["rollbackd"],
            },
            "versions": [_version()],
        },
    }


def _version() -> dict[str, Any]:
    return {
        "name": CASES.version,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            _column("Workload", ".spec.workload", "the Deployment that was rolled out"),
            _column("Revision", ".spec.revision.number", "its revision number", kind="integer"),
            _column("Image", ".spec.revision.images[0]", "the first container's image"),
            _column("Phase", ".status.phase", "how far the case is"),
            _column("Verdict", ".status.verdict", "what the evidence says of the revision"),
            _column("Reason", ".status.reason", "why"),
            _column("Proven", ".status.proven", "whether its health was proven", kind="boolean", priority=1),
            _column(
                "Return to",
                ".status.target.images[0]",
                "the image that it is rolled back to",
                priority=1,
            ),
            _column("Age", ".metadata.creationTimestamp", "time since the rollout was seen", kind="date"),
        ],
        "schema": {
            "openAPIV3Schema": {
                "type": "object",
                "description": "Everything that rollbackd knows and decided of one rollout of a Deployment.",
                "required": ["spec"],
                "properties": {
                    "apiVersion": {"type": "string"},
                    "kind": {"type": "string"},
                    "metadata": {"type": "object"},
                    "spec": spec_schema(),
                    "status": status_schema(),
                },
            }
        },
    }


def _column(
    name: str, path: str, description: str, *, kind: str = "string", priority: int = 0
) -> dict[str, Any]:
    return {
        "name": name,
        "type": kind,
        "jsonPath": path,
        "description": description,
        "priority": priority,
    }


def text() -> str:
    """The manifest as YAML."""
    # Only whoever prints it needs the YAML library; the daemon does not.
    import io

    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 110
    yaml.representer.ignore_aliases = lambda *_: True
    out = io.StringIO()
    yaml.dump(manifest(), out)
    return HEADER + out.getvalue()


if __name__ == "__main__":
    sys.stdout.write(text())
