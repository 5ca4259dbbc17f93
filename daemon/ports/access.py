"""Who asks, and what they may: as the API server says, never as the daemon guesses."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from daemon.core.case.case import Case
from daemon.core.case.steps.step import Right
from daemon.core.model import WorkloadRef
from daemon.core.value import Value
from daemon.ports.cluster import Actuator


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


@dataclass(frozen=True)
class Identity:
    """Somebody who acts. With a token of their own, what they do is written as them; without one a proxy
    says who they are, and the daemon writes for them."""

    person: Person
    token: str | None = field(default=None, repr=False)

    @property
    def signature(self) -> str:
        """What an instruction says of who gave it."""
        return self.person.name if self.token is not None else f"{self.person.name} (by proxy)"


class Instructs(Protocol):
    def instruct(self, case: Case) -> Case:
        """Write the spec's instruction. Raises Conflict when someone wrote since the read, Missing,
        Denied, Rejected, Unavailable."""
        ...


class Pauses(Protocol):
    def pause(self, ref: WorkloadRef, value: str | None) -> None:
        """Leave acts on the Deployment to people: ``true``, or until a time; ``None`` ends it.

        Raises Missing, Denied, Unavailable.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Deputy:
    """Hands that write in somebody's name."""

    cases: Instructs
    actuator: Actuator
    pauses: Pauses


class Deputies(Protocol):
    def of(self, who: Identity) -> AbstractContextManager[Deputy]:
        """Hands of the person's own token, where there is one: the API server then decides what they may."""
        ...
