"""What is said of some plain rollouts, word for word."""

from __future__ import annotations

import pytest

from tests.unit.recorded.scenarios import GOLDEN, SCENARIOS, said


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_explanation_is_the_one_that_was_read_and_agreed_to(name: str) -> None:
    assert said(SCENARIOS[name]) == GOLDEN.joinpath(f"{name}.txt").read_text()


def test_every_text_belongs_to_a_scenario() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(SCENARIOS)
