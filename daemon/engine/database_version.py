"""Reads the database's version: as a rollout begins, when its revision was found healthy, when one is undone.

A reading changes nothing, so one whose answer was lost is made again, and never taken from before.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping, Sequence

from daemon.core import migration
from daemon.core.assessment import Attribution
from daemon.core.case import database
from daemon.core.case.case import Case, Phase
from daemon.core.case.events import VersionRead
from daemon.core.migration import DatabaseAct, DatabaseCommand, VersionReading
from daemon.core.model import Pod, Revision, Workload
from daemon.core.policy import Policy
from daemon.core.runs import Kind
from daemon.engine.backoff import Backoff
from daemon.engine.beside import Beside, Subject
from daemon.ports import Clock, Cluster, Denied, Order, PortError, Rejected, Runner, Sweep

PAUSES = Backoff(first=1.0, longest=8.0)
PATIENCE = 30.0
"""Seconds in which a reading that could not be begun is tried again, before that is the answer."""
LONGEST_PROBLEM = 1000
"""Characters of a reason that a case keeps."""
AGAIN = 60.0
"""Seconds until the version of what runs is read again, where it could not be."""
RUNNERS = Mapping[Kind, Runner]


class VersionReader:
    """Asked by several workers, of each case by one at a time."""

    def __init__(
        self,
        runners: RUNNERS,
        cluster: Cluster,
        clock: Clock,
        *,
        sweep: Sweep,
        beside: Beside[VersionReading],
    ) -> None:
        self._runners = runners
        self._cluster = cluster
        self._clock = clock
        self._sweep = sweep
        self._beside = beside
        self._lock = threading.Lock()
        self._waiting: dict[Subject, tuple[float, float, float]] = {}
        """Question → when it was first asked, when it is due again (monotonic), and the pause until then."""

    def read(self, case: Case, moment: str, act: DatabaseAct, revision: Revision) -> VersionReading | None:
        """The version, or why it cannot be read; ``None`` until either is known. The same until
        :meth:`forget`. ``revision``: whose image, or whose pods, read it where no pod is named."""
        key = (case.key, moment)
        with self._lock:
            first, due, pause = self._waiting.get(key, (self._clock.monotonic(), 0.0, 0.0))
        if self._clock.monotonic() < due:
            return None
        found = self._beside.ask(
            key,
            case.ref,
            lambda: self._look(case, moment, act, revision),
            broken=self._unreadable,
        )
        if not isinstance(found, PortError):
            return found
        now = self._clock.monotonic()
        if isinstance(found, Denied) or now - first >= PATIENCE:
            with self._lock:
                self._waiting.pop(key, None)
            return self._unreadable(str(found))
        pause = PAUSES.after(pause or None)
        with self._lock:
            self._waiting[key] = (first, now + pause, pause)
        self._beside.later(case.ref, pause)
        return None

    def forget(self, case: Case | str, *moment: str) -> None:
        """Have the version read anew when it is asked for next."""
        part = (case if isinstance(case, str) else case.key, *moment)
        self._beside.forget(*part)
        with self._lock:
            self._waiting = {key: kept for key, kept in self._waiting.items() if key[: len(part)] != part}

    def _unreadable(self, why: str) -> VersionReading:
        return VersionReading(at=self._clock.now(), problem=why[:LONGEST_PROBLEM])

    def _look(self, case: Case, moment: str, act: DatabaseAct, revision: Revision) -> VersionReading:
        # Before the question: what is migrated while it is under way counts as later.
        at = self._clock.now()
        runner = self._runners.get(act.version.kind)
        if runner is None:
            return VersionReading(at=at, problem="nothing here can run the command that reads it")
        identity = f"{case.uid or case.name}/{moment}/{at.isoformat()}/version"
        order = order_of(self._cluster, case, identity, act.version, revision)
        try:
            result = runner.run(order)
        except Rejected as error:
            return VersionReading(at=at, problem=f"the command that reads it cannot be run: {error}")
        if act.version.kind == "job":
            with contextlib.suppress(PortError):
                # It is cleared away by its own time to live.
                self._sweep(order)
        return migration.version_in(result, act.pattern, at)


def order_of(
    cluster: Cluster,
    case: Case,
    identity: str,
    command: DatabaseCommand,
    revision: Revision,
    *,
    alone: bool = False,
) -> Order:
    """The order to run a command with a revision's image, or in a pod of it: where ``alone`` is not set, in
    another one's rather than nowhere. Raises PortError."""
    workload = cluster.workload(case.ref)
    return Order(
        id=identity,
        ref=case.ref,
        task=command.task,
        timeout=command.timeout,
        template=cluster.template(case.ref, revision) or {},
        pods=_ready(workload, revision, alone=alone) if workload is not None else (),
    )


def _ready(workload: Workload, revision: Revision, *, alone: bool) -> tuple[Pod, ...]:
    """The workload's ready pods, those of the revision first."""
    own = [pod for pod in workload.live_of(revision) if pod.ready]
    if alone:
        return tuple(own)
    known = {pod.uid for pod in own}
    return (*own, *(pod for pod in workload.live if pod.ready and pod.uid not in known))


class VersionLook:
    """When a case's version is to be read; what policy does not ask for is not. Asked as the reader is."""

    def __init__(self, reader: VersionReader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock
        self._again: dict[str, float] = {}
        """Case → when to try again what could not be read (monotonic)."""

    def now(self, case: Case, choice: Revision | None, policy: Policy) -> VersionReading | None:
        """The version when a rollback to ``choice`` is about to be decided; ``None`` while it is being read,
        or where none is about to be."""
        assessment = case.status.assessment
        if policy.migration is None:
            return None
        if choice is None:
            self._reader.forget(case, "decided")
            return None
        if assessment is None or assessment.attribution is not Attribution.DEPLOYMENT:
            return None
        # With the image that is known to run: the judged one may not even start.
        return self._reader.read(case, "decided", _act(policy), choice)

    def noted(self, case: Case, workload: Workload, policy: Policy) -> VersionRead | None:
        """What there is to remember of a case's version: as its rollout began, or as what runs is healthy."""
        current, record = workload.current, case.status.migration
        if policy.migration is None or current is None or not current.same_rollout(case.spec.revision):
            return None
        known_good = case.spec.baseline or case.spec.revision
        if case.phase in (Phase.PROGRESSING, Phase.WATCHING) and record.begun is None:
            reading = self._reader.read(case, "begun", _act(policy), known_good)
            return VersionRead(moment="begun", reading=reading) if reading is not None else None
        if case.phase is not Phase.HEALTHY or (record.healthy is not None and record.healthy.known):
            return None
        if self._clock.monotonic() < self._again.get(case.key, 0.0):
            return None
        reading = self._reader.read(case, "healthy", _act(policy), case.spec.revision)
        if reading is None:
            return None
        self._reader.forget(case, "healthy")
        self._again.pop(case.key, None)
        if not reading.known:
            self._again[case.key] = self._clock.monotonic() + AGAIN
        return VersionRead(moment="healthy", reading=reading)

    def recorded(
        self, choice: Revision | None, cases: Sequence[Case], policy: Policy
    ) -> VersionReading | None:
        """What the revision to return to was found healthy with."""
        return database.healthy_version(choice, cases) if policy.migration is not None else None

    def forget(self, key: str) -> None:
        """A case is over."""
        self._reader.forget(key)
        self._again.pop(key, None)


def _act(policy: Policy) -> DatabaseAct:
    assert policy.migration is not None
    return DatabaseAct(version=policy.migration.version, pattern=policy.migration.pattern)
