"""What only the cluster's twin can do: be exact, repeat itself, and go wrong on demand."""

from __future__ import annotations

import threading

import pytest

from daemon.adapters.simulation.health import MemoryHealthProbe
from daemon.adapters.simulation.kubelet import Fault, FaultKind
from daemon.adapters.simulation.templates import simple_template
from daemon.core.case.effect import EffectOutcome
from daemon.core.model import Workload, WorkloadRef
from daemon.core.rollout_facts.endpoints import written
from daemon.core.signals.sample import Sample
from daemon.ports import Missing, Rejected, Unavailable
from tests.contract.twins import DOWN, REF, World


def lived(step: float) -> tuple[Workload, tuple[Sample, ...]]:
    """A busy life that is looked at every ``step`` seconds."""
    world = World(v3=Fault(kind=FaultKind.CRASH, after=10.0), v4=Fault(kind=FaultKind.IMAGE_MISSING))
    for number in range(1, 7):
        world.cluster.set_image(REF, f"app:v{number}")
        for _ in range(int(120 / step)):
            world.clock.advance(step)
            world.cluster.tick()
            world.samples()
    start = world.clock.now().replace(hour=0)
    return world.workload, world.metrics.history("errors", start, world.clock.now())


def test_looking_changes_nothing() -> None:
    often, seldom = lived(0.5), lived(120.0)
    assert often == seldom
    assert len(often[1]) > 300


def test_the_surge_is_one_and_nothing_gets_unavailable() -> None:
    world = World()
    world.clock.advance(10)
    world.cluster.set_image(REF, "app:v2")
    pods, available = [], []
    for _ in range(60):
        world.clock.advance(0.25)
        pods.append(sum(not pod.deleting for pod in world.workload.pods))
        available.append(world.workload.status.available)
    assert (max(pods), min(pods)) == (4, 3)
    assert min(available) == 3
    assert world.workload.status.complete


def test_scaling_in_the_middle_of_a_rollout() -> None:
    world = World()
    world.clock.advance(10)
    world.cluster.set_image(REF, "app:v2")
    world.clock.advance(4)
    world.cluster.scale(REF, 5)
    world.clock.advance(60)
    assert world.workload.status.complete
    assert len(world.workload.pods) == 5
    world.cluster.scale(REF, 0)
    world.clock.advance(10)
    assert not world.workload.pods


def test_a_paused_rollout_can_be_scaled() -> None:
    world = World()
    world.clock.advance(10)
    world.cluster.pause(REF)
    world.cluster.set_image(REF, "app:v2")
    world.cluster.scale(REF, 5)
    world.clock.advance(10)
    assert world.workload.current is None
    assert len(world.workload.pods) == 5
    with pytest.raises(Rejected, match="paused"):
        world.cluster.undo_by_somebody(REF)


def test_only_ten_old_revisions_are_kept() -> None:
    world = World()
    world.clock.advance(10)
    for number in range(2, 15):
        world.cluster.set_image(REF, f"app:w{number}")
        world.clock.advance(30)
    assert [revision.number for revision in world.workload.revisions] == list(range(4, 15))
    with pytest.raises(Rejected, match="revision 2"):
        world.cluster.undo_by_somebody(REF, 2)


def test_the_hash_follows_from_the_template_alone() -> None:
    first, second = World(), World()
    second.cluster.set_image(REF, "app:v2")
    second.cluster.set_image(REF, "app:v1")
    for world in (first, second):
        world.clock.advance(30)
    one, other = first.workload.current, second.workload.current
    assert one is not None
    assert other is not None
    assert one.hash == other.hash


def test_a_template_with_a_hash_of_its_own_is_the_same_template() -> None:
    world = World()
    world.clock.advance(30)
    current = world.workload.current
    assert current is not None
    template = simple_template(REF.name, "app:v1")
    template["metadata"]["labels"]["pod-template-hash"] = current.hash
    world.cluster.apply(REF, template)
    world.clock.advance(30)
    assert world.workload.revisions == (current,)
    assert world.cluster.template(REF, current) == simple_template(REF.name, "app:v1")


def test_a_change_cause_travels_with_its_revision() -> None:
    world = World()
    world.clock.advance(10)
    world.cluster.set_image(REF, "app:v2", change_cause="faster pinch analysis")
    world.clock.advance(30)
    world.cluster.set_image(REF, "app:v3", change_cause="leaner")
    world.clock.advance(30)
    world.cluster.undo_by_somebody(REF)
    world.clock.advance(30)
    current = world.workload.current
    assert current is not None
    assert current.change_cause == "faster pinch analysis"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(FaultKind.CONFIG_ERROR, "CreateContainerConfigError"), (FaultKind.IMAGE_MISSING, "ImagePullBackOff")],
)
def test_a_pod_that_cannot_start(kind: FaultKind, reason: str) -> None:
    world = World(v2=Fault(kind=kind))
    world.clock.advance(10)
    world.cluster.set_image(REF, "app:v2")
    world.clock.advance(10)
    [pod] = [pod for pod in world.workload.pods if not pod.ready]
    assert pod.containers[0].waiting_reason == reason
    assert "not found" in pod.containers[0].waiting_message


def test_a_pod_that_fits_nowhere() -> None:
    world = World(v2=Fault(kind=FaultKind.UNSCHEDULABLE))
    world.clock.advance(10)
    world.cluster.set_image(REF, "app:v2")
    world.clock.advance(10)
    [pod] = [pod for pod in world.workload.pods if not pod.ready]
    assert "Insufficient memory" in pod.unschedulable
    assert (pod.ip, pod.node, pod.containers) == ("", "", ())


def test_pods_that_crash_after_a_while_serve_until_then_and_count_from_zero_again() -> None:
    world = World(v3=Fault(kind=FaultKind.CRASH, after=30.0))
    world.clock.advance(30)
    world.cluster.set_image(REF, "app:v3")
    totals: dict[str, list[float]] = {}
    for _ in range(200):
        world.clock.advance(1)
        for sample in world.samples():
            totals.setdefault(sample.pod, []).append(sample.total)
    assert any(values != sorted(values) for values in totals.values())
    assert sum(pod.restarts for pod in world.workload.pods) > 0


def test_reads_fail_when_told_and_the_health_endpoints_do_not() -> None:
    world = World()
    world.clock.advance(10)
    pods = world.workload.pods
    world.cluster.fail_reads(DOWN)
    for read in (world.cluster.workloads, lambda: world.cluster.workload(REF)):
        with pytest.raises(Unavailable):
            read()
    assert not world.cluster.fresh()
    assert all(
        health.ok
        for health in MemoryHealthProbe(world.cluster).probe(pods, [written("/health"), written("/ready")])
    )
    world.cluster.fail_reads(None)
    assert world.workload.status.complete
    assert world.cluster.fresh()


def test_frozen_watches_repeat_what_they_saw() -> None:
    world = World()
    world.clock.advance(10)
    before = world.workload
    world.cluster.freeze_watches(True)
    world.cluster.set_image(REF, "app:v2")
    world.clock.advance(60)
    assert world.workload == before
    assert not world.cluster.fresh()
    world.cluster.freeze_watches(False)
    assert world.workload.status.complete
    assert world.workload.revisions[-1].number == 2


def test_an_undo_whose_answer_gets_lost_is_done_already_the_next_time() -> None:
    world = World()
    world.clock.advance(10)
    world.cluster.set_image(REF, "app:v2")
    world.clock.advance(30)
    workload = world.workload
    target, judged = workload.revisions
    world.cluster.undos.fail_next(1, DOWN, made=True)
    with pytest.raises(Unavailable):
        world.cluster.undo(REF, workload.uid, judged=judged, target=target)
    again = world.cluster.undo(REF, workload.uid, judged=judged, target=target)
    assert (again.outcome, again.already) == (EffectOutcome.DONE, True)
    world.clock.advance(30)
    assert [revision.number for revision in world.workload.revisions] == [2, 3]


def test_writes_to_what_is_not_there() -> None:
    world = World()
    world.cluster.delete(REF)
    world.cluster.delete(REF)
    with pytest.raises(Missing):
        world.cluster.set_image(REF, "app:v2")


def test_listeners_hear_of_what_happens_by_itself_and_may_look() -> None:
    world = World()
    seen: list[int] = []

    def look(ref: WorkloadRef) -> None:
        workload = world.cluster.workload(ref)
        seen.append(len(workload.pods) if workload else -1)

    world.cluster.on_change(look)
    world.clock.advance(20)
    world.cluster.tick()
    assert seen == [3]
    world.cluster.tick()
    assert seen == [3]
    world.cluster.delete(REF)
    assert seen == [3, -1]


def test_threads_may_do_as_they_like() -> None:
    world = World()
    troubles: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(30):
                world.clock.advance(0.5)
                world.cluster.set_image(REF, f"app:v{number}-{turn}")
                world.samples()
                world.cluster.workloads()
        except BaseException as error:
            troubles.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not troubles
    world.clock.advance(120)
    assert world.workload.status.complete


def test_a_pod_tells_when_it_became_ready_and_when_it_ceased_to_be() -> None:
    world = World(v1=Fault(kind=FaultKind.LOSES_READINESS, after=60.0))
    born = world.clock.now()
    world.clock.advance(1.5)
    (pod, *_) = world.workload.pods
    assert (pod.ready, pod.ready_changed_at) == (False, pod.created_at)
    world.clock.advance(30)
    (pod, *_) = world.workload.pods
    assert pod.ready
    assert pod.ready_changed_at is not None
    assert 3 <= (pod.ready_changed_at - born).total_seconds() <= 5
    world.clock.advance(300)
    (pod, *_) = world.workload.pods
    assert not pod.ready
    assert pod.ready_changed_at is not None
    assert 61 <= (pod.ready_changed_at - born).total_seconds() <= 63
    assert pod.restarts == 0
