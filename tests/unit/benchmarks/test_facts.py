"""The facts benchmark counts what is false, and tells of it in a table that people read."""

from __future__ import annotations

import pytest

from benchmarks.facts import report
from benchmarks.facts.__main__ import tasks
from benchmarks.facts.happenings import ALL, When
from benchmarks.facts.playing import FALSE, Outcome, Run, Task
from benchmarks.facts.releases import KINDS


def run(outcome: Outcome, *, bad: bool = True, kind: str = "", decided: float | None = None) -> Run:
    task = Task(happening="nothing", bad=bad, when=When.BEFORE, seed=7)
    return Run(task=task, kind=kind, outcome=outcome, decided=decided, told=("10:00:00 it began",))


def test_happenings_are_told_apart_by_name() -> None:
    assert len({happening.name for happening in ALL}) == len(ALL)


def test_every_cell_is_played_as_often_and_only_a_rollback_has_a_verification() -> None:
    found = tasks("drained|broken in place", 3)
    cells = {(task.happening, task.bad, task.when) for task in found}
    assert len(found) == 3 * len(cells) == 3 * 8
    assert not any(when is When.VERIFYING and not bad for _, bad, when in cells)


@pytest.mark.parametrize("outcome", sorted(FALSE))
def test_a_false_outcome_stands_in_its_cell_with_its_seed_and_story(outcome: Outcome) -> None:
    text = report.text([run(Outcome.RIGHT), run(outcome, kind="out of memory")])
    assert f"1 {outcome.value}" in text
    assert f"{outcome.value}: nothing / bad / before, seed 7, out of memory\n    10:00:00 it began" in text


def test_holds_are_counted_apart() -> None:
    text = report.text([run(Outcome.RIGHT), run(Outcome.HELD), run(Outcome.UNPROVEN)])
    assert "1+1h+1u" in text


def test_a_kind_that_is_found_later_than_it_was_is_named() -> None:
    soon, late = [run(Outcome.RIGHT, kind="out of memory", decided=seconds) for seconds in (12.0, 40.0)]
    assert report.late([soon]) == []
    assert report.late([late]) == ["out of memory is found after 40 s, before after 10 s"]
    assert set(report.BEFORE) <= {kind.name for kind in KINDS}
