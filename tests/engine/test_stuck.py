"""A rollback that is stuck says why, in the words of whoever knows."""

from __future__ import annotations

from msgspec.structs import replace

from daemon.adapters.simulation.kubelet import Fault, FaultKind
from daemon.core.case.case import Case, Phase
from daemon.ports import Denied
from tests.engine.world import POLICY, World

BAD = "v1.1.0-bad"
UNREADY = Fault(kind=FaultKind.UNREADY)
CRASH = Fault(kind=FaultKind.CRASH)


def stuck(world: World, fault: Fault) -> Case:
    """The case of a rollback whose pods do not start."""
    world.deploy(BAD)
    world.run_until(Phase.ROLLING_BACK, within=300)
    world.cluster.fault("v1.0.0", fault)
    return world.run_until(Phase.UNRECOVERED, Phase.ROLLED_BACK, within=900)


def test_a_probe_that_fails_is_told_by_the_kubelets_event() -> None:
    world = World(errors={BAD: 0.5}).settled()
    case = stuck(world, UNREADY)
    assert case.phase is Phase.UNRECOVERED
    assert "running but not ready" in case.status.reason
    assert "Unhealthy (1 times): Readiness probe failed" in case.status.reason


def test_a_crash_is_told_with_the_last_line_where_logs_are_read() -> None:
    world = World(errors={BAD: 0.5}, policy=replace(POLICY, logs=True)).settled()
    world.deploy(BAD)
    world.run_until(Phase.ROLLING_BACK, within=300)
    world.cluster.fault("v1.0.0", CRASH)
    for _ in range(20):
        world.run(30)
        world.logs.write("v1.0.0", b"KeyError: DATABASE_URL")
        case = world.newest()
        if case is not None and case.phase is Phase.UNRECOVERED:
            break
    assert case is not None
    assert "ended with exit code 1 Error" in case.status.reason
    assert "logged last: KeyError: DATABASE_URL" in case.status.reason


def test_events_that_may_not_be_read_are_said_and_the_pods_own_words_stay() -> None:
    world = World(errors={BAD: 0.5}).settled()
    world.events.reads.fail(Denied('events is forbidden: User "rollbackd" cannot list resource "events"'))
    case = stuck(world, UNREADY)
    assert "running but not ready" in case.status.reason
    assert "Events cannot be read: events is forbidden" in case.status.reason


def test_while_a_rollout_is_under_way_nobody_is_asked() -> None:
    world = World(errors={BAD: 0.5}).settled()
    world.deploy(BAD)
    assert world.run_until(Phase.ROLLED_BACK, within=600).phase is Phase.ROLLED_BACK
    assert world.events.reads.calls == 0
