"""pydantic's own errors in the operator's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

from daemon.settings.problems import instead

_KINDS = {
    "int": ("a whole number", "write it without quotes, fraction or unit"),
    "float": ("a number", "write digits, such as 0.05"),
    "bool": ("true or false", "write true or false"),
    "string": ("text", "put it in quotes"),
    "tuple": ("a list", 'write a list, such as ["a", "b"]'),
    "list": ("a list", 'write a list, such as ["a", "b"]'),
    "model": ("a group of settings", "write its settings as a map below it"),
    "mapping": ("a map", "write names and values below it"),
    "dict": ("a map", "write names and values below it"),
    "path": ("a path", "write the file's path as text"),
}
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
    "greater_than": ("gt", "more than"),
    "less_than": ("lt", "less than"),
}


def words(details: ErrorDetails, *, text: bool) -> tuple[str, str]:
    """Message and remedy. ``text`` tells that the value came as text, where lists and maps are JSON."""
    kind, context = details["type"], details.get("ctx", {})
    if kind == "missing":
        return _missing(str(details["loc"][-1]))
    if kind in _BOUNDS:
        bound, how = _BOUNDS[kind]
        return f"the value must be {how} {context[bound]:g}", f"write {how} {context[bound]:g}"
    if kind in {"enum", "literal_error"}:
        return _choice(details["input"], str(context["expected"]))
    if kind in {"too_long", "too_short", "string_too_long"}:
        return _size(kind, context)
    if kind == "string_pattern_mismatch":
        return "this must be one line of text", "take the line breaks out"
    for begin, (what, remedy) in _KINDS.items():
        if kind.startswith(begin):
            json = " as JSON" if text and begin in {"tuple", "list", "model", "mapping", "dict"} else ""
            return f"this must be {what}{json}", remedy
    return details["msg"], "see docs/settings.md"


def _missing(name: str) -> tuple[str, str]:
    if name == "workloads":
        return (
            "nothing is guarded",
            "add 'workloads:' with an entry, such as {namespace: shop, name: cart}",
        )
    return f"{name} is missing", f"add '{name}:'"


def _choice(value: Any, expected: str) -> tuple[str, str]:
    valid = [name.strip(" '") for name in expected.replace(" or ", ",").split(",")]
    shown = repr(value) if isinstance(value, str | int | float) else "this"
    near = instead(str(value), valid)
    names = ", ".join(valid)
    return f"{shown} is not one of {names}", near if near.startswith("did you") else f"write one of {names}"


def _size(kind: str, context: Mapping[str, Any]) -> tuple[str, str]:
    if kind == "too_short":
        return "the list has too few entries", f"write at least {context['min_length']}"
    if kind == "too_long":
        return f"the list has more than {context['max_length']} entries", "make it shorter"
    return f"the text is longer than {context['max_length']} characters", "make it shorter"
