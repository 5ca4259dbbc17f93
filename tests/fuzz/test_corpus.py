"""What is kept of the fuzzing, and a few inputs near it: each is taken or refused, and trips up nothing."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from ruamel.yaml import YAML

from tests.fuzz.__main__ import corpus
from tests.fuzz.mutation import Mutator
from tests.fuzz.surfaces import CORPUS, SURFACES

NIGHTLY = Path(__file__).parents[2] / ".github/workflows/nightly.yml"
NEAR = {"settings": 20, "prometheus": 60}
"""Inputs near the corpus; a surface that is slow gets fewer than the others' 150."""


def test_each_surface_has_a_corpus() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(SURFACES)


def test_each_surface_is_fuzzed_every_night() -> None:
    workflow = YAML(typ="safe").load(NIGHTLY)
    assert set(workflow["jobs"]["fuzz"]["strategy"]["matrix"]["surface"]) == set(SURFACES)


@pytest.mark.parametrize("name", SURFACES)
def test_a_surface_takes_or_refuses_whatever_comes(name: str) -> None:
    kept = corpus(name)
    near = Mutator(Random(name), kept)
    for body in [*kept, *(near.next() for _ in range(NEAR.get(name, 150)))]:
        SURFACES[name](body)


def test_the_same_seed_gives_the_same_inputs_and_they_differ_from_the_corpus() -> None:
    kept = corpus("alerts")
    one, other = Mutator(Random(1), kept), Mutator(Random(1), kept)
    inputs = [one.next() for _ in range(50)]
    assert inputs == [other.next() for _ in range(50)]
    assert len(set(inputs) - set(kept)) > 40
