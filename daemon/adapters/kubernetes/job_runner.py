"""Commands in Jobs of their own: :class:`daemon.ports.Runner` that finds again what it began."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from daemon import ports
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.errors import decode_answer
from daemon.adapters.kubernetes.job_manifest import ORDER_LABEL, digest, job_name, job_object
from daemon.adapters.kubernetes.partial import Partial
from daemon.adapters.kubernetes.resources import JOBS, PODS
from daemon.core.runs import Ending, JobCommand, RunResult, Task, tail
from daemon.ports import Clock, Order

LOOK_EVERY = 1.0
"""Seconds between two looks at a Job."""
PODS_EVERY = 4
"""Looks at a Job between two looks at what its pod waits for: at its deadline that is not known any more."""
GRACE = 40.0
"""Seconds beyond the timeout that Kubernetes is given to say how it ended."""
KEEP = 65536


class _Metadata(Partial, frozen=True):
    name: str = ""
    uid: str = ""
    labels: dict[str, str] | None = None


class _Condition(Partial, frozen=True):
    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""


class _JobStatus(Partial, frozen=True):
    conditions: list[_Condition] | None = None


class _Job(Partial, frozen=True):
    metadata: _Metadata
    status: _JobStatus = _JobStatus()

    @property
    def end(self) -> _Condition | None:
        found = self.status.conditions or ()
        return next((c for c in found if c.type in ("Complete", "Failed") and c.status == "True"), None)


class _Terminated(Partial, frozen=True):
    exit_code: int = 0
    reason: str = ""


class _Waiting(Partial, frozen=True):
    reason: str = ""
    message: str = ""


class _State(Partial, frozen=True):
    terminated: _Terminated | None = None
    waiting: _Waiting | None = None


class _Container(Partial, frozen=True):
    state: _State = _State()


class _PodStatus(Partial, frozen=True):
    reason: str = ""
    message: str = ""
    conditions: list[_Condition] | None = None
    container_statuses: list[_Container] | None = None


class _Pod(Partial, frozen=True):
    metadata: _Metadata
    status: _PodStatus = _PodStatus()

    @property
    def state(self) -> _State:
        found = self.status.container_statuses or ()
        return found[0].state if found else _State()


class KubeJobRunner:
    """``pause`` waits so many seconds, and says whether the daemon is stopping."""

    def __init__(self, client: KubeClient, clock: Clock, *, pause: Callable[[float], bool]) -> None:
        self._client = client
        self._clock = clock
        self._pause = pause

    def repeatable(self, task: Task) -> bool:
        """It has a name that follows from the order's id, and stays until it is swept."""
        return isinstance(task, JobCommand)

    def run(self, order: Order) -> RunResult:
        began = self._clock.monotonic()
        wanted = job_object(order)
        try:
            self._client.request("POST", JOBS.path(order.ref.namespace), body=wanted)
        except ports.Conflict as error:
            self._own(order, error)
        deadline = began + order.timeout + GRACE
        looks, waits = 0, ""
        while (end := self._job(order).end) is None and self._clock.monotonic() < deadline:
            looks += 1
            if looks % PODS_EVERY == 0:
                waits = _hindrance(self._pod(order), order)
            if self._pause(LOOK_EVERY):
                raise ports.Unavailable(f"the daemon stops; Job {job_name(order)} is found again")
        return self._result(order, end, self._clock.monotonic() - began, waits)

    def sweep(self, order: Order) -> None:
        """Delete the Job with its pod; one that is gone already is fine."""
        with contextlib.suppress(ports.Missing):
            body = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
            path = JOBS.path(order.ref.namespace, job_name(order))
            self._client.request("DELETE", path, body=body)

    def _job(self, order: Order) -> _Job:
        return self._client.read(JOBS.path(order.ref.namespace, job_name(order)), _Job)

    def _own(self, order: Order, error: ports.Conflict) -> None:
        """A Job of this name is ours, from before. Raises Rejected where it is somebody else's."""
        labels = self._job(order).metadata.labels or {}
        if labels.get(ORDER_LABEL) != digest(order):
            raise ports.Rejected(
                f"a Job {job_name(order)} is there already and is not the daemon's: delete it"
            ) from error

    def _result(self, order: Order, end: _Condition | None, seconds: float, waits: str) -> RunResult:
        pod = self._pod(order)
        ended = pod.state.terminated if pod is not None else None
        # The kubelet ends a pod at its deadline, the controller a Job whose pod never came so far.
        if end is None or "DeadlineExceeded" in (end.reason, pod.status.reason if pod else ""):
            output, cut = (b"", False) if waits or pod is None else self._output(order, pod)
            return RunResult(
                ending=Ending.TIMED_OUT, output=tail(output, cut=cut), seconds=order.timeout, detail=waits
            )
        output, cut = self._output(order, pod) if pod is not None else (b"", False)
        detail = f"exit code {ended.exit_code}" if ended is not None else ""
        if ended is not None and ended.reason not in ("", "Error", "Completed"):
            detail += f" ({ended.reason})"
        passed = end.type == "Complete"
        if not detail:
            detail = "complete" if passed else f"its pod has gone; the Job says: {end.message}"
        return RunResult(
            ending=Ending.FINISHED if passed or ended is not None else Ending.LOST,
            passed=passed,
            code=ended.exit_code if ended is not None else None,
            output=tail(output, cut=cut),
            seconds=seconds,
            detail=detail,
        )

    def _pod(self, order: Order) -> _Pod | None:
        found = self._client.list(PODS, order.ref.namespace, selector=f"{ORDER_LABEL}={digest(order)}")
        return decode_answer(found.items[0], _Pod, "the Job's pod") if found.items else None

    def _output(self, order: Order, pod: _Pod) -> tuple[bytes, bool]:
        """The end of what it wrote; a reason in its place where that cannot be read, for the run is over."""
        path = PODS.path(order.ref.namespace, pod.metadata.name, "log")
        try:
            found = self._client.tail(path, query={"tailLines": "200"}, keep=KEEP)
        except ports.PortError as error:
            return f"(its log cannot be read: {error})".encode(), False
        return found, len(found) == KEEP


def _hindrance(pod: _Pod | None, order: Order) -> str:
    """What kept a Job from its end, as far as Kubernetes says."""
    if pod is None:
        return f"no pod of it is there: see kubectl -n {order.ref.namespace} describe job {job_name(order)}"
    waiting = pod.state.waiting
    if waiting is not None and waiting.reason not in ("", "ContainerCreating", "PodInitializing"):
        return " ".join(f"{waiting.reason}: {waiting.message}".split())[:300]
    unscheduled = next(
        (c for c in pod.status.conditions or () if c.type == "PodScheduled" and c.status == "False"), None
    )
    return " ".join(unscheduled.message.split())[:300] if unscheduled is not None else ""
