"""Have Git say the target's images again, where the owner of the Deployment reads them."""

from __future__ import annotations

from daemon.core.case import owner_commands
from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.owner_policy import committed_first
from daemon.core.case.steps.step import Draft, Situation, StepKind


def _needed(situation: Situation) -> tuple[Draft, ...]:
    owner = committed_first(situation.ownership, situation.owners)
    chosen = situation.owners
    if owner is None:
        return ()
    return (Draft(owner=owner, overlay=chosen.overlay, by_hand=chosen.overlay_by_hand),)


def _noun(effect: Effect) -> str:
    return f"the commit to overlay {effect.overlay}"


def _words(case: Case, effect: Effect) -> str:
    return f"set overlay {effect.overlay} back to {case.status.target} in Git, which {effect.owner} reads"


def _commands(case: Case, effect: Effect) -> tuple[str, ...]:
    return owner_commands.committing(case, effect.by_hand) if effect.owner is not None else ()


STEP = StepKind(
    kind="set-back-in-git", marks=False, needed=_needed, noun=_noun, words=_words, commands=_commands
)


def commit_message(case: Case) -> str:
    """The commit's message without its trailers: what was done, and for which case."""
    target = case.status.target
    tag = target.tag if target is not None else "the target"
    assessment = case.status.assessment
    why = assessment.reason if assessment is not None else case.status.reason
    title = f"Set {case.spec.workload} back to {tag}, for {case.spec.revision.tag} is failing"
    return f"{title}\n\nCase {case.key}: {why}"


def review_branch(case: Case, effect: Effect) -> str:
    """The commit's own branch, where people review it.

    A later plan of the case to the same target has the same while the request of an earlier one is open, and
    another where people have closed that.
    """
    target = case.status.target
    before = [e for e in case.status.effects if e.kind == STEP.kind and e.id != effect.id]
    number = 1 + sum(earlier.intended_at <= effect.intended_at and not earlier.review for earlier in before)
    return f"rollbackd/{effect.overlay}/{case.name}-to-r{target.number if target else 0}-{number}"
