"""Have pods started anew that read the configuration before it was restored: ``kubectl rollout restart``.

A restart makes a template of its own, and so a revision of its own. It is known as the target's by the time
that it carries, which is the intent's to the microsecond: nobody else writes that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.rollback_target import RESTARTED
from daemon.core.case.steps import restore_configuration
from daemon.core.case.steps.rollback import patching
from daemon.core.case.steps.step import Draft, Situation, StepKind

UNSTICKING = "stuck"
"""The subject of a restart that is tried once because the rollback's own rollout is stuck."""


def unsticks(effect: Effect) -> bool:
    """Whether it is the one restart of a rollback that is stuck."""
    return effect.id.endswith(f"/{UNSTICKING}")


def _needed(situation: Situation) -> tuple[Draft, ...]:
    restored = restore_configuration.STEP.needed(situation)
    return (Draft(),) if restored and situation.target_runs else ()


def _noun(effect: Effect) -> str:
    return "the restart of what was stuck" if unsticks(effect) else "the restart"


def _words(case: Case, effect: Effect) -> str:
    if unsticks(effect):
        return f"restart {case.spec.workload} once, for its rollout is stuck"
    return f"restart {case.spec.workload}, for pods of {case.status.target} read the configuration before"


def _commands(case: Case, effect: Effect) -> tuple[str, ...]:
    del effect
    where = f"deployment/{case.spec.workload} -n {case.namespace}"
    return (f"kubectl rollout restart {where}", f"kubectl rollout status {where}")


STEP = StepKind(
    kind="restart",
    marks=True,
    needed=_needed,
    noun=_noun,
    words=_words,
    commands=_commands,
    rights=patching,
    dispensable=unsticks,
)


def restarted_at(effect: Effect) -> str:
    """The value of the annotation that makes the pods new, the same whenever it is written."""
    return effect.intended_at.isoformat(timespec="microseconds")


def is_restart(case: Case, target: Mapping[str, Any] | None, current: Mapping[str, Any] | None) -> bool:
    """Whether a template is the target's with a restart that this case intends, and nothing besides."""
    stamps = {restarted_at(step) for step in case.steps if step.kind == STEP.kind}
    if target is None or current is None:
        return False
    return _annotations(current).get(RESTARTED) in stamps and _unstamped(current) == _unstamped(target)


def same_but_for_restarts(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """Whether two templates are alike, however often they were restarted."""
    return one is not None and other is not None and _unstamped(one) == _unstamped(other)


def _annotations(template: Mapping[str, Any]) -> Mapping[str, str]:
    return (template.get("metadata") or {}).get("annotations") or {}


def _unstamped(template: Mapping[str, Any]) -> Mapping[str, Any]:
    annotations = {k: v for k, v in _annotations(template).items() if k != RESTARTED}
    metadata = {k: v for k, v in (template.get("metadata") or {}).items() if k != "annotations"}
    return {**template, "metadata": {**metadata, **({"annotations": annotations} if annotations else {})}}
