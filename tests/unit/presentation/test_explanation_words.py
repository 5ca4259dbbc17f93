"""The words that an explanation has for a decision, a hold and what is missing."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daemon.core.assessment import Assessment
from daemon.core.case.case import Entry, Phase, Status
from daemon.core.judge.detection import SignalView
from daemon.core.judge.required_evidence import e_value
from daemon.core.judge.verdict import judge_signal
from daemon.core.model import Change
from daemon.core.thresholds import KEPT_POINTS
from daemon.presentation.explanation import explain
from tests.unit.core import signal_states
from tests.unit.presentation.signal_stories import explained, judged, told
from tests.unit.web import samples, watched


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
