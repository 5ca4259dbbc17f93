"""How long a plan waits for an owner that was suspended to end what it had begun.

A reconcile that is under way is not ended by a suspension: it would put the judged revision back once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from daemon.core.case.case import Case
from daemon.core.case.edits import change, noted, noting
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.events import Finished
from daemon.core.rollout_facts.reconciling import OwnerStatus, under_way

LONGEST: Final = 60.0
"""Seconds that a reconcile is waited for. Flux and Argo CD apply within seconds of having begun; what takes
longer waits for pods or hooks, or was left by a controller that is gone."""
UNSEEN: Final = 5.0
"""Seconds after the suspension in which a controller may have begun before it knew of that and not have said
so yet: it has read the object from its cache, and says what it does before it applies anything."""


def settled(case: Case, effect: Effect, status: OwnerStatus | None, now: datetime) -> Finished | str:
    """How the wait ends, or what it waits for; empty for what is over in a moment.

    ``status`` is ``None`` for an owner that is gone.
    """
    owner, waited = effect.owner or "the owner", _waited(case, effect, now)
    if status is None:
        return _over(effect, f"{owner} is not there any more")
    if status.has_seen_all:
        return _over(effect, f"{owner} knows that it is suspended, and nothing of it is under way")
    doing = under_way(status)
    if not doing:
        return "" if waited < UNSEEN else _over(effect, f"nothing of {owner} is under way")
    if waited < LONGEST:
        what = f"waits for {owner} to end what it had begun when it was suspended ({doing})"
        return f"{what}, for {LONGEST:.0f} s at most: it would put {case.spec.revision} back"
    return _over(
        effect,
        f"{owner} may put {case.spec.revision} back once: {waited:.0f} s after its suspension what it had "
        f"begun is still under way ({doing})",
    )


def _over(effect: Effect, detail: str) -> Finished:
    return Finished(effect=effect.id, outcome=EffectOutcome.DONE, detail=detail)


def _waited(case: Case, effect: Effect, now: datetime) -> float:
    """Seconds since the plan's suspension was carried out."""
    suspended = [e.finished_at for e in case.steps if e.kind == "suspend-owner" and e.plan == effect.plan]
    since = next((at for at in suspended if at is not None), effect.intended_at)
    return (now - since).total_seconds()


def waiting(case: Case, effect: Effect, text: str, now: datetime) -> Case:
    """The case that says what it waits for: once, though what the owner does may change meanwhile."""
    if effect.detail or not text:
        return case
    return noted(change(noting(case, effect, text), reason=text), text, now)
