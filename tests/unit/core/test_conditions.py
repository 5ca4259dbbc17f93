"""A case's conditions say when it is over and whether the release is healthy, in every phase."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from daemon.core.case.case import FINISHED, Phase, Status
from daemon.core.case.conditions import conditions
from tests.unit.web import samples


@pytest.mark.parametrize("phase", Phase)
def test_done_with_the_case_and_healthy_with_the_release(phase: Phase) -> None:
    ended = samples.at(600) if phase in FINISHED else None
    case = samples.case(status=Status(phase=phase, reason="why", finished_at=ended, proven=True))

    done, healthy = conditions(case)

    assert (done.type, healthy.type) == ("Done", "Healthy")
    assert done.status == ("True" if phase in FINISHED else "False")
    expected = {"True": "False", "False": "Unknown"}[done.status]
    assert healthy.status == ("True" if phase is Phase.HEALTHY else expected)
    assert healthy.reason == ("Proven" if phase is Phase.HEALTHY else phase.value)
    assert done.last_transition_time == (ended or case.spec.opened_at)


def test_health_that_nobody_proved_says_so_and_a_watch_that_is_over_ends_a_hold() -> None:
    healthy = samples.case(status=Status(phase=Phase.HEALTHY, finished_at=samples.at(1)))
    held = samples.case(status=Status(phase=Phase.HELD))
    over = replace(held, status=replace(held.status, finished_at=samples.at(9)))

    assert conditions(healthy)[1].reason == "NotProven"
    assert [one.status for one in conditions(held)] == ["False", "Unknown"]
    assert [one.status for one in conditions(over)] == ["True", "False"]
    assert conditions(over)[0].last_transition_time - conditions(held)[0].last_transition_time == timedelta(
        seconds=8
    )
