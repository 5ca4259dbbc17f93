"""Kill −9 at every write of a plan that takes the database back: nothing is done twice or made up."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case, Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.runs import Kind
from tests.engine.killing import writes_during
from tests.engine.world import POLICY, World
from tests.simulation.database import NEW, OLD, TwinDatabase, policy_of
from tests.simulation.troubles import Killed

BAD = "v1.1.0-crash"
PLAN = ["back-up-database", "downgrade-database", "rollback"]
ENDS = (Phase.ROLLED_BACK, Phase.UNRECOVERED, Phase.HELD)
COMMANDS = {"back-up-database": "backup", "downgrade-database": f"downgrade {OLD}"}


def start(kind: Kind) -> tuple[World, TwinDatabase]:
    database = TwinDatabase()
    world = World(rps=50.0, policy=replace(POLICY, migration=policy_of(kind)))
    for runner in world.runners.values():
        runner.programs = dict(database.programs)
    world.settled()
    world.faults_of(BAD)
    world.deploy(BAD)
    world.run(1)
    database.version = NEW
    return world, database


def writes_of_the_story() -> int:
    world, _ = start("job")
    return writes_during(world, lambda: world.run_until(Phase.ROLLED_BACK, within=600))


def revived(world: World) -> Case:
    world.kill()
    world.run(7)
    world.start()
    case = world.run_until(*ENDS, within=1200)
    world.run(5)
    return case


def honest(case: Case, database: TwinDatabase) -> None:
    """At most once each, in order, and a recovery only after all of it."""
    assert len(database.backups) <= 1
    assert len(database.downgrades) <= 1
    outcomes = [effect.outcome for effect in case.status.effects if effect.is_step]
    if case.phase is Phase.ROLLED_BACK:
        assert outcomes == [EffectOutcome.DONE] * 3
        assert (database.backups, database.version) == ([NEW], OLD)
    else:
        assert case.phase is Phase.HELD
        assert "by a daemon that was stopped meanwhile" in case.status.reason
        assert "half-done" in case.status.reason
        assert outcomes[-1] is EffectOutcome.SUPERSEDED, "the template was not put back"


@pytest.mark.parametrize("made", [True, False], ids=["after the write", "before the write"])
@pytest.mark.parametrize("write", range(1, writes_of_the_story() + 1))
def test_killed_at_a_write_with_jobs(write: int, made: bool) -> None:
    world, database = start("job")
    world.store.writes.crash_after(write, made=made)
    with pytest.raises(Killed):
        world.run_until(Phase.ROLLED_BACK, within=600)
    case = revived(world)
    assert case.phase is Phase.ROLLED_BACK, "a Job is found again"
    honest(case, database)


@pytest.mark.parametrize("made", [True, False], ids=["after the write", "before the write"])
@pytest.mark.parametrize("write", range(1, writes_of_the_story() + 1))
def test_killed_at_a_write_with_commands_in_pods(write: int, made: bool) -> None:
    world, database = start("exec")
    world.store.writes.crash_after(write, made=made)
    with pytest.raises(Killed):
        world.run_until(Phase.ROLLED_BACK, within=600)
    honest(revived(world), database)


@pytest.mark.parametrize("made", [True, False], ids=["after the act", "before the act"])
@pytest.mark.parametrize("step", COMMANDS)
@pytest.mark.parametrize("kind", ["job", "exec"])
def test_killed_between_intent_and_outcome(kind: Kind, step: str, made: bool) -> None:
    world, database = start(kind)
    world.runners[kind].crash_at(COMMANDS[step], made=made)
    with pytest.raises(Killed):
        world.run_until(Phase.ROLLED_BACK, within=600)
    case = revived(world)
    honest(case, database)
    found = kind == "job" or (step == "downgrade-database" and made)
    assert case.phase is (Phase.ROLLED_BACK if found else Phase.HELD), case.status.reason


def test_a_job_that_may_have_been_cleared_away_meanwhile_is_not_made_again() -> None:
    world, database = start("job")
    world.runners["job"].crash_at("backup", made=True)
    with pytest.raises(Killed):
        world.run_until(Phase.ROLLED_BACK, within=600)
    world.kill()
    world.run(3600, step=60.0)
    world.start()
    case = world.run_until(*ENDS, within=1200)
    assert case.phase is Phase.HELD
    assert "whether it was made cannot be found out" in case.status.reason
    assert len(database.backups) == 1
