"""What stands around the workloads under watch, for the attribution of a failure.

Dependencies are read with each poll, so that their beginning is known; neighbours and nodes are looked at
when a revision is failing and nothing was done yet. What cannot be read is not known, and ``problems`` says
why: that is never a reason by itself to act or to hold.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from daemon.core.attribution.cause import Dependency
from daemon.core.case.case import Case
from daemon.core.model import Workload
from daemon.core.policy import Policy
from daemon.core.rollout_facts.pod_owner import PodOwners
from daemon.engine.dependencies import (
    DependencyHistory,
    begin_history,
    dependency_state,
    relevant,
    update_history,
)
from daemon.ports import Clock, Denied, GaugeReading, Gauges, Missing, Neighbours, Nodes, PortError

PAST = 3600.0
"""Seconds in which the beginning of an outage is looked for that was there at the first look."""
NODE_AGE = 15.0
"""Seconds that a node's answer is good for."""
DENIED_AGE = 600.0
"""Seconds after which it is tried whether nodes may be read by now."""
MOST_NODES = 20
"""Nodes that are looked at for one workload, those of the judged pods first."""
NODE_TIME = 3.0
"""Seconds for the nodes of one look; the next look asks for the others. A rollback may be waiting."""


PROBLEM_AGE = 60.0
"""Seconds for which a problem stands that nobody met again."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where the facts come from."""

    gauges: Gauges
    neighbours: Neighbours
    nodes: Nodes


class _Known(msgspec.Struct, frozen=True):
    """``read_at`` is of the monotonic clock."""

    story: DependencyHistory
    read_at: float


class _Node(msgspec.Struct, frozen=True):
    """``trouble`` is ``None`` where it is not known."""

    trouble: str | None
    asked_at: float


class SurroundingsCache:
    """Thread-safe: the poll fills it, the worker asks it."""

    def __init__(self, sources: Sources, clock: Clock, say: Callable[[str], None]) -> None:
        self._sources = sources
        self._clock = clock
        self._say = say
        self._lock = threading.Lock()
        self._watched: dict[str, tuple[Case, Policy]] = {}
        self._known: dict[tuple[str, str], _Known] = {}
        self._problems: dict[str, tuple[str, float]] = {}
        """What is not known, and when that was last met (monotonic)."""
        self._nodes: dict[str, _Node] = {}
        self._denied_until = 0.0
        self.turn = 0
        """How many polls there were: what was derived from an earlier one is old."""

    # ------------------------------------------------------------ the poll's side

    def poll(self, active: Iterable[str], find: Callable[[Case], Workload | None]) -> None:
        """Read what the cases with these keys depend on, once for the whole fleet; forget the others."""
        keys = set(active)
        with self._lock:
            self.turn += 1
            self._watched = {key: seen for key, seen in self._watched.items() if key in keys}
            self._known = {place: known for place, known in self._known.items() if place[0] in keys}
            watched = list(self._watched.values())
            if not watched:
                # What nobody asks for is neither readable nor unreadable.
                self._problems.clear()
                self._nodes.clear()
        for name in dict.fromkeys(name for _, policy in watched for name in policy.dependencies):
            reading = self._sources.gauges.gauge(name)
            self._trouble(f"dependency {name}", reading.problem)
            if reading.problem:
                continue
            for case, policy in watched:
                workload = find(case) if name in policy.dependencies else None
                if workload is not None:
                    self._take(case, workload, policy, name, reading)

    def _take(self, case: Case, workload: Workload, policy: Policy, name: str, reading: GaugeReading) -> None:
        found = dependency_state(
            reading.gauges,
            workload,
            case.spec.revision,
            not_before=reading.taken_at - policy.stale_after,
        )
        if found is None:
            return
        place = (case.key, name)
        with self._lock:
            before = self._known.get(place)
        if before is not None:
            story = update_history(before.story, found)
        elif found.healthy:
            story = DependencyHistory(standing=found, since=found.at, reached=found.reached)
        else:
            try:
                past = self._sources.gauges.last_reached(name, PAST)
            except PortError as error:
                self._trouble(f"dependency {name}", str(error))
                return
            story = begin_history(
                found,
                relevant(past, workload),
                PodOwners(workload, case.spec.revision),
                case.spec.revision,
                started_at=case.spec.started_at.timestamp(),
                earliest=reading.taken_at - PAST,
            )
        with self._lock:
            self._known[place] = _Known(story=story, read_at=self._clock.monotonic())

    # ------------------------------------------------------------ the worker's side

    def attend(self, case: Case, policy: Policy) -> None:
        """Read what this case depends on from now on, until a poll does not name it any more."""
        with self._lock:
            self._watched[case.key] = (case, policy)

    def watched(self) -> Sequence[tuple[Case, Policy]]:
        """The cases under watch."""
        with self._lock:
            return tuple(self._watched.values())

    def dependencies(self, case: Case, workload: Workload, policy: Policy) -> tuple[Dependency, ...]:
        """The state of everything that the workload depends on, as far as it is known."""
        return (*self._gauged(case, policy), *self._beside(workload, policy))

    def _gauged(self, case: Case, policy: Policy) -> list[Dependency]:
        now = self._clock.monotonic()
        with self._lock:
            known = [(name, self._known.get((case.key, name))) for name in policy.dependencies]
        return [
            Dependency(
                name=name,
                healthy=found.story.standing.healthy,
                since=found.story.since,
                detail=found.story.standing.detail,
                confirmed=found.story.standing.confirmed,
            )
            for name, found in known
            if found is not None and now - found.read_at <= policy.stale_after
        ]

    def _beside(self, workload: Workload, policy: Policy) -> list[Dependency]:
        if not policy.neighbours:
            return []
        namespace = workload.ref.namespace
        try:
            found = self._sources.neighbours.neighbours(namespace)
        except PortError as error:
            self._trouble(f"neighbours in {namespace}", str(error))
            return []
        self._trouble(f"neighbours in {namespace}", "")
        owners = PodOwners(workload)
        return [
            Dependency(name=one.name, healthy=one.healthy, since=one.since.timestamp(), detail=one.detail)
            for one in found
            if one.name in policy.neighbours and not any(owners.of(pod) for pod in one.pods)
        ]

    def nodes(self, case: Case, workload: Workload) -> Mapping[str, str]:
        """Node → what is wrong with it, for the nodes of the workload's pods. May ask the API server."""
        judged = case.spec.revision.replica_set_uid
        pods = sorted(workload.pods, key=lambda pod: (pod.replica_set_uid != judged, pod.name))
        names = list(dict.fromkeys(pod.node for pod in pods if pod.node))[:MOST_NODES]
        self._look_at(names)
        with self._lock:
            found = {name: self._nodes[name].trouble for name in names if name in self._nodes}
        return {name: trouble for name, trouble in found.items() if trouble}

    def _look_at(self, names: Iterable[str]) -> None:
        """Ask for those whose last answer is too old, for as long as the worker may be kept."""
        start = self._clock.monotonic()
        for name in names:
            now = self._clock.monotonic()
            if now < self._denied_until or now - start > NODE_TIME:
                return
            seen = self._nodes.get(name)
            if seen is None or now - seen.asked_at >= NODE_AGE:
                node = _Node(trouble=self._node(name, now), asked_at=now)
                with self._lock:
                    self._nodes[name] = node

    def _node(self, name: str, now: float) -> str | None:
        try:
            trouble = self._sources.nodes.trouble(name)
        except Missing:
            trouble = "it does not exist any more"
        except Denied as error:
            if not self._denied_until:
                self._say(f"nodes may not be read, so failures are judged without their conditions: {error}")
            self._denied_until = now + DENIED_AGE
            return None
        except PortError as error:
            self._trouble("nodes", str(error))
            return None
        self._trouble("nodes", "")
        return trouble

    # ------------------------------------------------------------ what is not known

    def problems(self) -> Mapping[str, str]:
        """Subject → why nothing is known of it, as far as it was asked for lately."""
        now = self._clock.monotonic()
        with self._lock:
            return {
                subject: text for subject, (text, met) in self._problems.items() if now - met <= PROBLEM_AGE
            }

    def _trouble(self, subject: str, problem: str) -> None:
        with self._lock:
            if problem:
                self._problems[subject] = (problem, self._clock.monotonic())
            else:
                self._problems.pop(subject, None)
