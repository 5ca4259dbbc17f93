"""What the core makes of a trace: the facts against each rollout in it, as a case would have found them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from daemon.core import facts, pod_history
from daemon.core.attribution import Surroundings, attribute, scene_of
from daemon.core.case import Attribution, Fact
from daemon.core.configuration import Reference
from daemon.core.model import Policy, Revision, Workload
from daemon.core.pod_history import PodHistory
from tests.traces.replay import replay
from tests.traces.trace import Trace

POLICY = Policy()
LOOK = timedelta(seconds=1)
"""Between two looks at a cluster in which nothing changes."""


@dataclass
class Rollout:
    """One rollout: a revision under one number, from the moment at which it is current."""

    revision: Revision
    started_at: datetime
    adopted: bool
    histories: tuple[PodHistory, ...] = ()
    complete: bool = False
    found: list[Found] = field(default_factory=list)

    def look(self, workload: Workload, at: datetime, there: frozenset[Reference]) -> None:
        self.complete = self.complete or workload.status.complete
        self.histories = pod_history.follow(self.histories, workload, self.revision, self.started_at, at)
        against = facts.against(
            workload, self.revision, POLICY, self.histories, at, complete=self.complete, there=there
        )
        kinds = frozenset(fact.kind for fact in against)
        if against and kinds not in {one.kinds for one in self.found}:
            scene = scene_of(workload, self.revision, self.histories, Surroundings(), at.timestamp())
            cause = attribute([], against, scene).cause
            self.found.append(Found((at - self.started_at).total_seconds(), kinds, cause, against))


@dataclass(frozen=True)
class Found:
    """``after`` is in seconds since the rollout began."""

    after: float
    kinds: frozenset[str]
    cause: Attribution
    facts: tuple[Fact, ...]


def looks(trace: Trace) -> Iterator[tuple[datetime, Workload]]:
    """Every view, and the last one again each second until the next comes."""
    last: tuple[datetime, Workload] | None = None
    for view in replay(trace):
        while last is not None and last[0] + LOOK < view.at:
            last = (last[0] + LOOK, last[1])
            yield last
        if view.workload is not None:
            last = (view.at, view.workload)
            yield last


def judge(trace: Trace) -> Sequence[Rollout]:
    """The rollouts of a trace in their order; what runs when it begins is adopted."""
    rollouts: list[Rollout] = []
    for at, workload in looks(trace):
        there = _there(trace, (at - trace.header.began).total_seconds())
        current = workload.current
        if current is None:
            continue
        if not rollouts or not rollouts[-1].revision.same_rollout(current):
            began = at if current.reused or not rollouts else min(at, current.created_at)
            rollouts.append(Rollout(current, began, adopted=not rollouts))
        rollouts[-1].look(workload, at, there)
    return rollouts


def _there(trace: Trace, after: float) -> frozenset[Reference]:
    """The ConfigMaps that had been made so many seconds after the trace began, by what was done."""
    done = [step.did for step in trace.header.steps if step.at <= after]
    names = (did.removeprefix("ConfigMap ") for did in done if did.startswith("ConfigMap "))
    return frozenset(Reference(kind="ConfigMap", name=name) for name in names)
