"""A database beside what else decides: an emergency stop, an image that is gone, a person's choice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from daemon.adapters.simulation.kubelet import Fault, FaultKind
from daemon.core.case.case import Case, Instruction, Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.guards.emergency_stop import STOP
from daemon.core.migration import DowngradeChoice
from daemon.core.policy import Mode, Policy
from tests.engine.test_database import ALLOWED, FORBIDDEN, Migrated, done, steps
from tests.engine.world import POLICY, REF, World
from tests.simulation.database import NEW, OLD, TwinDatabase, policy_of

ENDS = (Phase.ROLLED_BACK, Phase.UNRECOVERED, Phase.HELD)
BAD = "v1.2.0-errors"


def at_the_backup(story: Migrated) -> Callable[[], None]:
    """Turn the clock until the backup was begun, and give what runs it instead of running it."""
    waiting: list[Callable[[], None]] = []

    def beside(job: Callable[[], None]) -> None:
        case = story.world.newest()
        begun = case is not None and any(
            effect.kind == "back-up-database" and effect.begun_at is not None for effect in case.pending
        )
        (waiting.append if begun else lambda job: job())(job)

    story.world.beside = beside
    while not waiting:
        story.world.run(1)
    story.world.beside = lambda job: job()
    return waiting[0]


def test_an_emergency_stop_just_before_a_command_is_run_keeps_it_from_running() -> None:
    story = Migrated(ALLOWED).release()
    run = at_the_backup(story)
    story.world.cluster.annotate(REF, STOP, "restoring by hand")
    run()
    case = story.ends()
    assert case.phase is Phase.HELD
    assert "restoring by hand" in case.status.reason
    assert (story.database.backups, story.database.downgrades) == ([], [])


def test_how_a_command_ended_that_an_emergency_stop_came_too_late_for_is_heard() -> None:
    story = Migrated(ALLOWED).release()
    at_the_backup(story)()
    story.world.cluster.annotate(REF, STOP, "restoring by hand")
    case = story.ends()
    assert case.phase is Phase.HELD
    assert "half-done: the backup of the database was done" in case.status.reason
    assert "restoring by hand" in case.status.reason
    assert (story.database.backups, story.database.downgrades) == ([NEW], [])


def two_good(choice: DowngradeChoice, policy: Policy = POLICY) -> tuple[World, TwinDatabase]:
    """v1.0.0 ran with the old version, v1.1.0 with the new one; v1.2.0 fails, and migrates nothing."""
    database = TwinDatabase()
    world = World(rps=50.0, errors={BAD: 0.3}, policy=replace(policy, migration=policy_of("job", choice)))
    for runner in world.runners.values():
        runner.programs = dict(database.programs)
    world.settled()
    world.deploy("v1.1.0")
    world.run(2)
    database.version = NEW
    world.run_until(Phase.HEALTHY, within=900)
    world.run(2)
    world.deploy(BAD)
    world.run(2)
    return world, database


def ended(world: World) -> Case:
    return world.run_until(*ENDS, within=900)


def test_the_next_revision_is_not_returned_to_where_it_ran_with_another_version() -> None:
    world, database = two_good(FORBIDDEN)
    world.cluster.fault("v1.1.0", Fault(kind=FaultKind.IMAGE_MISSING))
    case = ended(world)
    assert case.phase is Phase.UNRECOVERED
    assert "revision 1 (v1.0.0) is not returned to: held, the database was migrated" in case.status.reason
    assert f"({OLD} → {NEW})" in case.status.reason
    assert database.downgrades == []


def test_with_leave_the_database_is_taken_back_for_the_next_revision_as_well() -> None:
    world, database = two_good(ALLOWED)
    world.cluster.fault("v1.1.0", Fault(kind=FaultKind.IMAGE_MISSING))
    case = ended(world)
    assert (case.phase, world.tag(), database.version) == (Phase.ROLLED_BACK, "v1.0.0", OLD), (
        case.status.reason
    )
    kinds = ("rollback", "back-up-database", "downgrade-database", "rollback")
    assert [step for step in steps(case) if step[0] in kinds] == done(*kinds)


@pytest.mark.parametrize("choice", DowngradeChoice)
def test_a_revision_that_a_person_names_is_held_against_what_it_ran_with(choice: DowngradeChoice) -> None:
    world, database = two_good(choice, replace(POLICY, mode=Mode.APPROVAL))
    case = world.run_until(Phase.AWAITING_APPROVAL, within=300)
    assert case.status.target is not None
    assert case.status.target.tag == "v1.1.0"
    order = Instruction(action="approve", by="anna", at=world.clock.now(), revision=1, unproven=True)
    world.store.instruct(replace(case, spec=replace(case.spec, instruction=order)))
    world.run(3)
    case = ended(world)
    assert case.phase is Phase.HELD
    assert f"the database was migrated since revision 1 (v1.0.0) was found healthy ({OLD} → {NEW})" in (
        case.status.reason
    )
    assert ("rollback", EffectOutcome.DONE) not in steps(case)
    assert database.version == NEW
    world.instruct(case, "approve")
    world.run(3)
    case = ended(world)
    assert (case.phase, world.tag()) == (Phase.ROLLED_BACK, "v1.0.0"), case.status.reason
    assert database.version == (OLD if choice is ALLOWED else NEW)
