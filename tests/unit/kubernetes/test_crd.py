from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import inspect as types

from daemon.adapters.kubernetes import case_codec, crd
from tests.unit.web import samples

FILE = Path(__file__).parents[3] / "helm/rollbackd/crds/rolloutcases.yaml"


def schemas(made: dict[str, Any], path: str = "$") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema within a schema."""
    yield path, made
    for name, field in made.get("properties", {}).items():
        yield from schemas(field, f"{path}.{name}")
    for keyword in ("items", "additionalProperties"):
        if keyword in made:
            yield from schemas(made[keyword], f"{path}[]")


def whole() -> dict[str, Any]:
    (version,) = crd.manifest()["spec"]["versions"]
    made: dict[str, Any] = version["schema"]["openAPIV3Schema"]
    return made


def test_the_charts_definition_is_current() -> None:
    assert FILE.read_text() == crd.text(), "write it anew: python -m daemon.adapters.kubernetes.crd"


def test_the_schema_is_structural() -> None:
    for path, made in schemas(whole()):
        assert made["type"] in ("object", "array", "string", "integer", "number", "boolean"), path
        assert not {"$ref", "anyOf", "oneOf", "allOf"} & made.keys(), path
        assert None not in made.get("enum", ()), f"{path}: the API server takes no null for an enumeration"


def test_every_string_and_list_of_the_spec_is_bounded() -> None:
    for path, made in schemas(whole()["properties"]["spec"]):
        if made["type"] == "string" and "enum" not in made and "format" not in made:
            assert made["maxLength"], path
        if made["type"] == "array":
            assert made["maxItems"], path


def test_nothing_of_the_spec_but_the_instruction_may_change() -> None:
    spec = whole()["properties"]["spec"]
    guarded = {name for name, field in spec["properties"].items() if "x-kubernetes-validations" in field}
    assert guarded == spec["properties"].keys() - {"instruction"}
    optional = guarded - set(spec["required"])
    rules = {rule["rule"] for rule in spec["x-kubernetes-validations"]}
    assert rules == {f"has(self.{name}) == has(oldSelf.{name})" for name in optional}


def test_a_type_without_a_schema_is_named() -> None:
    with pytest.raises(TypeError, match="has no schema"):
        crd.schema(types.type_info(set))


def test_the_conditions_that_are_stored_are_those_of_the_schema() -> None:
    """What the schema does not name the API server drops, and ``kubectl wait`` waits for ever."""
    stored = case_codec.status_object(samples.rolled_back())["status"]["conditions"]
    described = whole()["properties"]["status"]["properties"]["conditions"]["items"]

    assert [one["type"] for one in stored] == described["properties"]["type"]["enum"]
    assert all(one.keys() == described["properties"].keys() for one in stored)
    assert "lastTransitionTime" in described["required"]
