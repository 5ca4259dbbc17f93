"""What the core makes of a trace: the facts against each rollout in it, as a case would have found them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from daemon.adapters.kubernetes.nodes import Node, trouble_of
from daemon.core.assessment import Attribution, Fact
from daemon.core.attribution.cause import Surroundings, attribute, scene_of
from daemon.core.model import Revision, Workload
from daemon.core.policy import Policy
from daemon.core.rollout_facts import facts, pod_history
from daemon.core.rollout_facts.configuration import Reference
from daemon.core.rollout_facts.pod_history import PodHistory
from tests.traces.replay import replay
from tests.traces.trace import Entry, Trace

POLICY = Policy()
LOOK = 1.0
"""Seconds between two looks at a cluster in which nothing changes."""


@dataclass
class Rollout:
    """One rollout: a revision under one number, from the moment at which it is current."""

    revision: Revision
    started_at: datetime
    adopted: bool
    histories: tuple[PodHistory, ...] = ()
    complete: bool = False
    found: list[Found] = field(default_factory=list)

    def look(
        self,
        workload: Workload,
        at: datetime,
        there: frozenset[Reference],
        nodes: Mapping[str, str],
    ) -> None:
        self.complete = self.complete or workload.status.complete
        self.histories = pod_history.follow_pods(self.histories, workload, self.revision, self.started_at, at)
        against = facts.facts_against(
            workload, self.revision, POLICY, self.histories, at, complete=self.complete, there=there
        )
        kinds = frozenset(fact.kind for fact in against)
        if against and kinds not in {one.kinds for one in self.found}:
            scene = scene_of(
                workload, self.revision, self.histories, Surroundings(nodes=dict(nodes)), at.timestamp()
            )
            cause = attribute([], against, scene).cause
            self.found.append(Found((at - self.started_at).total_seconds(), kinds, cause, against))


@dataclass(frozen=True)
class Found:
    """``after`` is in seconds since the rollout began."""

    after: float
    kinds: frozenset[str]
    cause: Attribution
    facts: tuple[Fact, ...]


def judge(trace: Trace) -> Sequence[Rollout]:
    """The rollouts of a trace in their order; what runs when it begins is adopted."""
    rollouts: list[Rollout] = []
    nodes: dict[str, str] = {}
    nodes_told = iter([entry for entry in trace.entries if entry.kind == "Node"])
    next_node = next(nodes_told, None)
    for at, _, workload in replay(trace, every=LOOK):
        after = (at - trace.header.began).total_seconds()
        while next_node is not None and next_node.at <= after:
            _hear(nodes, next_node)
            next_node = next(nodes_told, None)
        if workload is None:
            continue
        there = _there(trace, after)
        current = workload.current
        if current is None:
            continue
        if not rollouts or not rollouts[-1].revision.same_rollout(current):
            began = at if current.reused or not rollouts else min(at, current.created_at)
            rollouts.append(Rollout(current, began, adopted=not rollouts))
        rollouts[-1].look(workload, at, there, nodes)
    return rollouts


def _hear(nodes: dict[str, str], entry: Entry) -> None:
    """Keep what is wrong with each node up to date."""
    name = entry.whole["metadata"]["name"] if entry.whole is not None else ""
    if entry.told == "DELETED":
        nodes[name] = "it does not exist any more"
        return
    trouble = trouble_of(msgspec.convert(entry.whole, type=Node))
    nodes.pop(name, None)
    if trouble:
        nodes[name] = trouble


def _there(trace: Trace, after: float) -> frozenset[Reference]:
    """The ConfigMaps that had been made so many seconds after the trace began, by what was done."""
    done = [step.did for step in trace.header.steps if step.at <= after]
    names = (did.removeprefix("ConfigMap ") for did in done if did.startswith("ConfigMap "))
    return frozenset(Reference(kind="ConfigMap", name=name) for name in names)
