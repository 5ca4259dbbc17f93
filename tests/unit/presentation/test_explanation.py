from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from daemon.core.assessment import Assessment, SignalEvidence, Verdict
from daemon.core.case.case import Case, Entry, Phase, Status
from daemon.core.judge.detection import SignalView
from daemon.core.judge.required_evidence import e_value
from daemon.core.judge.verdict import judge_signal
from daemon.core.model import Change
from daemon.core.policy import SignalPolicy
from daemon.core.statistics.counts import Tally
from daemon.core.thresholds import KEPT_POINTS
from daemon.presentation.case_views import detail
from daemon.presentation.explanation import Explanation, SignalStory, explain
from tests.unit.core import signal_states
from tests.unit.web import samples, watched


def explained(case: Case) -> Explanation:
    return explain(case, samples.POLICY)


def told(evidence: SignalEvidence, **spec: Any) -> SignalStory:
    """The story of a case with this signal alone."""
    assessment = Assessment(verdict=evidence.verdict, reason="", signals=(evidence,))
    case = samples.case(status=Status(assessment=assessment))
    (story,) = explained(replace(case, spec=replace(case.spec, **spec))).signals
    return story


def judged(
    *scrapes: signal_states.Scrape,
    before: list[signal_states.Scrape] | None = None,
    policy: SignalPolicy = signal_states.POLICY,
) -> SignalEvidence:
    """After these scrapes, with one before them that found no requests yet."""
    state = signal_states.state([(0, 0), *scrapes], before=before, policy=policy)
    return judge_signal(policy, SignalView(state=state))


def convinced(evidence: SignalEvidence) -> bool:
    """Both tests; without a baseline the one."""
    enough = evidence.over_baseline >= evidence.baseline_line if evidence.baseline_line else True
    return evidence.over_limit >= evidence.limit_line and enough


def number(pattern: str, words: str) -> int:
    found = re.search(pattern, words)
    assert found is not None, words
    return int(found[1].replace(",", ""))


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


class TestWords:
    def test_the_lesson_names_what_a_decision_needs(self) -> None:
        lesson = explained(watched.watched(0.2)).lesson

        assert "20 against the limit (1.30) and 400 against the baseline (2.60) at once" in lesson

    def test_without_a_baseline_the_limit_carries_the_strict_level(self) -> None:
        evidence = judged((1, 100), before=[])
        assessment = Assessment(verdict=evidence.verdict, reason="", signals=(evidence,))

        shown = explained(samples.case(status=Status(assessment=assessment)))

        assert "A decision needs 200 against the limit (2.30);" in shown.lesson
        assert "no requests were counted before the rollout" in shown.signals[0].baseline_words

    def test_bursts_are_told_with_what_they_cost(self) -> None:
        even, bursty = watched.watched(0.06), watched.watched(0.06, bursts=0.1)

        assert "came one by one" in explained(even).signals[0].baseline_words
        spread = explained(bursty).signals[0]
        assert spread.dispersion > 2
        assert f"worth {spread.dispersion:.2g} times fewer independent events" in spread.baseline_words

    def test_a_baseline_that_is_not_to_count_is_not_called_missing(self) -> None:
        ignored = replace(samples.POLICY.signals[0], baseline="ignore")
        policy = replace(samples.POLICY, signals=(ignored,))

        words = explain(watched.watched(0.2, policy=policy), policy).signals[0].baseline_words

        assert "The settings say not to compare" in words

    def test_the_decision_says_when_why_and_what_was_done(self) -> None:
        case = watched.watched(0.2)
        assert case.status.assessment is not None
        assert case.status.failing_at is not None
        after = (case.status.failing_at - case.spec.started_at).total_seconds()

        assert explained(case).decisions == (
            f"Found failing {after:.1f} s after the rollout began: {case.status.assessment.reason}",
            f"After {after:.1f} s: returning to revision 7 (v1.0.0)",
        )

    def test_a_hold_is_told_with_what_came_of_it_up_to_the_act(self) -> None:
        case = watched.watched(0.2)
        story = (
            (20, Phase.FAILING, "errors 20 %"),
            (20, Phase.HELD, "held, not attributed to the release: the old pods fail as well"),
            (33, Phase.FAILING, "now attributed to the release"),
            (33, Phase.ROLLING_BACK, "returning to revision 7: errors 20 %"),
            (34, Phase.ROLLING_BACK, "the template was replaced"),
        )
        timeline = tuple(Entry(at=samples.at(at), phase=phase, text=text) for at, phase, text in story)
        status = replace(case.status, failing_at=samples.at(20), timeline=timeline)

        assert explained(replace(case, status=status)).decisions == (
            "Found failing 20.0 s after the rollout began: errors 20 %",
            "After 20.0 s: held, not attributed to the release: the old pods fail as well",
            "After 33.0 s: now attributed to the release",
            "After 33.0 s: returning to revision 7",
        )

    def test_a_release_that_is_well_is_not_found_failing(self) -> None:
        shown = explained(watched.watched(0.005))

        assert shown.decided is None
        (decision,) = shown.decisions
        assert decision.startswith("Not found failing: watched for 10 min: error rate ")

    @pytest.mark.parametrize(
        ("onset", "words"),
        [
            ((0.0, 15.0), "between 0 and 15 s after the rollout began"),
            ((-30.0, 15.0), "between 30 s before the rollout and 15 s after it"),
            ((-45.0, -30.0), "between 45 and 30 s before the rollout"),
        ],
    )
    def test_the_onset_is_told_on_the_side_of_the_rollout_where_it_is(
        self, onset: tuple[float, float], words: str
    ) -> None:
        case = watched.watched(0.2)
        assert case.status.assessment is not None
        moved = replace(case.status.assessment, onset=tuple(watched.BEGAN + at for at in onset))

        shown = explained(replace(case, status=replace(case.status, assessment=moved)))

        assert shown.onset == onset
        assert words in shown.onset_words

    @pytest.mark.parametrize(
        ("power", "words"),
        [
            (0.0, "1"),
            (1.301, "20"),
            (3.2, "1,600"),
            (14.2, "10^14"),
            (-0.5, "0.32"),
            (-5.0, "10^-5"),
            (128.3, "10^128"),
        ],
    )
    def test_an_e_value_is_short(self, power: float, words: str) -> None:
        assert e_value(power) == words


class TestMissing:
    def test_an_older_case_says_that_only_sums_are_left(self) -> None:
        shown = explained(samples.rolled_back())

        assert shown.missing == "There is no evidence over time; each signal says why."
        assert all(signal.missing.startswith("Only the sums are left") for signal in shown.signals)
        assert shown.lesson == ""
        assert shown.decisions[0].startswith("Found failing 42.0 s after the rollout began")

    def test_an_adopted_case_says_that_it_was_not_judged(self) -> None:
        case = samples.case(status=Status())

        shown = explained(replace(case, spec=replace(case.spec, change=Change.ADOPTED)))

        assert "taken as the baseline, and not judged" in shown.missing

    def test_a_case_that_has_only_just_begun(self) -> None:
        assert explained(samples.case(status=Status())).missing == "Nothing was judged yet."

    def test_a_signal_that_could_not_be_read(self) -> None:
        evidence = judge_signal(signal_states.POLICY, SignalView(problem="Prometheus does not answer"))

        story = told(evidence)

        assert (story.missing, story.rounds) == ("Nothing was counted: Prometheus does not answer.", ())

    def test_a_signal_without_requests(self) -> None:
        unheard = judge_signal(signal_states.POLICY, SignalView(state=signal_states.state([])))

        assert told(unheard).missing == (
            "There is no round to show: error rate: no requests reached the new pods."
        )

    def test_rounds_that_were_let_go_are_told(self) -> None:
        errors = explained(watched.watched(0.005, rounds=KEPT_POINTS + 5)).signals[0]

        assert len(errors.rounds) == KEPT_POINTS
        assert f"Only the newest {KEPT_POINTS} rounds are kept" in errors.missing


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
