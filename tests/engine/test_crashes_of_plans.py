"""Kill −9 at every write of a plan of three steps: each step is carried out once, and in its order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from daemon.core.case.case import Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.policy import ConfigurationChoice
from daemon.ports import Unavailable
from tests.engine.killing import kill_during, writes_during
from tests.engine.test_configuration import broken
from tests.engine.world import REF, World
from tests.simulation.troubles import Troubles

KINDS = ["restore-configuration", "rollback", "restart"]


def start() -> World:
    return broken(ConfigurationChoice.RESTORE)


def writes_of_the_story() -> int:
    world = start()
    return writes_during(world, lambda: world.run_until(Phase.ROLLED_BACK, within=300))


def each_once(world: World) -> None:
    """The restart of people was number 2; the rollback and its restart are one revision each at most."""
    case = world.newest()
    assert case is not None
    assert [(e.kind, e.outcome) for e in case.status.effects if e.is_step] == [
        (kind, EffectOutcome.DONE) for kind in KINDS
    ]
    assert world.configuration.restored == 1
    workload = world.cluster.workload(REF)
    assert workload is not None
    assert len(workload.revisions) == 3, "what ran, the bad restart, and one restart of ours"
    assert len(world.store.cases()) == 2


@pytest.mark.parametrize("made", [True, False], ids=["after the write", "before the write"])
@pytest.mark.parametrize("write", range(1, writes_of_the_story() + 1))
def test_killed_at_a_write(write: int, made: bool) -> None:
    world = start()
    world.store.writes.crash_after(write, made=made)
    kill_during(world, lambda: world.run_until(Phase.ROLLED_BACK, within=300), gap=7)
    world.run_until(Phase.ROLLED_BACK, within=600)
    each_once(world)


STEPS: dict[str, Callable[[World], Troubles]] = {
    "restore-configuration": lambda world: world.configuration.restores,
    "rollback": lambda world: world.cluster.undos,
    "restart": lambda world: world.cluster.restarts,
}


@pytest.mark.parametrize("kind", ["restore-configuration", "rollback", "restart"])
def test_a_release_between_intent_and_act_ends_the_plan(kind: str) -> None:
    world = start()
    STEPS[kind](world).fail_next(3, Unavailable("the API server does not answer"))
    world.run_until(Phase.ROLLING_BACK, within=300)
    world.run(0.5, step=0.1)
    world.deploy("v1.2.0")
    world.run(60)
    [case] = [c for c in world.store.cases() if c.spec.revision.number == 2]
    assert case.phase is Phase.SUPERSEDED, case.status.reason
    assert case.pending_step is None
    if kind != "restore-configuration":
        # Otherwise the newer release reads the bad configuration, and its own case sees to it.
        assert world.tag() == "v1.2.0"
        assert "half-done: restoring ConfigMap gl-006-heatreclaim-config" in case.status.reason
