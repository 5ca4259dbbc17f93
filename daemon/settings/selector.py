"""Kubernetes label selectors, as ``kubectl -l`` takes them, matched here against labels already at hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

_PREFIX = r"(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?"
_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_KEY = rf"(?P<key>{_PREFIX}{_NAME})"
_VALUE = rf"(?:{_NAME})?"
_SET = re.compile(rf"{_KEY}\s+(?P<how>in|notin)\s*\(\s*(?P<values>{_VALUE}(?:\s*,\s*{_VALUE})*)\s*\)")
_EQUALITY = re.compile(rf"{_KEY}\s*(?P<how>==|=|!=)\s*(?P<values>{_VALUE})")
_EXISTENCE = re.compile(rf"(?P<how>!?)\s*{_KEY}")
_BETWEEN = re.compile(r",(?![^(]*\))")
"""A comma outside parentheses."""


@dataclass(frozen=True)
class Requirement:
    key: str
    how: Literal["in", "notin", "exists", "absent"]
    values: frozenset[str] = frozenset()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """As the API server decides: ``notin`` and ``!=`` hold as well where the label is missing."""
        match self.how:
            case "in":
                return labels.get(self.key) in self.values
            case "notin":
                return labels.get(self.key) not in self.values
            case "exists":
                return self.key in labels
            case "absent":
                return self.key not in labels


@dataclass(frozen=True)
class Selector:
    """All requirements must hold. Never empty: an empty selector would take in everything by accident."""

    requirements: tuple[Requirement, ...]

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(requirement.holds(labels) for requirement in self.requirements)


def parse(text: str) -> Selector:
    """Raises ValueError, with a sentence for people, for what is not a selector."""
    if not text.strip():
        raise ValueError("an empty selector would take in everything in the namespace")
    return Selector(tuple(_requirement(part.strip()) for part in _BETWEEN.split(text)))


def _requirement(text: str) -> Requirement:
    if found := _SET.fullmatch(text):
        how: Literal["in", "notin"] = "in" if found["how"] == "in" else "notin"
        return Requirement(found["key"], how, frozenset(v.strip() for v in found["values"].split(",")))
    if found := _EQUALITY.fullmatch(text):
        return Requirement(
            found["key"], "notin" if found["how"] == "!=" else "in", frozenset({found["values"]})
        )
    if found := _EXISTENCE.fullmatch(text):
        return Requirement(found["key"], "absent" if found["how"] else "exists")
    raise ValueError(f"{text!r} is not a label requirement")
