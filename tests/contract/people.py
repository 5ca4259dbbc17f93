"""People with tokens, as a test gets them: from the twin here, from the cluster in ``real_people``."""

from __future__ import annotations

from typing import Protocol

from daemon.adapters.simulation.people import MemoryAccess
from daemon.core.case.steps.step import Right
from daemon.ports import Access, Person, Stranger, Unavailable

SEE = Right(verb="list", resource="rolloutcases", group="rollbackd.io")
INSTRUCT = Right(verb="patch", resource="rolloutcases", group="rollbackd.io")


class PeopleDriver(Protocol):
    @property
    def access(self) -> Access: ...
    @property
    def namespace(self) -> str: ...
    def token(self) -> str:
        """Of somebody who may nothing yet."""
        ...

    def expired(self) -> str: ...
    def elsewhere(self) -> str:
        """A token of the same person's, for another audience."""
        ...

    def grant(self, person: Person, right: Right) -> None: ...
    def cut_off(self) -> Access:
        """The same against a server that does not answer."""
        ...


class _Deaf:
    """An API server that nobody reaches."""

    def who(self, token: str) -> Person | Stranger:
        raise Unavailable("the API server does not answer: connection refused")

    def may(self, person: Person, namespace: str, right: Right) -> bool:
        raise Unavailable("the API server does not answer: connection refused")


class MemoryPeopleDriver:
    namespace = "greenlang"

    def __init__(self) -> None:
        self.access = MemoryAccess()

    def token(self) -> str:
        self.access.issue("annas", Person(name="anna", groups=("system:authenticated",)))
        return "annas"

    def expired(self) -> str:
        self.access.refuse("old", "the token has expired: make one")
        return "old"

    def elsewhere(self) -> str:
        self.access.refuse("other", "the token was made for another audience than the API server's: make one")
        return "other"

    def grant(self, person: Person, right: Right) -> None:
        self.access.grant(person.name, self.namespace, right)

    def cut_off(self) -> Access:
        return _Deaf()
