"""The reference page of all settings, made from their declarations.

``python -m daemon.settings.reference`` prints it; docs/settings.md is its output.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from daemon.settings import names
from daemon.settings.guarding import PolicySettings
from daemon.settings.model import Settings
from daemon.settings.types import parse_duration

HEAD = """# Settings

<!-- Printed by `python -m daemon.settings.reference`: edit the declarations there, not this page. -->

Settings come from a YAML file, from environment variables and from flags. **A flag beats an environment
variable, which beats the file, which beats the default.** No application is built in: what is
guarded, by which signals it is judged and what it depends on has no default. `config/default.yaml` is one
application's file, commented.

* Variables are named `ROLLBACKD_` and the setting's path, with two underscores for each dot:
  `ROLLBACKD_PROMETHEUS__URL`. Lists and maps are written as JSON. An empty variable counts as not set.
* Names that are not known are errors, in every source; the message names the nearest valid one. Variables
  that Kubernetes sets because of a Service called `rollbackd` are left alone.
* Durations are seconds (`30`) or text (`30s`, `10m`, `1h30m`, `250ms`).
* Everything is checked at the start, and everything that is wrong is reported at once, with line and remedy.
  The check with `--live` also runs every query against Prometheus.
"""


def page() -> str:
    """The whole page, as Markdown."""
    return "\n".join([HEAD, *_sections()]).rstrip() + "\n"


def _sections() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        model = names.model_in(field.annotation)
        assert model is not None, f"{name} is not a group"
        many = not isinstance(field.annotation, type)
        yield f"## {name}{' (a list)' if many else ''}\n"
        yield f"{_paragraph(model)}\n"
        if many:
            yield f"{field.description} Variable: `{names.variable((name,))}`, as JSON.\n"
        yield from _fields(name, model, many=many)


def _fields(group: str, model: type[BaseModel], *, many: bool) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if model is not PolicySettings and issubclass(model, PolicySettings) and _inherited(name):
            continue
        path = f"{group}[].{name}" if many else f"{group}.{name}"
        yield f"### `{path}`\n"
        yield f"{field.description}\n"
        yield f"* Value: {_value(field)}{_bounds(field)}"
        yield f"* Default: {_default(field)}"
        if not many:
            yield f"* Variable: `{names.variable((group, name))}`"
        yield ""
        if (inner := names.model_in(field.annotation)) is not None:
            entries = get_origin(field.annotation) is not None and _listed(field.annotation)
            what = "Each entry is a name, or a map of" if entries else "A map of"
            yield f"{what}: {_inner(inner)}.\n"
    if many and issubclass(model, PolicySettings):
        own = ", ".join(f"`{name}`" for name in PolicySettings.model_fields)
        yield f"Besides, for this workload alone, any setting of [policy](#policy): {own}.\n"


def _listed(annotation: Any) -> bool:
    return get_origin(annotation) is tuple or any(map(_listed, get_args(annotation)))


def _inherited(name: str) -> bool:
    return name in PolicySettings.model_fields


def _inner(model: type[BaseModel]) -> str:
    return "; ".join(
        f"`{name}` — {str(field.description).rstrip('.')}" for name, field in model.model_fields.items()
    )


def _paragraph(model: type[BaseModel]) -> str:
    lines = (model.__doc__ or "").strip().splitlines()
    return "\n".join(line.strip() for line in lines)


def _value(field: FieldInfo) -> str:
    duration = _is_duration(field.metadata) or any(
        _is_duration(getattr(part, "__metadata__", ())) for part in get_args(field.annotation)
    )
    return "duration in seconds" if duration else _kind(field.annotation)


def _is_duration(metadata: Iterable[Any]) -> bool:
    return any(getattr(part, "func", None) is parse_duration for part in metadata)


_WORDS: Mapping[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    Path: "path of a file",
    SecretStr: "secret text",
}


def _kind(annotation: Any) -> str:
    if annotation in _WORDS:
        return _WORDS[annotation]
    arguments = [part for part in get_args(annotation) if part not in (type(None), Ellipsis)]
    origin = get_origin(annotation)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin is tuple:
        inner = names.model_in(annotation)
        return "list of names or maps" if inner is not None else f"list of {_kind(arguments[0])}"
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return "map of names to secret texts"
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return ", ".join(f"`{value}`" for value in annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "map"
    return _kind(arguments[0])


_SIGNS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def _bounds(field: FieldInfo) -> str:
    found = [
        f"{words} {bound}"
        for constraint in field.metadata
        for sign, words in _SIGNS.items()
        if (bound := getattr(constraint, sign, None)) is not None
    ]
    return f", {' and '.join(found)}" if found else ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "none, it must be given"
    value = field.default
    if value is None:
        return "none"
    if isinstance(value, BaseModel):
        return "as its parts say"
    if isinstance(value, tuple):
        return ", ".join(f"`{item}`" for item in value) or "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, float):
        return f"`{value:g}`"
    return f"`{value}`" if value not in ("", {}) else "empty"


if __name__ == "__main__":
    sys.stdout.write(page())
