"""The daemon as accounts that may little: what the contract of its rights asks of."""

from __future__ import annotations

from typing import Protocol

from daemon.core.case.steps.step import Right
from daemon.ports import Rights, Unavailable
from tests.simulation.faulty import FaultyRights


class RightsDriver(Protocol):
    """The daemon as an account that may nothing in the namespace."""

    @property
    def rights(self) -> Rights: ...
    @property
    def namespace(self) -> str: ...
    def grant(self, right: Right) -> None: ...
    def cut_off(self) -> Rights:
        """The same against a server that does not answer."""
        ...


class MemoryRightsDriver:
    namespace = "greenlang"

    def __init__(self) -> None:
        self.rights = FaultyRights(granted=())

    def grant(self, right: Right) -> None:
        self.rights.grant(self.namespace, right)

    def cut_off(self) -> Rights:
        self.rights.reads.fail(Unavailable("the API server does not answer: connection refused"))
        return self.rights
