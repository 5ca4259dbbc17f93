"""From records to the page: who is faster, what is missed, and that nothing is lost on the way."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from benchmarks.judgement import report
from benchmarks.judgement.comparing import Comparison, compare
from benchmarks.judgement.corpus import corpus
from benchmarks.judgement.judging import judged
from benchmarks.judgement.peers import RULES
from benchmarks.judgement.run import FULL, QUICK, Form
from benchmarks.judgement.scoring import OURS, FamilyScore, Run, overall, score
from benchmarks.judgement.targets import targets

BY_NAME = {family.name: family for family in corpus()}
STEP = BY_NAME["step 1% to 20%, 5/s"]
HEALTHY = BY_NAME["unchanged 1%, 5/s"]
BURSTS = next(f for f in BY_NAME.values() if f.name.startswith("bursts") and f.traffic == 5)
ELSEWHERE = BY_NAME["unchanged 1%, 50/s"]
PEERS = ("swift", "slow")


def run(alarms: dict[str, float], onset: float | None) -> Run:
    return Run(
        onset=onset,
        first_full=None if onset is None else onset + 25,
        end=600.0,
        alarms=alarms,
        decided=alarms.get(OURS),
        attribution="deployment" if OURS in alarms else "",
        seconds=0.01,
        judged=100,
    )


def scores(false: dict[str, dict[str, float]], found: dict[str, float]) -> list[FamilyScore]:
    """``false``: by family and rule the share of healthy runs rolled back; ``found``: delays of the step."""
    some = [
        score(
            family,
            [
                run(
                    {rule: 60.0 for rule, share in false.get(family.name, {}).items() if n < share * 100},
                    None,
                )
                for n in range(100)
            ],
            (OURS, *PEERS),
        )
        for family in (HEALTHY, BURSTS, ELSEWHERE)
    ]
    return [*some, score(STEP, [run(found, 0.0)] * 10, (OURS, *PEERS))]


def readings(comparison: Comparison) -> set[tuple[str, str]]:
    return {(faster.reading, faster.rule) for faster in comparison.faster}


class TestComparison:
    def test_a_faster_rule_that_raises_no_false_alarm_is_named(self) -> None:
        comparison = compare(scores({}, {OURS: 30.0, "swift": 20.0, "slow": 90.0}), PEERS)
        assert readings(comparison) == {
            ("plain", "swift"),
            ("same traffic", "swift"),
            ("everywhere", "swift"),
        }
        assert {faster.ours for faster in comparison.faster} == {30.0}

    def test_as_fast_is_not_faster(self) -> None:
        assert not compare(scores({}, {OURS: 30.0, "swift": 30.0}), PEERS).faster

    def test_a_rule_that_fails_bursty_services_holds_on_unchanged_ones_only(self) -> None:
        false = {BURSTS.name: {"swift": 0.02}}
        comparison = compare(scores(false, {OURS: 30.0, "swift": 20.0}), PEERS)
        assert readings(comparison) == {("plain", "swift")}

    def test_a_rule_that_fails_at_another_traffic_holds_at_this_one(self) -> None:
        false = {ELSEWHERE.name: {"swift": 0.02}}
        comparison = compare(scores(false, {OURS: 30.0, "swift": 20.0}), PEERS)
        assert readings(comparison) == {("plain", "swift"), ("same traffic", "swift")}

    def test_one_per_cent_is_held(self) -> None:
        false = {name: {"swift": 0.01} for name in (HEALTHY.name, BURSTS.name, ELSEWHERE.name)}
        comparison = compare(scores(false, {OURS: 30.0, "swift": 20.0}), PEERS)
        assert ("everywhere", "swift") in readings(comparison)

    def test_what_we_never_find_any_rule_finds_faster(self) -> None:
        comparison = compare(scores({}, {"slow": 500.0}), PEERS)
        assert {faster.ours for faster in comparison.faster} == {None}


def summary(form: Form) -> report.Summary:
    families = (HEALTHY, STEP, BY_NAME["incident of 50% from before, 5/s"])
    outcome = [(family, [judged(family, seed) for seed in range(2)]) for family in families]
    names = (OURS, *(rule.name for rule in RULES))
    found = [score(family, runs, names) for family, runs in outcome]
    return report.Summary(
        form=form,
        rules={name: overall(name, outcome) for name in names},
        families=found,
        targets=targets(found, 50.0, full=form == FULL),
        comparison=compare(found, names),
        titles={rule.name: rule.title for rule in RULES},
        milliseconds=50.0,
    )


@pytest.fixture(scope="module")
def quick() -> report.Summary:
    return summary(QUICK)


def test_the_summary_is_json_with_every_familys_every_rule(quick: report.Summary) -> None:
    read = msgspec.json.decode(report.encoded(quick), type=report.Summary)
    assert read == quick
    assert all(len(score.rules) == len(RULES) + 1 for score in read.families)


def test_all_three_files_are_written_and_the_pages_own_words_kept(
    quick: report.Summary, tmp_path: Path
) -> None:
    page = tmp_path / "docs" / "judgement.md"
    page.parent.mkdir()
    (tmp_path / "benchmarks" / "judgement").mkdir(parents=True)
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.write(quick, tmp_path)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old\n" not in text
    assert all(rule.title in text for rule in RULES)
    assert (tmp_path / "docs" / "judgement.svg").read_text().count("rollbackd") == 1
    assert (tmp_path / "benchmarks" / "judgement" / "summary.json").exists()
    report.write(quick, tmp_path)
    assert page.read_text() == text


def test_too_few_runs_miss_the_full_forms_figures(quick: report.Summary) -> None:
    full = summary(FULL)
    assert any("healthy release rolled back" in line for line in report.missed(full))
    assert not any("healthy release rolled back" in line for line in report.missed(quick))


def test_the_page_in_the_repository_has_the_marks() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs" / "judgement.md").read_text()
    assert text.index(report.BEGIN) < text.index(report.END)


def test_every_judge_sees_the_same_record_each_time() -> None:
    first, again = judged(STEP, 7), judged(STEP, 7)
    assert first._replace(seconds=0) == again._replace(seconds=0)
    assert first.alarms[OURS] >= (first.decided or 0.0)
    assert first.alarms[OURS] - (first.decided or 0.0) < 5
