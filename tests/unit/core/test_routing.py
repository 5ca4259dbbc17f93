"""Whom a case notifies: by level, each place in order, and to the end whoever heard of it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daemon.core.assessment import Verdict
from daemon.core.case.case import Case, Phase, Status, Trouble
from daemon.core.case.edits import announce
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.incident import level
from daemon.core.policy import Level, Policy, Route
from tests.contract.samples import BEGAN, new_case

LEVELS = {
    Phase.FAILING: Level.INFO,
    Phase.ROLLING_BACK: Level.INFO,
    Phase.ROLLED_BACK: Level.INFO,
    Phase.HELD: Level.WARNING,
    Phase.AWAITING_APPROVAL: Level.WARNING,
    Phase.ADVISED: Level.WARNING,
    Phase.UNRECOVERED: Level.CRITICAL,
}


def in_phase(phase: Phase, case: Case | None = None) -> Case:
    case = case or new_case("greenlang")
    return replace(case, status=replace(case.status, phase=phase))


@pytest.mark.parametrize(("phase", "expected"), LEVELS.items())
def test_what_waits_for_a_person_warns_and_what_did_not_recover_is_critical(
    phase: Phase, expected: Level
) -> None:
    assert level(in_phase(phase)) is expected


def test_what_is_found_and_not_acted_on_warns() -> None:
    degraded = replace(new_case("greenlang"), status=Status(phase=Phase.HEALTHY, verdict=Verdict.DEGRADED))
    unwell = Status(phase=Phase.ROLLED_BACK, trouble=Trouble(since=BEGAN, text="crashes"))
    assert level(degraded) is Level.WARNING
    assert level(replace(degraded, status=unwell)) is Level.WARNING


def test_who_heard_of_a_case_hears_its_end_and_who_did_not_hears_nothing() -> None:
    policy = Policy(
        sinks=(),
        notify=(
            Route(sink="slack", channel="C1"),
            Route(sink="slack", channel="C2", min_level=Level.WARNING),
            Route(sink="pagerduty", min_level=Level.CRITICAL),
        ),
    )
    case = announce(in_phase(Phase.FAILING), "opened", policy, BEGAN)
    case = announce(in_phase(Phase.HELD, case), "updated", policy, BEGAN)
    case = announce(in_phase(Phase.ROLLED_BACK, case), "closed", policy, BEGAN)
    heard = [(effect.stage, *effect.place) for effect in case.status.effects]
    assert heard == [
        ("opened", "slack", "C1"),
        ("updated", "slack", "C1"),
        ("updated", "slack", "C2"),
        ("closed", "slack", "C1"),
        ("closed", "slack", "C2"),
    ]
    assert len({effect.id for effect in case.status.effects}) == len(heard)
    assert all(effect.outcome is not EffectOutcome.DONE for effect in case.status.effects)
