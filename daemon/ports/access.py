"""Who asks, and what they may: as the API server says, never as the daemon guesses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from daemon.core.case.steps.step import Right
from daemon.core.value import Value


class Person(Value, frozen=True):
    """Somebody whom the API server knows, or a program's account, with all that it decides rights by."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = {}


class Stranger(Value, frozen=True):
    """Somebody whom it does not know; ``reason`` is a sentence for them, without the token."""

    reason: str


class Access(Protocol):
    def who(self, token: str) -> Person | Stranger:
        """Whose token this is, at the API server's own audience. Nothing of the token is kept or logged.

        Answers within few seconds. Raises Denied (the daemon may not ask), Unavailable.
        """
        ...

    def may(self, person: Person, namespace: str, right: Right) -> bool:
        """Whether a person has a right; in no namespace (empty) means in each. Raises as :meth:`who`."""
        ...
