"""The names of all settings, derived from the groups: for the environment, flags and suggestions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from daemon.settings.model import Settings
from daemon.settings.problems import Location

PREFIX = "ROLLBACKD_"
CONFIG_VARIABLE = "ROLLBACKD_CONFIG"
"""Names the settings file; the only variable of ours that is not a setting."""

_SERVICE_LINK = re.compile(
    r"ROLLBACKD_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?)"
)


def is_service_link(name: str, value: str) -> bool:
    """Whether the kubelet set this variable because of a Service whose name begins with ``rollbackd``."""
    return bool(_SERVICE_LINK.fullmatch(name)) or (
        name.endswith("_PORT") and value.startswith(("tcp://", "udp://", "sctp://"))
    )


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The group that an annotation holds, be it in a tuple, an optional or an Annotated."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := model_in(part))), None)


def is_map(annotation: Any) -> bool:
    origin = get_origin(annotation)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(is_secret(part) for part in get_args(annotation))


def field_at(location: Location) -> FieldInfo | None:
    """The field of a value; for an item of a list or a map, the field of the list or map."""
    model: type[BaseModel] | None = Settings
    found: FieldInfo | None = None
    for part in location:
        if isinstance(part, int):
            continue
        if model is None:
            return found if found is not None and is_map(found.annotation) else None
        found = model.model_fields.get(part)
        if found is None:
            return None
        model = model_in(found.annotation)
    return found


def names_at(location: Location) -> tuple[str, ...]:
    """The valid names inside the group at a location."""
    if not [part for part in location if isinstance(part, str)]:
        return tuple(Settings.model_fields)
    found = field_at(location)
    model = model_in(found.annotation) if found is not None else None
    return tuple(model.model_fields) if model is not None else ()


def single_values() -> Iterator[tuple[str, ...]]:
    """Paths of all settings that the environment and flags can set: no names inside lists."""
    for name, field in Settings.model_fields.items():
        yield (name,)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from ((name, inner) for inner in field.annotation.model_fields)


def can_be_set(path: tuple[str, ...]) -> bool:
    """Whether the environment or a flag may set this path (headers by name included)."""
    paths = set(single_values())
    if path in paths:
        return True
    found = field_at(path[:2]) if path[:2] in paths and len(path) == 3 else None
    return found is not None and is_map(found.annotation)


def variable(path: tuple[str, ...]) -> str:
    """``("prometheus", "url")`` → ``ROLLBACKD_PROMETHEUS__URL``."""
    return PREFIX + "__".join(part.upper() for part in path)
