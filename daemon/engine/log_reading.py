"""Reads the logs of a workload's pods: before a rollout, as what to compare with, and after a rollback."""

from __future__ import annotations

from collections.abc import Iterable

from daemon.core.case.case import Case
from daemon.core.model import Pod, Revision, Role, Workload, WorkloadRef
from daemon.core.policy import Policy
from daemon.core.rollout_facts.log_lines import (
    ErrorKind,
    KindsBefore,
    LogReport,
    before_of,
    error_kinds,
    report,
    shown,
)
from daemon.ports import Clock, Logs, PortError

WINDOW = 600.0
"""Seconds of the logs that are read: the runbook's ten minutes."""
MOST_LINES = 2000
"""Of one container."""
MOST_PODS = 10
MOST_PODS_BEFORE = 3
"""Before a rollout fewer are enough: they run the same, and the rollout does not wait."""
BUDGET = 5.0
"""Seconds after which no further log is begun."""
EVERY = 60.0
"""Seconds between two readings while a recovery is being proven."""


class _Read:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.problems: list[str] = []
        self.pods: set[str] = set()


class LogReading:
    """Asked for a workload by one at a time, and only where the policy says so. What cannot be read is a
    problem."""

    def __init__(self, logs: Logs | None, clock: Clock) -> None:
        self._logs = logs
        self._clock = clock
        self._last: dict[str, tuple[float, LogReport]] = {}
        """Case → when it was read last (monotonic), and what was found."""

    def before(self, workload: Workload, judged: Revision, policy: Policy) -> KindsBefore | None:
        """The kinds of error lines of the pods that run beside a new revision's, as its rollout begins."""
        pods = [pod for pod in workload.live if pod.replica_set_uid != judged.replica_set_uid]
        if self._logs is None or not policy.logs or not pods:
            return None
        read = self._read(self._logs, workload.ref, pods, MOST_PODS_BEFORE)
        kinds = error_kinds(read.lines)
        return before_of(
            (p.replica_set_uid for p in pods if p.name in read.pods), kinds, complete=not read.problems
        )

    def after(
        self, case: Case, workload: Workload, target: Revision, policy: Policy, *, last: bool
    ) -> LogReport | None:
        """What the target's pods log since; read anew each minute, and when it is the ``last`` look."""
        if self._logs is None or not policy.logs:
            return None
        known, now = self._last.get(case.key), self._clock.monotonic()
        if known is not None and not last and now - known[0] < EVERY:
            return known[1]
        pods = workload.live_of(target)
        read = self._read(self._logs, workload.ref, pods, MOST_PODS)
        if len(pods) > MOST_PODS:
            read.problems.append(f"{len(pods) - MOST_PODS} of {len(pods)} pods, more than are read at once")
        kinds: tuple[ErrorKind, ...] = error_kinds(read.lines)
        found = report(
            kinds,
            case.status.logs_before,
            target.replica_set_uid,
            pods=len(read.pods),
            problems=read.problems,
        )
        self._last[case.key] = (now, found)
        return found

    def newest(self, ref: WorkloadRef, pod: str, container: str, policy: Policy) -> str:
        """A container's last line, as it may be shown; empty where there is none, or it may not be read."""
        if self._logs is None or not policy.logs:
            return ""
        try:
            found = self._logs.tail(ref.namespace, pod, container, seconds=WINDOW, lines=1)
        except PortError:
            return ""
        return shown(found.lines[-1]) if found.lines else ""

    def forget(self, key: str) -> None:
        """The case is over."""
        self._last.pop(key, None)

    def _read(self, logs: Logs, ref: WorkloadRef, pods: Iterable[Pod], most: int) -> _Read:
        read, edge = _Read(), self._clock.monotonic() + BUDGET
        for pod in list(pods)[:most]:
            for container in pod.containers:
                if container.role is Role.INIT:
                    continue
                if self._clock.monotonic() >= edge:
                    read.problems.append(f"what was left after {BUDGET:g} s")
                    return read
                self._one(logs, ref, pod.name, container.name, read)
        return read

    def _one(self, logs: Logs, ref: WorkloadRef, pod: str, container: str, read: _Read) -> None:
        try:
            found = logs.tail(ref.namespace, pod, container, seconds=WINDOW, lines=MOST_LINES)
        except PortError as error:
            read.problems.append(f"container {container} of pod {pod}: {error}")
            return
        read.pods.add(pod)
        read.lines += found.lines
        if found.cut:
            read.problems.append(f"container {container} of pod {pod} logs more than is read at once")
