"""Where configuration was changed with no rollout, nothing that people read speaks of one."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case
from daemon.core.judge.reason import ReasonKind
from daemon.core.model import Change
from daemon.core.rollout_facts.configuration_change import ConfigurationChange
from daemon.presentation.explanation import explain
from tests.unit.cli.conftest import FakeParts, Rollbackd
from tests.unit.web import samples, watched

CHANGE = ConfigurationChange(name="settings", uid="u1", version="7", before="a" * 8, after="b" * 8)
FITTING = ("with no rollout", "1,600 rollouts")
"""What is said of the change itself, and of odds."""


def in_place(case: Case) -> Case:
    assert case.status.assessment is not None
    spec = replace(case.spec, change=Change.CONFIGURATION, configuration=(CHANGE,))
    assessment = replace(case.status.assessment, attribution_reason="the same pods were well before")
    return replace(case, spec=spec, status=replace(case.status, assessment=assessment))


def onset(case: Case, low: float, high: float) -> Case:
    assert case.status.assessment is not None
    began = case.spec.started_at.timestamp()
    assessment = replace(case.status.assessment, onset=(began + low, began + high))
    return replace(case, status=replace(case.status, assessment=assessment))


@pytest.mark.parametrize("command", ["explain", "show"])
def test_times_are_since_the_change(command: str, rollbackd: Rollbackd, parts: FakeParts) -> None:
    parts.add(in_place(watched.watched(0.2)))

    said = rollbackd(command, "gl-006-heatreclaim").stdout

    assert "since the change was made" in said
    for words in FITTING:
        said = said.replace(words, "")
    assert "rollout" not in said.lower()


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.0, 15.0, "between 0 and 15 s after the change was made"),
        (-30.0, 15.0, "between 30 s before the change and 15 s after it"),
        (-45.0, -30.0, "between 45 and 30 s before the change"),
    ],
)
def test_so_is_the_failure(low: float, high: float, words: str) -> None:
    case = in_place(watched.watched(0.2))

    shown = explain(onset(case, low, high), samples.POLICY)

    assert words in shown.onset_words
    assert shown.decisions[0].split(": ")[0].endswith("s after the change was made")
    assert shown.signals[0].baseline_words.startswith("Before the change ")


def test_of_a_rollout_they_are_since_it_began() -> None:
    shown = explain(onset(watched.watched(0.2), 0.0, 15.0), samples.POLICY)

    assert shown.beginning == "the rollout began"
    assert "after the rollout began" in shown.onset_words


def test_the_judges_reasons_fit_both() -> None:
    assert not [kind for kind in ReasonKind if "rollout" in kind.words]
