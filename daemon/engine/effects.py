"""Carries out what cases intend. A rollback is done at once; telling people happens beside it.

The one place that decides about trying again: what is temporary stays intended and is due again after a
pause that doubles, what is final ends the effect with the reason.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from daemon.core.case import Case, Effect, Outcome
from daemon.core.events import Finished
from daemon.core.incident import render
from daemon.core.model import Policy, WorkloadRef
from daemon.ports import Actuator, Clock, Denied, IncidentSink, PortError, Rejected

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0

Run = Callable[[Callable[[], None]], object]
Later = Callable[[WorkloadRef, float], None]
Complain = Callable[[Case, Effect, str], None]


class Effects:
    """``run`` starts the telling (a pool's submit, or a plain call); ``later`` asks for a reconciliation."""

    def __init__(
        self,
        *,
        actuator: Actuator,
        sinks: Mapping[str, IncidentSink],
        clock: Clock,
        run: Run,
        later: Later,
        complain: Complain,
    ) -> None:
        self._actuator = actuator
        self._sinks = sinks
        self._clock = clock
        self._run = run
        self._later = later
        self._complain = complain
        self._lock = threading.Lock()
        self._under_way: set[tuple[str, str]] = set()
        self._results: dict[tuple[str, str], Finished] = {}
        self._pauses: dict[tuple[str, str], tuple[float, float]] = {}
        """Effect → (not before this monotonic time, the pause that led to it)."""

    def perform(self, case: Case, effect: Effect, policy: Policy) -> Finished | None:
        """The effect's end, or ``None`` while it is under way or waits to be tried again."""
        key = (case.key, effect.id)
        if not self._due(key):
            return None
        match effect.kind:
            case "rollback":
                return self._attempt(key, case, effect, lambda: self._roll_back(case, effect))
            case "publish" if _first_of_its_sink(case, effect):
                return self._publish(key, case, effect, policy)
            case "publish":
                return None

    def _roll_back(self, case: Case, effect: Effect) -> Finished:
        target = case.status.target
        if target is None:
            return Finished(
                effect=effect.id, outcome=Outcome.REFUSED, detail="the case names no revision to return to"
            )
        spec = case.spec
        undone = self._actuator.undo(
            case.ref, spec.workload_uid, judged=spec.revision, target=target, token=case.token(effect)
        )
        return Finished(
            effect=effect.id, outcome=undone.outcome, detail=undone.detail, generation=undone.generation
        )

    def _publish(self, key: tuple[str, str], case: Case, effect: Effect, policy: Policy) -> Finished | None:
        with self._lock:
            busy = key in self._under_way
            if not busy and key not in self._results:
                self._under_way.add(key)
        if not busy and key not in self._results:
            self._run(lambda: self._tell(key, case, effect, policy))
        with self._lock:
            return self._results.pop(key, None)

    def _tell(self, key: tuple[str, str], case: Case, effect: Effect, policy: Policy) -> None:
        result = self._attempt(key, case, effect, lambda: self._deliver(case, effect, policy))
        with self._lock:
            self._under_way.discard(key)
            if result is not None:
                self._results[key] = result
        if result is not None:
            self._later(case.ref, 0.0)

    def _deliver(self, case: Case, effect: Effect, policy: Policy) -> Finished:
        sink = self._sinks.get(effect.sink)
        if sink is None or effect.stage == "":
            names = ", ".join(sorted(self._sinks)) or "none"
            detail = f"there is no incident sink {effect.sink!r} any more (configured: {names})"
            return Finished(effect=effect.id, outcome=Outcome.REFUSED, detail=detail)
        reference = sink.publish(render(case, policy, effect.stage, effect.intended_at))
        return Finished(effect=effect.id, outcome=Outcome.DONE, detail=reference)

    # ------------------------------------------------------------ trying again

    def _due(self, key: tuple[str, str]) -> bool:
        with self._lock:
            return self._clock.monotonic() >= self._pauses.get(key, (0.0, 0.0))[0]

    def _attempt(
        self, key: tuple[str, str], case: Case, effect: Effect, act: Callable[[], Finished]
    ) -> Finished | None:
        try:
            finished = act()
        except (Denied, Rejected) as error:
            finished = Finished(effect=effect.id, outcome=Outcome.REFUSED, detail=str(error))
        except PortError as error:
            self._again(key, case, effect, str(error))
            return None
        with self._lock:
            self._pauses.pop(key, None)
        return finished

    def _again(self, key: tuple[str, str], case: Case, effect: Effect, why: str) -> None:
        with self._lock:
            before = self._pauses.get(key, (0.0, 0.0))[1]
            pause = min(LONGEST_PAUSE, before * 2 if before else FIRST_PAUSE)
            self._pauses[key] = (self._clock.monotonic() + pause, pause)
        self._complain(case, effect, f"{why}; trying again in {pause:.0f} s")
        self._later(case.ref, pause)


def _first_of_its_sink(case: Case, effect: Effect) -> bool:
    """A sink hears of a case in order: nothing is closed there before it was opened."""
    return next(e.id for e in case.pending if e.sink == effect.sink) == effect.id
