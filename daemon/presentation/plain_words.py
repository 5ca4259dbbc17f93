"""A case in one plain sentence or two, for somebody who has never read about evidence.

It says less than the case's own reason, and never more: only ``RolledBack`` is called a recovery, and only a
proven revision healthy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

from daemon.core.assessment import Verdict
from daemon.core.case.case import Case, Phase
from daemon.core.model import Change

UNDECIDED = frozenset({Phase.HELD, Phase.AWAITING_APPROVAL, Phase.ADVISED, Phase.UNRECOVERED})
"""Nothing more comes of these by itself."""


def needs_person(case: Case) -> bool:
    """Whether somebody has to decide or look, going by this case alone."""
    return case.phase in UNDECIDED or case.status.trouble is not None


IN_PLACE: Final[Mapping[Phase, str]] = {
    Phase.PROGRESSING: "{change} is reaching the pods that read it. {so_far}",
    Phase.WATCHING: "{change} has reached the pods, and they are being watched. {so_far}",
    Phase.FAILING: "the pods are failing since {change}. It is being decided what to do.",
    Phase.AWAITING_APPROVAL: (
        "the pods are failing since {change}. Restoring what was there before waits for a person's approval."
    ),
    Phase.HELD: "{change} is held: nothing is restored unless a person approves that.",
    Phase.ADVISED: ("the pods are failing since {change}. Restoring it is advised, and is a person's to do."),
    Phase.ROLLING_BACK: "what was there before {change} is being restored.",
    Phase.VERIFYING: "what was there before {change} is restored. No recovery is proven yet.",
    Phase.ROLLED_BACK: "what was there before {change} is restored. The recovery is verified.",
    Phase.UNRECOVERED: "the pods are failing since {change}, and no recovery is proven: a person must look.",
    Phase.HEALTHY: "{change} passed its watch. Traffic was not enough to prove the service healthy.",
    Phase.SUPERSEDED: "{change} is no longer what counts: something else took over, or it was changed again.",
}
"""Of configuration that was changed with no rollout."""


def plain(case: Case) -> str:
    if case.status.trouble is not None:
        return (
            "Its pods are not well, though no rollout is under way. The daemon does nothing about that: "
            "a person must look."
        )
    text = _said_in_place(case) if case.spec.in_place else _said(case, str(case.spec.revision), _goal(case))
    return text[:1].upper() + text[1:]


def _goal(case: Case) -> str:
    return str(case.status.target) if case.status.target is not None else "a revision that is known good"


def _said(case: Case, it: str, goal: str) -> str:
    match case.phase:
        case Phase.PROGRESSING:
            return f"{it} is being rolled out. {_so_far(case)}"
        case Phase.WATCHING:
            return f"{it} is rolled out, and is being watched. {_so_far(case)}"
        case Phase.FAILING:
            return f"{it} is failing. It is being decided what to do."
        case Phase.AWAITING_APPROVAL:
            return f"{it} is failing. The rollback to {goal} waits for a person's approval."
        case Phase.HELD:
            return _held(case, it)
        case Phase.ADVISED:
            return f"{it} is failing. A rollback to {goal} is advised, and is a person's to do."
        case Phase.ROLLING_BACK | Phase.VERIFYING | Phase.ROLLED_BACK | Phase.UNRECOVERED:
            return _acted(case, it, goal)
        case Phase.HEALTHY:
            return _healthy(case, it)
        case Phase.SUPERSEDED:
            return f"{it} is no longer what runs: another revision took over, or the Deployment is gone."
    assert_never(case.phase)


def _held(case: Case, it: str) -> str:
    if case.announced:
        return f"{it} is failing. The daemon {case.status.reason}"
    if case.status.failing_at is not None:
        return f"{it} is failing, and the daemon does not act by itself: a person must decide."
    return f"{it} is held: it is not rolled back unless a person approves that."


def _acted(case: Case, it: str, goal: str) -> str:
    failed = f"{it} failed" if case.status.failing_at is not None else f"{it} was not found failing"
    back = f"{failed}, and was rolled back to {goal}."
    if case.phase is Phase.ROLLING_BACK:
        return f"{failed}, and is being rolled back to {goal}."
    if case.phase is Phase.VERIFYING:
        return f"{back} It is not proven yet that the service recovered."
    if case.phase is Phase.ROLLED_BACK:
        return f"{back} The recovery is verified."
    if case.status.patched_at is None:
        return f"{failed}, and the rollback to {goal} was not carried out: a person must act."
    return f"{back} A recovery is not proven: a person must look."


def _so_far(case: Case) -> str:
    if case.status.verdict is Verdict.DEGRADED:
        return "It does worse than it should, and not plainly enough to act on."
    return "Nothing is decided yet."


def _healthy(case: Case, it: str) -> str:
    if case.status.proven:
        return f"{it} is healthy, and its traffic proved it."
    if case.spec.change is Change.ADOPTED:
        return f"{it} was running before it was guarded. It serves as the baseline, and was not judged."
    return f"{it} passed its watch. Its traffic was not enough to prove it healthy."


def _said_in_place(case: Case) -> str:
    change = "the change of " + ", ".join(f"ConfigMap {one.name}" for one in case.spec.configuration)
    if case.announced:
        return f"the pods are failing since {change}. The daemon {case.status.reason}"
    if case.phase is Phase.HELD and case.status.failing_at is not None:
        return (
            f"the pods are failing since {change}. The daemon does not act by itself: a person must decide."
        )
    if case.phase is Phase.HEALTHY and case.status.proven:
        return f"the service is healthy with {change}, and its traffic proved it."
    return IN_PLACE[case.phase].format(change=change, so_far=_so_far(case))
