"""Switch a feature of the release off, before its template is replaced: that takes effect at once.

The plan goes on where it cannot be switched off. The release is failing either way, and what makes it go away
is the rollback; a flag service that is down must not keep it.
"""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.steps.step import Draft, Situation, StepKind
from daemon.core.case.task_by_hand import filled, typed_task
from daemon.core.runs import FeatureFlag


def _needed(situation: Situation) -> tuple[Draft, ...]:
    return tuple(
        Draft(subject=flag.name, by_hand=_by_hand(flag, situation.target.image))
        for flag in situation.feature_flags
    )


def _by_hand(flag: FeatureFlag, image: str) -> str:
    return typed_task(flag.task, job=f"{flag.name}-off", image=image, body=f"feature_flags, {flag.name}")


def flag_name(effect: Effect) -> str:
    """Which of the policy's flags it is, as its id has it."""
    return effect.id.split("/", 2)[-1]


def _noun(effect: Effect) -> str:
    return f"switching feature flag {flag_name(effect)} off"


def _words(case: Case, effect: Effect) -> str:
    del case
    return f"switch feature flag {flag_name(effect)} off"


def _commands(case: Case, effect: Effect) -> tuple[str, ...]:
    return (filled(case, effect.by_hand),) if effect.by_hand else ()


def _dispensable(effect: Effect) -> bool:
    del effect
    return True


STEP = StepKind(
    kind="feature-flag",
    marks=False,
    needed=_needed,
    noun=_noun,
    words=_words,
    commands=_commands,
    dispensable=_dispensable,
)
