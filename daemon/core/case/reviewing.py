"""A plan that goes on when people have merged what it proposes."""

from __future__ import annotations

from datetime import datetime

from daemon.core.case import plan
from daemon.core.case.case import Case
from daemon.core.case.edits import announce, change, noted, reviewed
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.events import Finished
from daemon.core.policy import Policy


def waits(case: Case, effect: Effect, url: str, policy: Policy, now: datetime) -> Case:
    """The case whose plan waits for a merge. It is said once, and again after something was in the way."""
    text = (
        f"waits for people to merge {url} ({plan.noun(effect)}): the plan goes on when they have, and is "
        "held when they close it"
    )
    if effect.review == url and effect.detail == text:
        return case
    case = change(noted(reviewed(case, effect, url, text), text, now), reason=text)
    return announce(case, "updated", policy, now)


def merged_or_closed(case: Case, effect: Effect, end: Finished) -> Case:
    """The case with what is known of its requests after a step has ended.

    Once Git says the target, no request of the case has to be merged any more; of an earlier plan's as well.
    """
    if end.review is None:
        return case
    if end.review:
        return reviewed(case, effect, end.review, effect.detail)
    for other in case.status.effects:
        if other.review and (end.outcome is EffectOutcome.DONE or other.review == effect.review):
            case = reviewed(case, other, "", other.detail)
    return case
