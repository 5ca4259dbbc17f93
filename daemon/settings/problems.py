"""What is wrong with the settings: every problem at once, each with its place and its remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticCustomError

COMPLAINT = "rollbackd"
"""The pydantic error type of our own validators' complaints."""

Location = tuple[str | int, ...]
"""Where a value stands in the settings: names and list indexes, as pydantic gives them."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong, in the words an operator needs.

    ``source`` is the file's name, ``environment variable NAME`` or ``flag NAME``; ``line`` counts from 1 and
    is only known of files. ``value`` is empty for secrets, groups and whatever is not a setting.
    """

    source: str
    field: str
    message: str
    remedy: str
    value: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.source}:{self.line}" if self.line is not None else self.source
        parts = [place, self.field, f"{self.message} — {self.remedy}"]
        return ": ".join(part for part in parts if part)


class SettingsError(Exception):
    """The settings cannot be used; ``problems`` is everything found wrong, never empty."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def complaint(message: str, remedy: str) -> PydanticCustomError:
    """The error that a validator raises so that the remedy reaches the operator."""
    return PydanticCustomError(COMPLAINT, "{message}", {"message": message, "remedy": remedy})


def dotted(location: Location) -> str:
    """``("signals", 0, "limit")`` → ``signals[0].limit``."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def nearest(name: str, valid: Iterable[str]) -> str:
    """The valid name that was probably meant, or nothing."""
    return next(iter(difflib.get_close_matches(name, list(valid), n=1, cutoff=0.6)), "")


def instead(name: str, valid: Iterable[str]) -> str:
    """The remedy for a name that is not valid: the near one, and else all of them."""
    names = list(valid)
    near = nearest(name, names)
    return f"did you mean {near}?" if near else f"valid here: {', '.join(names)}"


def plain(value: Any) -> str:
    """A scalar as the operator wrote it; nothing for lists and maps, which may hold secrets."""
    return str(value) if isinstance(value, str | int | float | bool) else ""
