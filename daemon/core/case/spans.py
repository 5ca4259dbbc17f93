"""A case that is over as spans of time: the release, and what was done about it.

All of them end by the end of the case, so that they are the same whenever they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

from daemon.core.case.case import Case, Phase
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.value import Instant, Value

RELEASE = "release"
"""The name of the span that the others lie in."""


class Span(Value, frozen=True):
    """``name`` is unique within the case. ``wrong`` says what went wrong; empty where nothing did."""

    name: str
    began: Instant
    ended: Instant
    wrong: str = ""
    detail: str = ""


def spans(case: Case) -> tuple[Span, ...]:
    """The release first; none while the case is not over."""
    ended = case.status.finished_at
    if ended is None:
        return ()
    reason = case.status.reason
    wrong = reason if case.status.failing_at is not None else ""
    began = min(case.spec.started_at, ended)
    whole = Span(name=RELEASE, began=began, ended=ended, wrong=wrong, detail=reason)
    within = (span for span in _within(case, ended) if span.began <= span.ended <= ended)
    return (whole, *sorted(within, key=lambda span: (span.began, span.name)))


def _within(case: Case, ended: Instant) -> Iterator[Span]:
    """What a clock that was set back has end before it began is left out: it measures nothing."""
    status = case.status
    failing = status.failing_at
    yield Span(name="watching", began=case.spec.started_at, ended=failing or ended)
    if failing is not None:
        acted = _first_step(case, failing) or ended
        yield Span(name="decision", began=failing, ended=acted, detail=_decided(case))
    yield from _steps(case)
    if status.patched_at is not None and case.phase in {Phase.ROLLED_BACK, Phase.UNRECOVERED}:
        wrong = status.reason if case.phase is Phase.UNRECOVERED else ""
        began = status.rolled_out_at or status.patched_at
        yield Span(name="verification", began=began, ended=ended, wrong=wrong)


def _steps(case: Case) -> Iterator[Span]:
    for effect in case.status.effects:
        if effect.is_step and effect.finished_at is not None:
            yield Span(
                name=effect.id,
                began=effect.intended_at,
                ended=effect.finished_at,
                wrong=_failed(effect),
                detail=effect.detail,
            )


def _first_step(case: Case, failing: Instant) -> Instant | None:
    begun = (effect.intended_at for effect in case.status.effects if effect.is_step)
    return min((at for at in begun if at >= failing), default=None)


def _decided(case: Case) -> str:
    assessment = case.status.assessment
    return assessment.attribution_reason if assessment is not None else ""


def _failed(effect: Effect) -> str:
    return "" if effect.outcome is EffectOutcome.DONE else effect.detail or "not done"
