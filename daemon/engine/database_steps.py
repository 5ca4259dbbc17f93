"""Carries the steps of a database out, beside the worker: a backup may take minutes.

Neither of them is begun twice. That one is begun is stored before it is; a step that a daemon before this one
may have begun is found by its Job, or by the database's version, or is left to a person.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from datetime import timedelta

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.events import Begun, Finished
from daemon.core.case.guards.emergency_stop import stopped_by
from daemon.core.case.steps import back_up_database, check_database, downgrade_database
from daemon.core.migration import DatabaseAct, DatabaseCommand
from daemon.core.model import Revision, WorkloadRef
from daemon.core.runs import Ending, RunResult
from daemon.engine.beside import Beside
from daemon.engine.database_version import RUNNERS, VersionReader, order_of
from daemon.ports import Clock, Cluster, Order, PortError, Sweep

FOUND_FOR = timedelta(minutes=50)
"""How long after its beginning a Job is surely still there: Kubernetes keeps it for an hour after its end."""


class DatabaseSteps:
    """Asked by several workers, of each case by one at a time. ``stop`` says why the emergency stop is set,
    where it is."""

    def __init__(
        self,
        runners: RUNNERS,
        reader: VersionReader,
        cluster: Cluster,
        clock: Clock,
        *,
        sweep: Sweep,
        beside: Beside[RunResult],
        stop: Callable[[WorkloadRef], str | None],
    ) -> None:
        self._runners = runners
        self._reader = reader
        self._cluster = cluster
        self._clock = clock
        self._sweep = sweep
        self._beside = beside
        self._stop = stop
        self._lock = threading.Lock()
        self._mine: set[str] = set()
        """The tokens of steps that this process wrote down as begun, so that it knows whether they were."""
        self._ended: dict[str, list[Order]] = {}
        """Case → orders of Jobs that came to an end, to be swept with the case."""

    def check(self, case: Case, effect: Effect, act: DatabaseAct) -> Finished | Begun | None:
        reading = self._reader.read(case, effect.id, act, _known_good(case))
        return check_database.checked(effect, reading) if reading is not None else None

    def back_up(self, case: Case, effect: Effect, command: DatabaseCommand) -> Finished | Begun | None:
        if effect.begun_at is None:
            return self._begin(case, effect)
        if self._of_another(case, effect) and not self._findable(effect, command):
            return back_up_database.unseen(effect)
        result = self._run(case, effect, command, _known_good(case))
        return back_up_database.backed_up(effect, result) if result is not None else None

    def downgrade(
        self, case: Case, effect: Effect, act: DatabaseAct, command: DatabaseCommand
    ) -> Finished | Begun | None:
        good, others = _known_good(case), self._of_another(case, effect)
        before = self._reader.read(case, f"{effect.id}/before", act, good)
        if before is None:
            return None
        findable = self._findable(effect, command)
        if end := downgrade_database.before(effect, act, before, begun=others, findable=findable):
            return end
        if effect.begun_at is None:
            return self._begin(case, effect)
        # With the release's own image: the way back from its version is nowhere else.
        result = self._run(case, effect, command, case.spec.revision, alone=True)
        if result is None:
            return None
        after = self._reader.read(case, f"{effect.id}/after", act, good)
        return downgrade_database.after(effect, act, result, after) if after is not None else None

    def forget(self, key: str) -> None:
        """A case is over: its Jobs that ended are taken away, and those that go on are left alone."""
        self._beside.forget(key)
        with self._lock:
            ended = self._ended.pop(key, [])
        if ended:
            self._beside.run(lambda: self._clear(ended))

    def _clear(self, orders: list[Order]) -> None:
        for order in orders:
            with contextlib.suppress(PortError):
                # It is cleared away by its own time to live.
                self._sweep(order)

    def _begin(self, case: Case, effect: Effect) -> Begun:
        self._mine.add(case.token(effect))
        return Begun(effect=effect.id)

    def _of_another(self, case: Case, effect: Effect) -> bool:
        """Whether a daemon before this one wrote down that it begins."""
        return effect.begun_at is not None and case.token(effect) not in self._mine

    def _findable(self, effect: Effect, command: DatabaseCommand) -> bool:
        runner = self._runners.get(command.kind)
        if runner is None or not runner.repeatable(command.task):
            return False
        return effect.begun_at is None or self._clock.now() - effect.begun_at < FOUND_FOR

    def _run(
        self,
        case: Case,
        effect: Effect,
        command: DatabaseCommand,
        revision: Revision,
        *,
        alone: bool = False,
    ) -> RunResult | None:
        """How it ended; ``None`` while it is under way. Raises PortError where it could not be begun."""
        found = self._beside.ask(
            (case.key, effect.id),
            case.ref,
            lambda: self._carry_out(case, effect, command, revision, alone=alone),
            broken=lambda why: RunResult(ending=Ending.LOST, detail=why),
        )
        if isinstance(found, PortError):
            raise found
        return found

    def _carry_out(
        self, case: Case, effect: Effect, command: DatabaseCommand, revision: Revision, *, alone: bool
    ) -> RunResult:
        runner = self._runners.get(command.kind)
        if runner is None:
            return RunResult(ending=Ending.FINISHED, detail="nothing here can run it")
        identity = f"{case.token(effect)}/{effect.kind}"
        if not self._of_another(case, effect) and (reason := self._stop(case.ref)) is not None:
            # Between its beginning and this moment, and so nothing was begun.
            return RunResult(ending=Ending.FINISHED, detail=str(stopped_by(case.ref, reason)))
        order = order_of(self._cluster, case, identity, command, revision, alone=alone)
        result = runner.run(order)
        if command.kind == "job":
            with self._lock:
                self._ended.setdefault(case.key, []).append(order)
        return result


def _known_good(case: Case) -> Revision:
    return case.status.target or case.spec.revision
