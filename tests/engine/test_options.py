"""An approval that names the revision to return to."""

from __future__ import annotations

import msgspec
import pytest

from daemon.core.case.case import Case, Instruction, Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.policy import Mode
from tests.engine.world import POLICY, World

BAD = "v1.2.0-errors"
WORSE = "v1.3.0-errors"


def awaiting(mode: Mode = Mode.APPROVAL) -> tuple[World, Case]:
    """Revision 1 and 2 are good, 3 failed and was rolled back from, and 5 is bad as well."""
    world = World(rps=50.0, errors={BAD: 0.3, WORSE: 0.3}).settled()
    world.deploy("v1.1.0")
    world.run_until(Phase.PROGRESSING, Phase.WATCHING, within=60)
    world.run_until(Phase.HEALTHY, within=900)
    world.deploy(BAD)
    world.run(5)
    world.run_until(Phase.ROLLED_BACK, within=300)
    world.policy = msgspec.structs.replace(POLICY, mode=mode)
    world.deploy(WORSE)
    world.run(5)
    return world, world.run_until(Phase.AWAITING_APPROVAL, Phase.ADVISED, within=300)


def approve(world: World, case: Case, revision: int, *, unproven: bool = False) -> None:
    order = Instruction(
        action="approve", by="anna", at=world.clock.now(), revision=revision, unproven=unproven
    )
    found = world.store.get(case.namespace, case.name)
    spec = msgspec.structs.replace(found.spec, instruction=order)
    world.store.instruct(msgspec.structs.replace(found, spec=spec))
    world.run(1)


@pytest.mark.parametrize("mode", [Mode.APPROVAL, Mode.ADVISE])
def test_an_older_good_revision_is_returned_to_on_a_persons_word(mode: Mode) -> None:
    world, case = awaiting(mode)
    assert case.status.target is not None
    assert case.status.target.tag == "v1.1.0"
    approve(world, case, 1)
    case = world.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, Phase.HELD, within=300)
    assert (case.phase, world.tag()) == (Phase.ROLLED_BACK, "v1.0.0")
    said = [entry.text for entry in case.status.timeline if "approved by anna" in entry.text]
    assert "returning to revision 1 (v1.0.0) as asked, known from before" in said[0]


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (9, "has no revision 9; there are: revision 1"),
        (3, "is not proven good, it failed: "),
        (5, "is not proven good, it is what runs now"),
    ],
)
def test_what_cannot_be_returned_to_holds_with_one_sentence(number: int, says: str) -> None:
    world, case = awaiting()
    approve(world, case, number)
    held = world.newest()
    assert held is not None
    assert (held.phase, world.tag()) == (Phase.HELD, WORSE)
    assert says in held.status.reason
    assert held.steps == ()


def test_an_unproven_one_needs_the_word_and_it_is_said() -> None:
    world, case = awaiting()
    approve(world, case, 3, unproven=True)
    case = world.run_until(Phase.ROLLING_BACK, Phase.VERIFYING, within=60)
    assert any("though it is not proven good, it failed" in e.text for e in case.status.timeline)
    case = world.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=900)
    assert (case.phase, world.tag()) == (Phase.UNRECOVERED, BAD), "and no recovery is claimed of it"


def test_an_approval_that_comes_too_late_says_why() -> None:
    world, case = awaiting()
    world.deploy("v1.4.0")
    world.run(5)
    approve(world, case, 0)
    late = world.store.get(case.namespace, case.name)
    assert "approved by anna, too late: the case ended as Superseded (" in late.status.timeline[-1].text
    assert world.tag() == "v1.4.0"


def test_what_runs_is_nothing_to_return_to() -> None:
    world, case = awaiting()
    approve(world, case, 5, unproven=True)
    held = world.newest()
    assert held is not None
    assert "is what is judged: nothing to do" in held.status.reason
    assert not [e for e in held.status.effects if e.outcome is EffectOutcome.DONE and e.is_step]
