"""How often a case is written: what it means at once, and that people were notified along with the rest."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case, Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.policy import GateChoice, Mode
from daemon.engine.saving import SAVE_EVERY
from tests.engine.world import POLICY, World

BAD = "v1.1.0-bad"
MOST_WRITES = 15
"""Of a rollback, at the API server: the case, the patch, and an Event each time that people are notified."""


def start(mode: Mode = Mode.AUTOMATIC, *, rps: float = 20.0, seed: int = 0) -> World:
    policy = replace(POLICY, mode=mode, gates=GateChoice.HOLD)
    world = World(errors={BAD: 0.5}, rps=rps, policy=policy, seed=seed).settled()
    world.deploy(BAD)
    return world


def newest(world: World) -> Case:
    case = world.newest()
    assert case is not None
    return case


@pytest.mark.parametrize(("rps", "seed"), [(5.0, 0), (5.0, 1), (20.0, 0), (50.0, 2)])
def test_a_rollback_costs_few_writes(rps: float, seed: int) -> None:
    world = start(rps=rps, seed=seed)
    before = world.store.writes.calls
    world.run_until(Phase.ROLLED_BACK, within=300)
    world.run(SAVE_EVERY + 10)
    case = newest(world)
    assert not case.pending
    patches, notified = world.cluster.undos.calls, len(world.sink.deliveries)
    assert world.store.writes.calls - before + patches + notified <= MOST_WRITES + proving(case) // SAVE_EVERY


def proving(case: Case) -> float:
    """Seconds in which nothing changed but the numbers of a recovery that takes long to prove."""
    began, ended = case.status.rolled_out_at, case.status.finished_at
    assert began is not None
    assert ended is not None
    return (ended - began).total_seconds()


def test_that_people_were_notified_is_stored_although_nothing_else_happens() -> None:
    world = start(Mode.APPROVAL)
    world.run_until(Phase.AWAITING_APPROVAL, within=300)
    world.run(SAVE_EVERY + 10)
    case = newest(world)
    assert [effect.outcome for effect in case.status.effects] == [EffectOutcome.DONE] * 2
    for effect in case.status.effects:
        assert effect.finished_at is not None
        assert effect.finished_at - effect.intended_at < timedelta(seconds=3), "when it was, not when stored"


def test_the_last_that_people_are_notified_of_is_stored_at_once() -> None:
    world = start()
    world.run_until(Phase.ROLLED_BACK, within=300)
    world.run(1)
    assert {effect.outcome for effect in newest(world).status.effects} == {EffectOutcome.DONE}


def test_what_was_not_stored_before_the_daemon_died_is_notified_again_by_the_same_name() -> None:
    world = start()
    world.run_until(Phase.VERIFYING, within=300)
    world.run(1)
    [unstored] = newest(world).pending
    before = [(told.key, told.stage, told.at) for told in world.sink.deliveries]
    assert unstored.stage == before[-1][1], "people were notified, and the case does not say so yet"
    world.restart()
    world.run(1)
    after = [(told.key, told.stage, told.at) for told in world.sink.deliveries]
    assert after == [*before, before[-1]]
    world.run_until(Phase.ROLLED_BACK, within=300)
    world.run(1)
    assert not newest(world).pending


def test_a_case_that_is_deleted_before_that_was_stored_is_notified_of_anew() -> None:
    world = start(Mode.APPROVAL)
    case = world.run_until(Phase.AWAITING_APPROVAL, within=300)
    world.run(1)
    before = len(world.sink.deliveries)
    assert newest(world).pending
    world.store.delete(case)
    world.run(2)
    again = world.run_until(Phase.AWAITING_APPROVAL, within=300)
    world.run(SAVE_EVERY + 10)
    assert (again.name, again.uid == case.uid) == (case.name, False)
    assert len(world.sink.deliveries) == 2 * before
    assert not newest(world).pending
