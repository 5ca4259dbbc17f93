"""How a case came to its verdict, round by round, and what a decision would have needed."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from daemon.core.assessment import Assessment, SignalEvidence, Verdict
from daemon.core.case.case import Status
from daemon.core.statistics.counts import Tally
from daemon.presentation.case_views import detail
from daemon.presentation.explanation import Explanation, explain
from tests.unit.core import signal_states
from tests.unit.presentation.signal_stories import convinced, explained, judged, number, told
from tests.unit.web import samples, watched


class TestRounds:
    def test_each_round_is_told_in_seconds_since_the_rollout(self) -> None:
        errors = explained(watched.watched(0.06)).signals[0]

        assert [row.offset for row in errors.rounds[:3]] == [15.0, 30.0, 45.0]
        assert errors.rounds[0].total == 750
        assert errors.rounds[0].rate == errors.rounds[0].bad / 750

    @pytest.mark.parametrize("rate", [0.06, 0.1, 0.2, 1.0])
    def test_no_decision_is_without_a_round_in_which_both_tests_are_at_their_lines(self, rate: float) -> None:
        shown = explained(watched.watched(rate))

        errors, latency = shown.signals
        assert errors.rounds[-1].reached
        assert not any(row.reached for row in latency.rounds)
        assert shown.decided == pytest.approx(errors.rounds[-1].offset, abs=1)

    @pytest.mark.parametrize(
        ("limit", "baseline", "lines", "reached"),
        [
            (1.4, 2.7, (1.3, 2.6), True),
            (1.3, 2.6, (1.3, 2.6), True),
            (1.2, 9.0, (1.3, 2.6), False),
            (9.0, 2.5, (1.3, 2.6), False),
            (2.6, 0.0, (2.6, 0.0), True),
            (2.5, 0.0, (2.6, 0.0), False),
        ],
    )
    def test_a_test_that_was_not_asked_need_not_agree(
        self, limit: float, baseline: float, lines: tuple[float, float], reached: bool
    ) -> None:
        evidence = judged((1, 10))
        point = replace(evidence.trail[0], over_limit=limit, over_baseline=baseline)

        story = told(replace(evidence, trail=(point,), limit_line=lines[0], baseline_line=lines[1]))

        assert story.rounds[0].reached is reached

    def test_a_round_without_requests_has_no_rate(self) -> None:
        evidence = judged((1, 10))

        (row,) = told(replace(evidence, trail=(replace(evidence.trail[0], bad=0, total=0),))).rounds

        assert row.rate is None


class TestNeeded:
    """What is said to be enough is enough for the judge, and a tenth less is not."""

    @pytest.mark.parametrize("requests", [40, 300, 5000])
    @pytest.mark.parametrize("usual", [0.0, 0.01, 0.08])
    def test_with_a_baseline(self, requests: int, usual: float) -> None:
        before = signal_states.steady(usual, 75.0)

        words = told(judged((0, requests), before=before)).needed_words

        fewest = number(r"About ([\d,]+) of", words)
        assert convinced(judged((fewest, requests), before=before))
        assert not convinced(judged((int(fewest * 0.9), requests), before=before))

    def test_without_a_baseline(self) -> None:
        fewest = number(r"About ([\d,]+) of", told(judged((0, 500), before=[])).needed_words)

        assert convinced(judged((fewest, 500), before=[]))
        assert not convinced(judged((int(fewest * 0.9), 500), before=[]))

    def test_of_too_few_requests(self) -> None:
        words = told(judged((1, 1))).needed_words

        assert "So few requests (1) cannot decide" in words
        least = number(r"it takes ([\d,]+), all bad", words)
        assert convinced(judged((least, least)))
        assert not convinced(judged((least - 1, least - 1)))

    def test_before_the_first_request(self) -> None:
        assert number(r"To decide, ([\d,]+) requests", told(judged()).needed_words) > 1

    def test_of_a_limit_that_nothing_can_be_shown_to_exceed(self) -> None:
        policy = replace(signal_states.POLICY, limit=1 - 1e-9)

        words = told(judged((5, 5), policy=policy)).needed_words

        assert words.startswith("The evidence came to 1 against the limit")
        assert "takes" not in words

    def test_a_warm_up_is_named(self) -> None:
        policy = replace(signal_states.POLICY, warmup=45.0)
        evidence = judged((5, 100), policy=policy)
        case = samples.case(
            status=Status(assessment=Assessment(verdict=evidence.verdict, reason="", signals=(evidence,)))
        )

        (story,) = explain(case, replace(samples.POLICY, signals=(policy,))).signals

        assert story.needed_words.endswith("In a pod's first 45 s only an outage counts.")


def test_the_view_is_the_same_after_a_journey_through_json() -> None:
    for case in (watched.watched(0.06, bursts=0.1), samples.rolled_back(), samples.awaiting()):
        shown = explained(case)
        assert msgspec.json.decode(msgspec.json.encode(shown), type=Explanation) == shown
        assert detail(case, samples.POLICY).explanation == shown


def test_a_signal_that_the_settings_no_longer_know_is_explained_by_its_name() -> None:
    evidence = SignalEvidence(
        name="gone", verdict=Verdict.HEALTHY, reason="r", limit=0.05, new=Tally(bad=1, total=10, scrapes=1)
    )

    assert told(evidence).title == "gone"
