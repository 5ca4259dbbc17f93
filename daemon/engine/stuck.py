"""Asks around why a rollout is stuck, once it is: Events and logs cost requests, and rights of their own."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.core.model import Pod, Revision, Workload
from daemon.core.policy import Policy
from daemon.core.rollout_facts.diagnosis import MOST_LINES, ObjectEvent, Told, held_up
from daemon.engine.log_reading import LogReading
from daemon.ports import Clock, ObjectEvents, PortError

MOST_PODS = 5
"""Pods that are asked about; those of one rollout are stuck for one reason as a rule."""
BUDGET = 5.0
"""Seconds after which nothing further is asked."""


class StuckLook:
    """Asked for a workload by one at a time."""

    def __init__(self, events: ObjectEvents | None, logs: LogReading, clock: Clock) -> None:
        self._events = events
        self._logs = logs
        self._clock = clock

    def look(self, workload: Workload, revision: Revision, policy: Policy, nodes: Mapping[str, str]) -> Told:
        """What is reported of the revision's pods that are not ready. ``nodes``: those that are not well."""
        edge = self._clock.monotonic() + BUDGET
        unready = [pod for pod in workload.live_of(revision) if not pod.ready][:MOST_PODS]
        problems: list[str] = []
        events = self._told(workload, revision, unready, edge, problems)
        return Told(
            events=tuple(events),
            last_lines=tuple(self._last_lines(workload, unready, policy, edge)),
            nodes={pod.node: nodes[pod.node] for pod in unready if pod.node in nodes},
            problems=tuple(problems),
        )

    def _told(
        self,
        workload: Workload,
        revision: Revision,
        unready: list[Pod],
        edge: float,
        problems: list[str],
    ) -> list[ObjectEvent]:
        """Warnings about the pods, and about the ReplicaSet where pods are wanting."""
        uids = [pod.uid for pod in unready]
        if len(workload.live_of(revision)) < workload.status.desired:
            uids.append(revision.replica_set_uid)
        found: list[ObjectEvent] = []
        for uid in uids if self._events is not None else ():
            if self._clock.monotonic() >= edge:
                break
            try:
                found += self._events.warnings(workload.ref.namespace, uid) if self._events else ()
            except PortError as error:
                problems.append(f"Events cannot be read: {error}")
                break
        return found

    def _last_lines(
        self, workload: Workload, unready: list[Pod], policy: Policy, edge: float
    ) -> list[tuple[str, str]]:
        found: dict[str, str] = {}
        for pod in unready[:MOST_LINES]:
            container = held_up(pod)
            if container is None or self._clock.monotonic() >= edge:
                continue
            line = self._logs.newest(workload.ref, pod.name, container.name, policy)
            if line and line not in found.values():
                found[f"container {container.name} of pod {pod.name}"] = line
        return list(found.items())
