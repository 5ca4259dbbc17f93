"""What the runners' contract needs: programs that do what it says, and whoever runs them."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from daemon.core.runs import Kind
from daemon.ports import Order, Runner


class Does(StrEnum):
    """What a command or a URL of the runners' contract does."""

    PASSES = "passes"
    """It writes ``all well``."""
    FAILS = "fails"
    """It writes ``the plan is empty`` and ends with :attr:`RunnerDriver.failure`."""
    HANGS = "hangs"
    FLOODS = "floods"
    """It writes one line of 10 MB."""
    GARBLES = "garbles"
    """It writes ``caf``, bytes that are not UTF-8, and control characters."""
    TELLS = "tells"
    """It writes ``password=hunter2``."""


class RunnerDriver(Protocol):
    """A runner of one kind, and the pods of a Deployment to run in."""

    @property
    def runner(self) -> Runner: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def failure(self) -> int:
        """The code of what fails."""
        ...

    def order(self, does: Does, *, timeout: float = 30.0) -> Order:
        """One never given before."""
        ...

    def again(self) -> Runner:
        """The runner of the daemon's next process."""
        ...

    def sweep(self, order: Order) -> None: ...
    def left(self, order: Order) -> bool:
        """Whether anything is left of an order."""
        ...

    def without_rights(self) -> Runner: ...
    def cut_off(self) -> Runner:
        """One whose other side does not answer."""
        ...
