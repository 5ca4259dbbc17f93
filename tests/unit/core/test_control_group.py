"""What the old pods say, and what may be made of it once they are gone."""

from __future__ import annotations

from itertools import pairwise

import pytest

from daemon.core.assessment import Attribution
from daemon.core.attribution.failure import Failure
from daemon.core.signals.state import SignalState
from tests.unit.core.signal_states import EVERY, Scrape, state, steady

BAD: Scrape = (40.0, 75.0)
GOOD: Scrape = (1.0, 75.0)


def said(seen: SignalState) -> Attribution | None:
    old_pods = Failure(seen).old_pods
    found = old_pods and (old_pods.blamed or old_pods.unseen)
    return found[0] if found else None


def test_a_few_errors_of_the_last_old_pods_are_chance_where_the_new_ones_failed_at_once() -> None:
    assert said(state([BAD] * 4, beside=[(3.0, 30.0)])) is None


def test_many_errors_of_the_last_old_pods_are_not() -> None:
    assert said(state([BAD] * 4, beside=[(15.0, 30.0)])) is Attribution.INFRASTRUCTURE


@pytest.mark.parametrize(("old_scrapes", "expected"), [(1, None), (2, Attribution.UNDECIDED)])
def test_what_begins_late_while_the_last_old_pod_goes_unseen_is_undecided(
    old_scrapes: int, expected: Attribution | None
) -> None:
    """A scrape interval after an old pod's last scrape it is gone for certain, and says nothing."""
    assert said(state([GOOD, GOOD, BAD, BAD, BAD], beside=[GOOD] * old_scrapes)) is expected


def test_what_begins_with_the_first_request_is_not_held_for_old_pods_that_nobody_saw() -> None:
    assert said(state([BAD] * 4, beside=[GOOD])) is None


def test_old_pods_that_are_seen_to_be_well_clear_nobody() -> None:
    assert said(state([BAD] * 4, beside=[GOOD] * 5)) is None
    assert said(state([GOOD, GOOD, BAD, BAD, BAD], beside=[GOOD] * 6)) is None


def test_old_pods_that_are_plainly_well_clear_the_release_of_nothing_else_however_well_it_began() -> None:
    """A very good beginning is no reason to doubt what the old pods show for a whole interval."""
    many: Scrape = (10.0, 2_000.0)
    course_of_many = state(
        [many, many, (400.0, 2_000.0), (400.0, 2_000.0), (400.0, 2_000.0)],
        before=steady(0.005, 4_000.0),
        beside=[many] * 4,
    )
    old_pods = Failure(course_of_many).old_pods
    assert old_pods is not None
    assert old_pods.begun.well > 50
    assert said(course_of_many) is None


def test_what_grows_over_the_limit_when_the_last_old_pod_is_gone_needs_no_word_of_it() -> None:
    """A leak: its first signs fall into the rollout, and an incident would long have grown to its height."""
    leak: list[Scrape] = [(float(n), 75.0) for n in range(1, 20)]
    seen = state(leak, beside=[GOOD] * 4)
    begun, last = Failure(seen).onset, max(step.at for step in seen.old_steps)
    assert begun is not None
    assert begun.low < last + EVERY
    assert said(seen) is None
    at_once: list[Scrape] = [GOOD, GOOD, GOOD, *([(12.0, 75.0)] * 6)]
    assert said(state(at_once, beside=[GOOD, GOOD, (0.0, 20.0)])) is Attribution.UNDECIDED


def test_every_scrape_in_which_old_pods_are_well_speaks_against_a_common_cause() -> None:
    """Also the scrapes long after the beginning, where it does not matter when exactly it was."""
    lengths = range(1, 8)
    states = [state([(15.0, 75.0)] * 8, beside=[(2.0, 10.0)] + [(0.0, 75.0)] * n) for n in lengths]
    alike = [Failure(seen).old_pods.alike for seen in states]  # type: ignore[union-attr]
    assert all(later < earlier - 5 for earlier, later in pairwise(alike)), alike


def test_few_requests_of_old_pods_that_look_half_bad_leave_it_open() -> None:
    few: list[Scrape] = [(0.0, 12.0), (1.0, 12.0), (1.0, 12.0)]
    seen = state([(3.0, 12.0)] * 6, before=steady(0.01, 24.0), beside=few)
    assert said(seen) is Attribution.UNDECIDED


def test_a_burst_just_before_the_rollout_is_no_alibi_where_bursts_pass_by_themselves() -> None:
    burst, well = [(30.0, 75.0)] * 2, steady(0.01, 75.0, 18)
    assert said(state([BAD] * 12, before=[*((well + burst) * 6)])) is None


def test_an_incident_that_is_over_when_the_rollout_begins_is_no_alibi() -> None:
    before = [*steady(0.01, 75.0, 112), *([(30.0, 75.0)] * 5), *([GOOD] * 3)]
    assert said(state([BAD] * 12, before=before)) is None
    lasting = [*steady(0.01, 75.0, 112), *([(30.0, 75.0)] * 8)]
    assert said(state([BAD] * 12, before=lasting)) is Attribution.INFRASTRUCTURE
