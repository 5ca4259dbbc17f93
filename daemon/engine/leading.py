"""What a replica may do only while it leads, and what stands before the ports that act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from daemon.core import sharding
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


@dataclass(frozen=True)
class Within:
    """A shard's leadership, which is worth no more than that of the layout."""

    shard: Leadership
    layout: Leadership

    def allowance(self) -> float:
        return min(self.shard.allowance(), self.layout.allowance())

    @property
    def term(self) -> str:
        return self.shard.term

    @property
    def follows(self) -> str:
        return self.shard.follows


@dataclass(frozen=True)
class Termed:
    """One term of a leadership; nothing may be done by it in any other."""

    leadership: Leadership
    term: str

    def allowance(self) -> float:
        # The term is compared last: whatever begins after that is of a later one.
        left = self.leadership.allowance()
        return left if self.leadership.term == self.term else 0.0

    @property
    def follows(self) -> str:
        return self.leadership.follows


@dataclass(frozen=True)
class Division:
    """By whose leave the namespaces of each shard are worked on; without shards there is one."""

    shards: tuple[Leadership, ...]

    def of(self, namespace: str) -> int:
        """Its shard."""
        return sharding.shard_of(namespace, len(self.shards))

    @property
    def held(self) -> tuple[int, ...]:
        return tuple(number for number, leadership in enumerate(self.shards) if leads(leadership))

    @property
    def follows(self) -> str:
        """Whom this replica follows; empty where it acts for any shard."""
        return "" if self.held else ", ".join(sorted({one.follows for one in self.shards} - {""}))

    @property
    def part(self) -> str:
        """Which shards this replica acts for, as people read it; empty where there is but one."""
        number = len(self.shards)
        if number == 1:
            return ""
        return f"{', '.join(map(str, self.held)) or 'none'} of {number}"


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
