"""Kill −9 at every write: the daemon is killed there, started again, and rolls back exactly once."""

from __future__ import annotations

import pytest

from daemon.core.case.case import Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.model import Change
from daemon.ports import Conflict, Unavailable
from tests.engine.killing import kill_during, writes_during
from tests.engine.world import REF, World
from tests.simulation.troubles import Killed

BAD = "v1.1.0-bad"


def start() -> World:
    world = World(errors={BAD: 0.5}, rps=20.0).settled()
    world.deploy(BAD)
    return world


TOLD = ["opened", "updated", "updated", "closed"]
"""Failing, rolling back, verifying, recovered."""


def told(world: World) -> list[str]:
    """The stages that people heard of, each once however often it was delivered."""
    once = dict.fromkeys((i.key, i.stage, i.at) for i in world.sink.deliveries)
    return [stage for _, stage, _ in sorted(once, key=lambda telling: telling[2])]


def test_the_story_as_it_goes_undisturbed() -> None:
    world = start()
    world.run_until(Phase.ROLLED_BACK, within=300)
    world.run(5)
    world.run(5)
    assert told(world) == TOLD


def writes_of_the_story() -> int:
    world = start()
    return writes_during(world, lambda: world.run_until(Phase.ROLLED_BACK, within=300))


@pytest.mark.parametrize("made", [True, False], ids=["after the write", "before the write"])
@pytest.mark.parametrize("write", range(1, writes_of_the_story() + 1))
def test_killed_at_a_write(write: int, made: bool) -> None:
    world = start()
    world.store.writes.crash_after(write, made=made)
    kill_during(world, lambda: world.run_until(Phase.ROLLED_BACK, within=300), gap=7)
    world.run_until(Phase.ROLLED_BACK, within=600)
    assert (world.tag(), world.numbers()) == ("v1.0.0", 3), "exactly one rollback"
    world.run(5)
    assert told(world) == TOLD


def test_another_writer_of_the_case_only_delays() -> None:
    world = start()
    world.store.writes.fail_next(3, Conflict("the case was changed meanwhile"))
    world.run_until(Phase.ROLLED_BACK, within=400)
    assert world.numbers() == 3


def test_a_release_between_intent_and_act_is_not_touched() -> None:
    world = start()
    world.run_until(Phase.WATCHING, Phase.PROGRESSING, within=100)
    world.cluster.undos.fail_next(3, Unavailable("the API server does not answer"))
    world.run_until(Phase.ROLLING_BACK, within=300)
    world.deploy("v1.2.0")
    world.run(60)
    phases = {case.spec.revision.tag: case.phase for case in world.store.cases()}
    assert phases[BAD] is Phase.SUPERSEDED
    assert world.tag() == "v1.2.0"


def test_killed_while_adopting_what_runs() -> None:
    """A case without its status reads as fresh; what was only adopted must not be judged for it."""
    world = World(errors={"v1.0.0": 0.5}, rps=20.0)
    world.run(300, step=15.0)
    world.store.writes.crash_after(1)
    with pytest.raises(Killed):
        world.settled(0)
    world.restart()
    world.run(300)
    case = world.newest()
    assert case is not None
    assert (case.phase, case.spec.change, world.numbers()) == (Phase.HEALTHY, Change.ADOPTED, 1)
    assert "not judged" in case.status.reason


def rollbacks(world: World) -> int:
    """Patches that cases say were made: what the daily limit counts."""
    done = [
        effect
        for case in world.store.cases()
        for effect in case.status.effects
        if effect.kind == "rollback" and effect.outcome is EffectOutcome.DONE
    ]
    return len(done)


def lagging(lag: float) -> World:
    world = World(errors={BAD: 0.5}, rps=20.0, lag=lag).settled()
    world.deploy(BAD)
    return world


@pytest.mark.parametrize("killed", [False, True], ids=["answer lost", "killed"])
@pytest.mark.parametrize("moment", [0.0, 0.1, 0.3, 0.9, 1.1, 2.5, 5.0, 12.0])
@pytest.mark.parametrize("lag", [0.2, 1.0])
def test_a_release_applied_again_after_the_patch_is_not_patched_unjudged(
    lag: float, moment: float, killed: bool
) -> None:
    """The patch is made, its answer is lost, and somebody applies the same release once more."""
    world = lagging(lag)
    if killed:
        world.cluster.undos.crash_after(1, made=True)
        with pytest.raises(Killed):
            world.run_until(Phase.ROLLED_BACK, within=300)
        world.kill()
    else:
        world.cluster.undos.fail_next(1, Unavailable("connection reset"), made=True)
        world.run_until(Phase.ROLLING_BACK, within=300)
    if moment:
        world.run(moment, step=0.1)
    world.deploy(BAD)
    judged = world.store.cases()[-1]
    if killed:
        world.run(3, step=0.1)
        world.start()
    world.run(3, step=0.1)
    case = world.store.get(judged.namespace, judged.name)
    assert case.status.patched_at is not None, "what was patched is known as patched"
    if case.phase is Phase.HELD:
        assert "applied again over the rollback" in case.status.reason
        world.run(60)
        assert (world.tag(), world.numbers(), rollbacks(world)) == (BAD, 2, 1), "there was no rollout"
        return
    assert case.phase is Phase.SUPERSEDED
    world.run_until(Phase.ROLLED_BACK, within=300)
    assert (world.tag(), world.numbers(), rollbacks(world)) == ("v1.0.0", 5, 2), "one patch a case"


def test_a_rollback_whose_answer_was_lost_counts_although_a_new_release_took_over() -> None:
    world = start()
    world.cluster.undos.fail_next(1, Unavailable("connection reset"), made=True)
    world.run_until(Phase.ROLLING_BACK, within=300)
    world.deploy("v1.2.0")
    world.run(30)
    (case,) = [c for c in world.store.cases() if c.spec.revision.tag == BAD]
    assert (case.phase, case.status.patched_at is not None) == (Phase.SUPERSEDED, True)
    assert (world.tag(), rollbacks(world)) == ("v1.2.0", 1)


@pytest.mark.parametrize("lag", [0.2, 1.0])
def test_a_release_undone_and_applied_again_before_the_patch_is_not_touched(lag: float) -> None:
    """No patch of ours was made: the revision number says that it is another rollout."""
    world = lagging(lag)
    world.cluster.undos.fail_next(1, Unavailable("the API server does not answer"))
    world.run_until(Phase.ROLLING_BACK, within=300)
    world.cluster.undo_by_somebody(REF)
    world.cluster.tick()
    world.clock.advance(lag + 0.1)
    world.cluster.tick()
    judged = world.store.cases()[-1]
    world.deploy(BAD)
    world.run(3, step=0.1)
    assert world.store.get(judged.namespace, judged.name).phase is Phase.SUPERSEDED
    world.run_until(Phase.ROLLED_BACK, within=300)
    assert (world.numbers(), rollbacks(world)) == (5, 1), "by the new rollout's own case"


def generation(world: World) -> int:
    workload = world.cluster.workload(REF)
    assert workload is not None
    return workload.status.generation


@pytest.mark.parametrize("lost", [True, False], ids=["answer lost", "answer heard"])
@pytest.mark.parametrize("made", [True, False], ids=["after the write", "before the write"])
@pytest.mark.parametrize("write", range(1, writes_of_the_story() + 1))
def test_killed_at_a_write_and_the_same_release_applied_again(write: int, made: bool, lost: bool) -> None:
    """Each rollout that was judged is patched once, and each patch is known by its case."""
    world = start()
    if lost:
        world.cluster.undos.fail_next(1, Unavailable("connection reset"), made=True)
    world.store.writes.crash_after(write, made=made)
    with pytest.raises(Killed):
        world.run_until(Phase.ROLLED_BACK, within=300)
    world.kill()
    before = generation(world)
    world.deploy(BAD)
    by_people = 1 + generation(world) - before
    world.run(3)
    world.start()
    world.run(5)
    case = world.run_until(Phase.ROLLED_BACK, Phase.HELD, within=400)
    world.run(30)
    done = [
        sum(e.kind == "rollback" and e.outcome is EffectOutcome.DONE for e in c.status.effects)
        for c in world.store.cases()
    ]
    assert max(done) <= 1, "no rollout is rolled back twice"
    assert sum(done) == generation(world) - 1 - by_people, "what was patched is known, and nothing else"
    if case.phase is Phase.HELD:
        assert "applied again over the rollback" in case.status.reason
    else:
        assert world.tag() == "v1.0.0"


def test_what_was_applied_over_the_rollback_can_be_rolled_back_by_approval() -> None:
    """The controller never saw the first patch, so the release kept its number, and a person decides."""
    world = lagging(1.0)
    world.run_until(Phase.ROLLING_BACK, within=300)
    world.deploy(BAD)
    world.run(30)
    case = world.run_until(Phase.HELD, within=1)
    assert world.numbers() == 2
    world.instruct(case, "approve")
    world.run_until(Phase.ROLLED_BACK, within=200)
    assert (world.tag(), world.numbers(), rollbacks(world)) == ("v1.0.0", 3, 2)
