"""What befalls a workload after its case is over is told, and never acted on."""

from __future__ import annotations

from daemon.adapters.simulation.kubelet import Fault, FaultKind
from daemon.core.case.case import Case, Phase
from tests.engine.world import REF, World


def over() -> World:
    """A release that was watched to its end, and loses its readiness for good ten minutes later."""
    world = World(rps=50.0, faults={"v1.0.1": Fault(kind=FaultKind.LOSES_READINESS, after=1500.0)})
    world.settled()
    world.deploy("v1.0.1")
    world.run(30)
    world.run_until(Phase.HEALTHY, within=900)
    return world


def case_of(world: World) -> Case:
    case = world.newest()
    assert case is not None
    return case


def test_it_is_told_as_no_rollout_and_nothing_is_done() -> None:
    world = over()
    number, patches = world.numbers(), world.cluster.undos.calls
    assert case_of(world).status.trouble is None
    for _ in range(30):
        world.run(60)
        world.resync()
    case = case_of(world)
    assert case.phase is Phase.HEALTHY
    assert case.status.trouble is not None
    assert "3 of 3 pods are not well" in case.status.trouble.text
    assert (world.numbers(), world.cluster.undos.calls) == (number, patches)
    [told] = [i for i in world.sink.deliveries if i.key == case.uid]
    assert told.title == "GL-006 NOT WELL, AND NO ROLLOUT IS UNDER WAY"
    assert "no rollout is the cause, so the daemon does nothing" in told.message
    assert "not a rollout" in case.status.timeline[-1].text


def test_it_is_told_once_and_once_that_it_is_over() -> None:
    world = over()
    for _ in range(30):
        world.run(60)
        world.resync()
    case = case_of(world)
    before = len(world.sink.deliveries)
    world.cluster.fault("v1.0.1", None)
    workload = world.cluster.workload(REF)
    assert workload is not None
    for pod in workload.live:
        world.cluster.accidents.remove_pod(REF, pod.name)
    for _ in range(5):
        world.run(60)
        world.resync()
    assert case_of(world).status.trouble is None
    assert [i.stage for i in world.sink.deliveries[before:]] == ["closed"]
    assert case_of(world).name == case.name


def test_a_new_rollout_ends_what_is_said_of_the_old_one() -> None:
    world = over()
    for _ in range(30):
        world.run(60)
        world.resync()
    old = case_of(world)
    world.deploy("v1.0.2")
    world.run(30)
    assert case_of(world).name != old.name
    assert world.store.get(old.namespace, old.name).status.trouble is None
