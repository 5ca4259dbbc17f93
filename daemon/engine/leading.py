"""What a replica may do only while it leads, and what stands before the ports that act."""

from __future__ import annotations

from typing import Final, Protocol

from daemon.core.case.case import Case
from daemon.core.case.edits import change
from daemon.core.runs import RunResult, Task
from daemon.ports import CaseStore, Order, Runner, Unavailable

LEAST: Final = 1.0
"""Seconds that must be left to begin anything."""


class Leadership(Protocol):
    """Called from any thread; each answers at once."""

    def allowance(self) -> float:
        """For how many seconds this replica may act; what it begins must be over then. 0 where it may not."""
        ...

    @property
    def term(self) -> str:
        """What tells this leadership from every other; empty where there is no election."""
        ...

    @property
    def follows(self) -> str:
        """Whom this replica follows; empty while it leads, or where nobody is known to."""
        ...


class Alone:
    """Without an election there is one daemon, and it leads."""

    term = ""
    follows = ""

    def allowance(self) -> float:
        return float("inf")


def leads(leadership: Leadership) -> bool:
    return leadership.allowance() >= LEAST


def demand(leadership: Leadership) -> None:
    """Right before an act. Raises Unavailable where this replica may not begin anything."""
    if not leads(leadership):
        raise Unavailable(idle(leadership.follows))


def idle(follows: str) -> str:
    if follows:
        return f"this replica does nothing: it follows {follows}"
    return "this replica does nothing: it does not hold the lease, or cannot renew it"


class LedCases:
    """The cases of who leads: each write bears the term, and none is begun without leading.

    What follows writes alerts, and nothing else: see :meth:`record`.
    """

    def __init__(self, store: CaseStore, leadership: Leadership) -> None:
        self._store = store
        self._leadership = leadership
        self._written: set[str] = set()
        """Unfinished cases that this process wrote. The term in the case alone would not tell: an older
        CustomResourceDefinition does not keep it."""
        self.outlines = store.outlines
        self.of = store.of
        self.unfinished = store.unfinished
        self.vouched = store.vouched

    def create(self, case: Case) -> Case:
        demand(self._leadership)
        return self._noted(self._store.create(self._stamped(case)))

    def save(self, case: Case) -> Case:
        demand(self._leadership)
        return self._noted(self._store.save(self._stamped(case)))

    def own(self, case: Case) -> bool:
        """Whether this leadership has written the case: whatever an earlier one has under way is in it then,
        or is refused for good. Without an election there is no other."""
        term = self._leadership.term
        return not term or case.status.term == term or case.key in self._written

    def record(self, case: Case) -> Case:
        """Store what was delivered, whoever leads: the version that was read keeps both from overwriting."""
        return self.save(case) if leads(self._leadership) else self._store.save(case)

    def delete(self, case: Case) -> None:
        demand(self._leadership)
        self._store.delete(case)

    def _noted(self, case: Case) -> Case:
        (self._written.add if case.unfinished else self._written.discard)(case.key)
        return case

    def _stamped(self, case: Case) -> Case:
        return change(case, term=self._leadership.term)


class LedRunner:
    """What was put in line while this replica led may come to its turn when it leads no more."""

    def __init__(self, runner: Runner, leadership: Leadership) -> None:
        self._runner = runner
        self._leadership = leadership

    def run(self, order: Order) -> RunResult:
        demand(self._leadership)
        return self._runner.run(order)

    def repeatable(self, task: Task) -> bool:
        return self._runner.repeatable(task)
