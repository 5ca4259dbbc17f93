"""What the web server needs of the rest: somewhere to put alerts, and something to show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from daemon.core.case.alerts import UnmatchedAlert
from daemon.core.case.case import Case, Instruction
from daemon.core.case.images import AskedImage
from daemon.core.case.outline import Outline
from daemon.core.model import Alert, Workload, WorkloadRef
from daemon.core.policy import Policy
from daemon.ports import Identity


def unconditional(case: Case, now: datetime) -> str:
    """Of an order that was given in view of the case."""
    del case, now
    return ""


class Intake(Protocol):
    def alerts(self, alerts: Sequence[Alert], timeout: float) -> int:
        """Record the alerts durably on their cases; returns how many concerned a guarded workload.

        Blocks for at most ``timeout`` seconds; called from several threads at once. Raises Unavailable when
        it could not record them for now: the sender is asked to deliver again.
        """
        ...


class Orders(Protocol):
    """What people may ask for. Each answers a sentence, blocks for some seconds, and raises PortError:
    Conflict (too late, or somebody was faster), Denied, Missing, Rejected, Unavailable."""

    def instruct(
        self,
        namespace: str,
        name: str,
        order: Instruction,
        who: Identity,
        objection: Callable[[Case, datetime], str] = unconditional,
    ) -> str:
        """Approve or hold a case; who and when is written as it is known here, whatever ``order`` says.

        ``objection``: why the case as it is, and at this moment, may not be instructed; a Conflict.
        """
        ...

    def roll_back(
        self,
        ref: WorkloadRef,
        who: Identity,
        *,
        revision: int | None,
        unproven: bool,
        images: Sequence[AskedImage],
        running: int | None = None,
    ) -> str:
        """Roll back by hand: to a revision, to images, or to the newest revision that is known good.

        ``running``: the revision that the asker saw running. Where another one runs, that is a Conflict.
        """
        ...

    def pause(self, ref: WorkloadRef, value: str | None, who: Identity) -> str: ...


class Views(Protocol):
    """The daemon's memory as last seen. Called from several threads at once; each call may take its time."""

    def workloads(self) -> Sequence[Workload]:
        """The guarded workloads. Raises Unavailable while they are not known yet."""
        ...

    def outlines(self) -> Sequence[Outline]:
        """Of all readable cases. Raises Unavailable while they are not known yet."""
        ...

    def cases_of(self, ref: WorkloadRef) -> Sequence[Case]:
        """Those of one workload, whole. Raises as :meth:`outlines`."""
        ...

    def policy(self, ref: WorkloadRef) -> Policy:
        """What the operator decided for a workload, known or not."""
        ...

    def problems(self) -> Sequence[str]:
        """What keeps the daemon from judging or acting as it should, a sentence each."""
        ...

    def unmatched(self) -> Sequence[UnmatchedAlert]:
        """The newest alerts that concerned no guarded workload, with the reason; a few at most."""
        ...

    def unready(self) -> Sequence[str]:
        """Why the daemon should get no alerts yet; empty when it is ready."""
        ...

    def follows(self) -> str:
        """Which replica acts, where it is another one; empty where this one does."""
        ...

    def part(self) -> str:
        """Which shards this replica acts for; empty where there is but one."""
        ...

    def alive(self) -> bool:
        """Whether the daemon's own threads make progress; ``False`` asks the kubelet for a restart.

        Answers at once, whatever else hangs: it is called on the server's event loop.
        """
        ...
