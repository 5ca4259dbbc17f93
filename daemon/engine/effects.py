"""Carries out what cases intend: the steps of a plan at once, one after the other; notifying beside it.

The one place that decides about trying again: what is temporary stays intended and is due again after a
pause that doubles, what is forbidden is due again after a longer one, for rights may change, and what is
final ends the effect with the reason.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.events import Begun, Finished, Hindered, Reviewed, Settling
from daemon.core.case.guards.emergency_stop import stopped_by
from daemon.core.case.message_templates import worded
from daemon.core.case.plan import STEPS
from daemon.core.model import WorkloadRef
from daemon.core.policy import Policy
from daemon.engine.backoff import Backoff
from daemon.engine.defects import Defects
from daemon.engine.leading import Leadership, demand
from daemon.engine.steps.registry import ACTS
from daemon.engine.steps.step import Hands, StepAnswer, refused
from daemon.ports import Clock, Denied, IncidentSink, PortError, Rejected, Unavailable

PAUSES = Backoff(first=1.0, longest=30.0)
FORBIDDEN_PAUSE = 60.0
REVIEW_PAUSE = 20.0
"""Seconds between two looks whether people have decided."""
SETTLING_PAUSE = 1.0
"""Seconds between two looks whether an owner has ended what it had begun."""
LONGEST_WAIT = 600.0
"""Of the seconds that another side asks for at most so many are waited."""
STANDING_PAUSE = 8.0
"""An effect that waits this long for its next try has failed more than for a moment (seconds)."""

Result = Finished | Begun | Reviewed | Settling | Hindered
Key = tuple[str, str]
"""A case's key and an effect's token, by which it is known from that of a case of the same name before."""
Run = Callable[[Callable[[], None]], object]
Later = Callable[[WorkloadRef, float], None]
Complain = Callable[[Case, Effect, str], None]


class _Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """An effect that failed: due again at ``until`` (monotonic), ``pause`` seconds after the try."""

    until: float
    pause: float
    why: str = ""
    """Empty where it waits for people or an owner, and nothing is wrong."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """How a notification ended, or what forbids it, and when."""

    key: Key
    result: Result
    at: datetime


class Effects:
    """``run`` starts a notification (a pool's submit, or a call); ``later`` asks for a reconciliation."""

    def __init__(
        self,
        *,
        hands: Hands,
        sinks: Mapping[str, IncidentSink],
        clock: Clock,
        run: Run,
        later: Later,
        complain: Complain,
        defects: Defects,
        leadership: Leadership,
    ) -> None:
        self._hands = hands
        self._sinks = sinks
        self._clock = clock
        self._run = run
        self._later = later
        self._complain = complain
        self._defects = defects
        self._leadership = leadership
        self._begun_at = clock.now()
        self._lock = threading.Lock()
        self._under_way: set[Key] = set()
        self._told: dict[Key, Told] = {}
        """How notifications ended, until that is stored: a write may fail, or wait for another one."""
        self._waiting: dict[Key, _Waiting] = {}

    def problems(self) -> Mapping[str, str]:
        """Case and effect → why the effect fails, of those that do for more than a moment."""
        now = self._clock.monotonic()
        with self._lock:
            return {
                f"{case}, {token.partition('/')[2]}": waiting.why
                for (case, token), waiting in self._waiting.items()
                # What is long overdue was given up: its case ended, or was deleted.
                if waiting.why and waiting.pause >= STANDING_PAUSE and now < waiting.until + waiting.pause
            }

    def perform(self, case: Case, effect: Effect, policy: Policy) -> Result | None:
        """A step's end or what forbids it; ``None`` while it waits to be tried again, and of a telling,
        which ends beside the worker: see :meth:`told`."""
        key = (case.key, case.token(effect))
        if not self._due(key):
            return None
        if not effect.is_step:
            if _first_of_its_sink(case, effect):
                self._publish(key, case, effect, policy)
            return None
        step = case.pending_step
        if step is None or step.id != effect.id:
            # A step before it has not ended, or ended so that the plan is over.
            return None
        return self._attempt(key, case, effect, lambda: self._act(key, case, effect))

    def _act(self, key: Key, case: Case, effect: Effect) -> StepAnswer:
        """Carry a step out, unless the emergency stop is set at this very moment.

        A step that leaves its token on the Deployment looks for the stop itself, in the same read that its
        write rests on, and after it has looked whether it is done already.
        """
        # What was begun cannot be stopped any more: how it ends is what people must hear.
        if not STEPS[effect.kind].marks and effect.begun_at is None:
            reason = self._hands.actuator.stop(case.ref)
            if reason is not None:
                return refused(effect, str(stopped_by(case.ref, reason)) + self._doubt(key, effect))
        return ACTS[effect.kind](self._hands, case, effect)

    def _doubt(self, key: Key, effect: Effect) -> str:
        """What is not known of a step that may have been tried before, by this process or another."""
        if effect.review or not STEPS[effect.kind].acts:
            return ""
        with self._lock:
            tried = key in self._waiting or effect.intended_at < self._begun_at
        return "; whether an earlier try of it was carried out is not known" if tried else ""

    def told(self, case: Case) -> tuple[Told, ...]:
        """How notifications ended that stand in the case as intended; said again until :meth:`stored`."""
        with self._lock:
            found = [self._told.get((case.key, case.token(effect))) for effect in case.pending]
        return tuple(told for told in found if told is not None)

    def stored(self, known: Iterable[Told]) -> None:
        """Their cases say by now how these ended."""
        with self._lock:
            for told in known:
                if self._told.get(told.key) is told:
                    del self._told[told.key]

    def telling(self, case: str) -> bool:
        """Whether people are being notified of the case at this moment."""
        with self._lock:
            return any(key[0] == case for key in self._under_way)

    def _publish(self, key: Key, case: Case, effect: Effect, policy: Policy) -> None:
        with self._lock:
            if key in self._under_way or key in self._told:
                return
            self._under_way.add(key)
        self._run(lambda: self._tell(key, case, effect, policy))

    def _tell(self, key: Key, case: Case, effect: Effect, policy: Policy) -> None:
        result = self._attempt(key, case, effect, lambda: self._deliver(case, effect, policy))
        with self._lock:
            self._under_way.discard(key)
            if result is not None:
                self._told[key] = Told(key=key, result=result, at=self._clock.now())
        if result is not None:
            self._later(case.ref, 0.0)

    def _deliver(self, case: Case, effect: Effect, policy: Policy) -> Finished:
        sink = self._sinks.get(effect.sink)
        if sink is None or effect.stage == "":
            names = ", ".join(sorted(self._sinks)) or "none"
            detail = f"there is no incident sink {effect.sink!r} any more (configured: {names})"
            return Finished(effect=effect.id, outcome=EffectOutcome.REFUSED, detail=detail)
        told = worded(
            case,
            policy,
            effect.stage,
            effect.intended_at,
            channel=effect.channel,
            reference=_reference(case, effect),
        )
        reference = sink.publish(told)
        return Finished(effect=effect.id, outcome=EffectOutcome.DONE, detail=reference)

    # ------------------------------------------------------------ trying again

    def _due(self, key: Key) -> bool:
        with self._lock:
            waiting = self._waiting.get(key)
            return waiting is None or self._clock.monotonic() >= waiting.until

    def _attempt(self, key: Key, case: Case, effect: Effect, act: Callable[[], StepAnswer]) -> Result | None:
        try:
            demand(self._leadership)
            finished = act()
        except Rejected as error:
            finished = Finished(effect=effect.id, outcome=EffectOutcome.REFUSED, detail=str(error))
        except Denied as error:
            self._again(key, case, effect, str(error), pause=FORBIDDEN_PAUSE)
            return Hindered(effect=effect.id, detail=str(error))
        except PortError as error:
            asked = error.wait if isinstance(error, Unavailable) else 0.0
            self._again(key, case, effect, str(error), least=min(asked, LONGEST_WAIT))
            return None
        except Exception as defect:
            # The edge of the loop: what is not said here would never be said, and never be tried again.
            why = f"a defect of the daemon's ({type(defect).__name__}), see the log"
            self._defects.caught(defect, edge="effect", about=f"{case.key} {effect.id}")
            self._again(key, case, effect, why)
            return None
        if isinstance(finished, Reviewed | Settling):
            self._wait(key, case, REVIEW_PAUSE if isinstance(finished, Reviewed) else SETTLING_PAUSE)
            return finished
        with self._lock:
            self._waiting.pop(key, None)
        return finished

    def _wait(self, key: Key, case: Case, pause: float, why: str = "") -> None:
        with self._lock:
            self._waiting[key] = _Waiting(until=self._clock.monotonic() + pause, pause=pause, why=why)
        self._later(case.ref, pause)

    def _again(
        self, key: Key, case: Case, effect: Effect, why: str, *, pause: float = 0.0, least: float = 0.0
    ) -> None:
        with self._lock:
            before = self._waiting.get(key)
        failed = before.pause if before is not None and before.why else None
        pause = pause or max(least, PAUSES.after(failed))
        self._complain(case, effect, f"{why}; trying again in {pause:.0f} s")
        self._wait(key, case, pause, why)


def _first_of_its_sink(case: Case, effect: Effect) -> bool:
    """A sink hears of a case in order: nothing is closed there before it was opened.

    One that ended meanwhile is none: its end was stored with the outcome of a step before it.
    """
    return next((e.id for e in case.pending if e.place == effect.place), "") == effect.id


def _reference(case: Case, effect: Effect) -> str:
    """What the sink answered when it last heard of the case, in this channel."""
    done = [e for e in case.status.effects if e.kind == "publish" and e.outcome is EffectOutcome.DONE]
    return next((e.detail for e in reversed(done) if e.place == effect.place), "")
