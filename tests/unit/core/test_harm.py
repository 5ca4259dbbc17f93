"""The harm is an estimate that says what it rests on, and not known where nothing was counted."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from daemon.core.assessment import Assessment, SignalEvidence, Verdict
from daemon.core.case.case import Case, Status
from daemon.core.case.harm import harm
from daemon.core.policy import Policy, SignalPolicy
from daemon.core.statistics.counts import Tally
from tests.contract.samples import BEGAN, new_case

POLICY = Policy(signals=(SignalPolicy(name="errors", title="error rate", limit=0.05),))


def failing(*, total: float = 1000.0, **status: object) -> Case:
    """Of 1,000 requests in 100 s 220 failed, where 20 would have before."""
    signal = SignalEvidence(
        name="errors",
        verdict=Verdict.FAILING,
        reason="",
        limit=0.05,
        new=Tally(bad=0.22 * total, total=total),
        baseline=Tally(bad=20, total=1000),
    )
    found = Assessment(verdict=Verdict.FAILING, reason="", signals=(signal,))
    made = Status(assessment=found, failing_at=BEGAN + timedelta(seconds=100))
    return replace(new_case("greenlang"), status=replace(made, **status))


def test_what_was_counted_goes_on_at_its_pace_until_the_rollback_is_rolled_out() -> None:
    text = harm(failing(rolled_out_at=BEGAN + timedelta(seconds=150)), POLICY)
    assert text == (
        "error rate: about 300 from 09:00:00 to 09:02:30 UTC, beyond what was usual before (200 of 1,000 "
        "counted until 09:01:40 UTC, the rest estimated at the same pace until the rollback was rolled out)"
    )


def test_while_it_goes_on_only_what_was_counted_is_said() -> None:
    assert harm(failing(), POLICY).startswith("error rate: 200 of 1,000 counted until 09:01:40 UTC")
    assert "about" not in harm(failing(), POLICY)


def test_it_is_not_known_where_nothing_was_counted() -> None:
    assert harm(failing(total=0.0), POLICY).startswith("not known: ")
    assert harm(new_case("greenlang"), POLICY).startswith("not known: ")
