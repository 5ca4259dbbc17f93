"""After a rollback the logs are told with it, and decide nothing."""

from __future__ import annotations

from msgspec.structs import replace

from daemon.core.case.case import Case, Phase
from daemon.core.case.incident import message
from daemon.ports import Denied
from tests.engine.world import POLICY, World

BAD = "v1.1.0-bad"
ERROR = b'{"level": "ERROR", "message": "calculation %d failed", "url": "redis://:hunter22@redis-0/0"}'
USUAL = b'{"level": "ERROR", "message": "client %d went away"}'
READ = replace(POLICY, logs=True)


def told(world: World, case: Case) -> str:
    return message(case, world.policy, world.clock.now())


def rolled_back(world: World) -> Case:
    world.deploy(BAD)
    world.run_until(Phase.VERIFYING, within=300)
    world.logs.write("v1.0.0", ERROR % 1, ERROR % 2, USUAL % 3)
    return world.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=600)


def test_new_kinds_are_told_apart_from_those_that_the_proven_revision_had() -> None:
    world = World(errors={BAD: 0.5}, policy=READ).settled()
    world.logs.write("v1.0.0", USUAL % 1)
    case = rolled_back(world)
    assert case.phase is Phase.ROLLED_BACK, "error lines are no condition"
    found = case.status.logs
    assert found is not None
    assert [(one.kind, one.new) for one in found.kinds] == [
        ("calculation # failed", True),
        ("client # went away", False),
    ]
    assert "NEW, " in told(world, case)
    assert "hunter22" not in told(world, case)


def test_logs_that_may_not_be_read_are_said_and_hinder_nothing() -> None:
    world = World(errors={BAD: 0.5}, policy=READ).settled()
    world.logs.reads.fail(Denied('pods is forbidden: User "rollbackd" cannot get resource "pods/log"'))
    case = rolled_back(world)
    assert case.phase is Phase.ROLLED_BACK
    assert case.status.logs is not None
    assert (case.status.logs.pods, case.status.logs.kinds) == (0, ())
    assert "not read: " in told(world, case)
    assert "cannot get" in told(world, case)


def test_where_the_policy_does_not_say_so_no_log_is_read() -> None:
    world = World(errors={BAD: 0.5}).settled()
    case = rolled_back(world)
    assert (world.logs.reads.calls, case.status.logs, case.status.logs_before) == (0, None, None)
    assert "ogs of the last" not in told(world, case)


def test_while_a_recovery_is_being_proven_logs_are_read_once_a_minute() -> None:
    """Three pods: before the rollout, at the first look, and before the end; and once a minute between."""
    world = World(errors={BAD: 0.5}, policy=READ).settled()
    case = rolled_back(world)
    took = case.status.attended
    assert world.logs.reads.calls <= 3 * (3 + took // 60)
