"""The daemon's heart: workers take workloads off a queue, a scheduler drives the polls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from apscheduler.schedulers.background import BackgroundScheduler

from daemon.core.case.case import Case
from daemon.core.model import Alert, Workload, WorkloadRef
from daemon.engine.backoff import Backoff
from daemon.engine.defects import Defects
from daemon.engine.delivery import Delivery
from daemon.engine.desks import Desks
from daemon.engine.evidence_store import EvidenceStore
from daemon.engine.intake import AlertIntake
from daemon.engine.journal import Journal
from daemon.engine.queue import MOST_JOBS, Job, Turn, WorkQueue
from daemon.engine.steady_clock import SteadyClock
from daemon.engine.surroundings_cache import SurroundingsCache
from daemon.engine.workers import Workers
from daemon.ports import Cluster, PortError, Unavailable

PAUSES = Backoff(first=0.5, longest=15.0)
RESYNC = 60.0
"""Every workload is looked at this often even if nobody says that it changed (seconds)."""


class Engine:
    """Owns the workers; :meth:`step` and :meth:`poll` serve callers with a time of their own."""

    def __init__(
        self,
        *,
        queue: WorkQueue,
        desks: Desks,
        intake: AlertIntake,
        room: EvidenceStore,
        around: SurroundingsCache,
        cluster: Cluster,
        clock: SteadyClock,
        journal: Journal,
        defects: Defects,
        poll_interval: float,
        workers: int,
        problems: Callable[[], Sequence[str]],
    ) -> None:
        self._queue = queue
        self._desks = desks
        self._intake = intake
        self._room = room
        self._around = around
        self._cluster = cluster
        self._clock = clock
        self._journal = journal
        self._defects = defects
        self._interval = poll_interval
        self._problems = problems
        self._pauses: dict[WorkloadRef, float] = {}
        self._polling = threading.Lock()
        """A poll that is wished for at once waits for the one that is under way."""
        self.workers = Workers(queue, self._handle, clock, number=workers)
        self._scheduler = BackgroundScheduler(timezone="UTC")

    # ------------------------------------------------------------ life

    def start(self) -> None:
        self.workers.start()
        options = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        self._scheduler.add_job(self.poll, "interval", seconds=self._interval, id="poll", **options)
        self._scheduler.add_job(self.resync, "interval", seconds=RESYNC, id="resync", **options)
        self._scheduler.start()

    def stop(self, timeout: float) -> list[str]:
        """Stop polling and working; names what would not stop."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        self._queue.close()
        return self.workers.join(timeout)

    def poll_soon(self) -> None:
        """A new case or an alert does not wait for the next interval."""
        if self._scheduler.running:
            self._scheduler.add_job(
                self.poll, id="poll-now", replace_existing=True, misfire_grace_time=None, coalesce=True
            )

    def lead(self) -> None:
        """This replica leads from now on, or again, or for more than before: look at everything."""
        self.resync()
        self.poll_soon()

    # ------------------------------------------------------------ what the scheduler does

    def poll(self) -> None:
        """Read the metrics for all cases under watch, then look at each of them."""
        with self._polling:
            self._poll()

    def _poll(self) -> None:
        try:
            self._clock.steer()
            if not self._desks.acting:
                self._journal.standing(self._problems())
                return
            active = self._desks.active()
            watched = [*(case.key for case in active if case.active), *self._desks.attend_others()]
            self._room.keep_only(watched)
            # Before the signals: a failure that they show is judged by surroundings of the same moment.
            self._around.poll(watched, self._find)
            self._room.poll(self._find)
            self._journal.polled(self._room.last())
            self._journal.standing(self._problems())
            for case in active:
                self._queue.put(case.ref)
        except PortError as error:
            self._journal.trouble(f"the poll was skipped: {error}")
        except Exception as defect:
            # The edge of the loop: the next poll begins anew.
            self._defects.caught(defect, edge="poll")

    def resync(self) -> None:
        """Look at everything again; the empty job shows that a worker comes round even when idle."""
        self._queue.submit(_Nothing())
        try:
            self._clock.steer()
            for workload in self._cluster.workloads():
                self._queue.put(workload.ref)
        except PortError as error:
            self._journal.trouble(f"the workloads cannot be listed: {error}")
        except Exception as defect:
            self._defects.caught(defect, edge="resync")

    def _find(self, case: Case) -> Workload | None:
        try:
            return self._cluster.workload(case.ref)
        except PortError:
            # Its namespace cannot be read now, which must not keep the others from being judged.
            return None

    # ------------------------------------------------------------ what a worker does

    def step(self) -> bool:
        """Do one thing that is due; ``False`` when there is none."""
        return self.workers.step()

    def _handle(self, turn: Turn) -> None:
        match turn.work:
            case WorkloadRef() as ref:
                self._look(ref)
            case job:
                self._do(job)

    def _look(self, ref: WorkloadRef) -> None:
        try:
            # Nothing where this replica does not lead: whoever begins to looks at everything.
            self._desks.reconcile(ref)
            self._pauses.pop(ref, None)
        except PortError as error:
            self._again(ref, str(error))
        except Exception as defect:
            # The edge of the loop: one workload's trouble must not stop the others.
            self._defects.caught(defect, edge="reconcile", about=str(ref))
            self._again(ref, f"a defect of the daemon's ({type(defect).__name__}), see the log")

    def _do(self, job: Job) -> None:
        try:
            if job.step():
                self._queue.resubmit(job)
        except Exception as defect:
            # Without this edge the worker would end, and with all of them all judgement.
            self._defects.caught(defect, edge="job")

    def _again(self, ref: WorkloadRef, why: str) -> None:
        pause = PAUSES.after(self._pauses.get(ref))
        self._pauses[ref] = pause
        self._journal.trouble(f"{why}; looking again in {pause:.1f} s", workload=str(ref))
        self._queue.put(ref, pause)

    # ------------------------------------------------------------ alerts

    def alerts(self, alerts: Sequence[Alert], timeout: float) -> int:
        """Record alerts on the cases of the workloads they name; called from any thread.

        Returns how many concerned a guarded workload, once all are stored. Raises Unavailable when there are
        too many deliveries already, or these could not be stored within ``timeout`` seconds: what is left of
        them then is dropped, for the sender delivers again.
        """
        delivery = self.deliver(alerts)
        try:
            return delivery.wait(timeout)
        except PortError as error:
            raise Unavailable(f"the alerts could not be stored: {error}") from error

    def deliver(self, alerts: Sequence[Alert]) -> Delivery:
        """The same without waiting. Raises Unavailable where too many wait already, or the daemon stops."""
        delivery = Delivery(self._intake.take(alerts, self._queue.put), self._delivered, self._broke)
        if not self._queue.submit(delivery):
            full = f"{MOST_JOBS} deliveries of alerts are waiting already"
            raise Unavailable(f"{'the daemon is stopping' if self._queue.closed else full}: deliver again")
        return delivery

    def _broke(self, defect: Exception) -> None:
        self._defects.caught(defect, edge="alerts")

    def _delivered(self, recorded: int) -> None:
        if recorded:
            self.poll_soon()


class _Nothing:
    """A job of one turn that does nothing."""

    about = None

    def step(self) -> bool:
        return False
