"""What is run, and who is notified."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from daemon.core.case.incident import Incident
from daemon.core.model import Pod, WorkloadRef
from daemon.core.runs import RunResult, Task
from daemon.core.value import Value
from daemon.ports.cluster import RollbackResult


class Order(Value, frozen=True):
    """Something to run. ``id`` is unique to the intent (a case's UID and its step) and outlives the process.

    ``pods`` are those of the revision that may be asked, ``template`` is its raw pod template. ``timeout`` in
    seconds, from the beginning to the last byte.
    """

    id: str
    ref: WorkloadRef
    task: Task
    timeout: float
    template: Mapping[str, Any] = {}
    pods: tuple[Pod, ...] = ()


class Runner(Protocol):
    """Runs tasks of one kind. It blocks, for little longer than the order's timeout."""

    def repeatable(self, task: Task) -> bool:
        """Whether an order that a process began which has died may be given again: its run is found, or a
        second one does no harm. Where not, nobody can find out how it ended: that is unknown, and stays so.
        """
        ...

    def run(self, order: Order) -> RunResult:
        """How it ended; whatever was begun is a result. A repeatable order that was given before is found.

        Raises, where nothing was begun: Unavailable (ask again), Denied, Missing (no pod or container to run
        in), Rejected (the task makes no sense; asking again is useless). A repeatable one may raise
        Unavailable later as well.
        """
        ...


Sweep = Callable[[Order], None]
"""Take away what an order left behind, once its result is stored. Raises as :meth:`Runner.run`."""


class ImageReturn(Value, frozen=True):
    """Which images an overlay is set back to: those of the judged revision and of the target, in order.

    ``message`` is the commit's, in lines. ``branch`` is its own, where people review it first.
    """

    judged: tuple[str, ...]
    target: tuple[str, ...]
    message: str
    branch: str = ""


class Review(Value, frozen=True):
    """People have yet to merge it at ``url``, and nothing further is done before they have."""

    url: str


class Overlays(Protocol):
    def set_back(self, name: str, wanted: ImageReturn, token: str) -> RollbackResult | Review:
        """Have the source of the overlay say the target's images, by a commit that bears ``token``.

        Idempotent: with the token among the last commits, or the target's images there, it reports done and
        writes nothing. An overlay that has no such image, or another version than the judged one, is
        refused, for somebody wrote it since; so is one that is not there. Raises Unavailable, Denied.

        Where people review it, the commit goes to a branch of its own, and a request to merge it is opened,
        once for the branch. It is asked again until that was merged, and is done then; one that was closed
        instead is refused. Where nobody is waited for, it is done as soon as the request is open.
        """
        ...


class IncidentSink(Protocol):
    name: str

    def publish(self, incident: Incident) -> str:
        """Deliver one stage of an incident; returns a reference: for people, and for the sink itself, which
        finds it in the incident of the next stage, also after a restart. Repeats must be harmless.

        Raises Unavailable (ask again), Denied, Rejected (give up).
        """
        ...


class DefectReporter(Protocol):
    def report(self, error: Exception, *, edge: str, about: str) -> None:
        """Have people hear of a defect of the daemon's own.

        ``edge`` names the loop that caught it, ``about`` the case or workload it was busy with, if any. Of
        the exception only its type and its lines of code leave the process: its text may hold a secret.
        Raises Unavailable (ask again), Denied, Rejected.
        """
        ...
