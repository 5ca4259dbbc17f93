"""What befalls the cluster's twin from outside, and the ways in which it replaces pods."""

from __future__ import annotations

from daemon.adapters.simulation.clock import ManualClock
from daemon.adapters.simulation.kubelet import Fault, FaultKind, Pace
from daemon.adapters.simulation.objects import Strategy
from daemon.adapters.simulation.templates import simple_template
from daemon.core.model import Container, Pod, Role, Workload, WorkloadRef
from tests.simulation.faulty import FaultyCluster

REF = WorkloadRef(namespace="shop", name="cart")


class Twin:
    def __init__(self, *, strategy: Strategy | None = None, replicas: int = 3, **faults: Fault) -> None:
        self.clock = ManualClock()
        self.cluster = FaultyCluster(self.clock, faults=faults)
        self.strategy = strategy or Strategy()
        self.replicas = replicas

    def deploy(self, tag: str, seconds: float, *, inits: list[dict[str, str]] | None = None) -> Workload:
        template = simple_template(REF.name, f"app:{tag}")
        template["spec"]["initContainers"] = inits or []
        self.cluster.apply(REF, template, replicas=self.replicas, strategy=self.strategy)
        return self.after(seconds)

    def after(self, seconds: float) -> Workload:
        self.clock.advance(seconds)
        found = self.cluster.workload(REF)
        assert found is not None
        return found

    def container(self, name: str) -> Container:
        [found] = [c for c in self.after(0).pods[0].containers if c.name == name]
        return found


def names(pods: tuple[Pod, ...]) -> list[str]:
    return [pod.name for pod in pods]


def test_a_spell_of_unreadiness_ends_and_counts_no_restart() -> None:
    twin = Twin()
    pods = names(twin.deploy("v1", 10).pods)
    twin.cluster.accidents.unready(REF, pods[:2], 20)
    assert [pod.ready for pod in twin.after(19.9).pods] == [False, False, True]
    assert all(pod.ready and not pod.restarts for pod in twin.after(0.2).pods)


def test_a_container_that_ends_is_ready_again_and_its_end_stays_counted() -> None:
    twin = Twin()
    [pod, *_] = names(twin.deploy("v1", 10).pods)
    for number in (1, 2):
        twin.cluster.accidents.end_container(REF, pod, 0, 3.0)
        assert not twin.after(2.9).pods[0].ready
        found = twin.after(0.2).pods[0]
        assert (found.ready, found.restarts, found.containers[0].exit_reason) == (True, number, "OOMKilled")


def test_what_delays_starts_lets_them_go_on_as_if_they_had_begun_then() -> None:
    twin = Twin()
    twin.cluster.accidents.delay_starts(30, ("ErrImagePull", "i/o timeout"))
    assert twin.deploy("v1", 29).pods[0].containers[0].waiting_reason == "ErrImagePull"
    assert not twin.after(1.9).pods[0].ready
    assert all(pod.ready for pod in twin.after(1.5).pods)


def test_init_containers_come_first_and_are_tried_again() -> None:
    twin = Twin(flaky=Fault(kind=FaultKind.STARTS_AGAIN, times=2))
    inits = [{"name": "wait", "image": "app:flaky"}, {"name": "migrate", "image": "app:fine"}]
    twin.deploy("v1", 5, inits=inits)
    assert (twin.container("wait").role, twin.container("wait").waiting_reason) == (
        Role.INIT,
        "CrashLoopBackOff",
    )
    assert [twin.container(name).waiting_reason for name in ("migrate", "cart")] == ["PodInitializing"] * 2
    assert all(pod.ready for pod in twin.after(20).pods)
    assert (twin.container("wait").restarts, twin.container("cart").restarts) == (2, 0)


def test_an_init_container_that_never_works_lets_nothing_start() -> None:
    twin = Twin(broken=Fault(kind=FaultKind.CRASH))
    twin.deploy("v1", 300, inits=[{"name": "wait", "image": "app:broken"}])
    assert (twin.container("wait").restarts > 3, twin.container("cart").waiting_reason) == (
        True,
        "PodInitializing",
    )


def test_a_sidecar_runs_beside_the_others() -> None:
    twin = Twin()
    [pod, *_] = names(
        twin.deploy("v1", 10, inits=[{"name": "proxy", "image": "app:p", "restartPolicy": "Always"}]).pods
    )
    assert (twin.container("proxy").role, twin.container("proxy").ready) == (Role.SIDECAR, True)
    twin.cluster.accidents.end_container(REF, pod, 0, 5.0)
    twin.after(1)
    assert (twin.container("proxy").ready, twin.container("cart").ready) == (False, True)


def test_recreate_makes_no_new_pod_while_an_old_one_runs() -> None:
    twin = Twin(strategy=Strategy(recreate=True))
    old = set(names(twin.deploy("v1", 10).pods))
    twin.deploy("v2", 0)
    for _ in range(40):
        now = set(names(twin.after(0.25).pods))
        assert not now & old or now <= old
    assert twin.after(1).status.complete
    assert not now & old


def test_with_all_pods_unavailable_the_old_ones_go_first() -> None:
    twin = Twin(strategy=Strategy(surge=0, unavailable=3))
    twin.deploy("v1", 10)
    twin.deploy("v2", 0)
    assert not any(pod.ready for pod in twin.after(2).live)
    assert twin.after(5).status.complete


def test_pods_count_as_available_after_min_ready() -> None:
    twin = Twin(strategy=Strategy(min_ready=10.0))
    assert [pod.ready for pod in twin.deploy("v1", 12).pods] == [True] * 3
    assert not twin.after(0).status.complete
    assert twin.after(2).status.complete


def test_pods_are_placed_on_the_nodes_by_turns() -> None:
    twin = Twin(replicas=4)
    twin.cluster.accidents.nodes(["a", "b"])
    twin.cluster.accidents.pace(Pace(start=5.0))
    found = twin.deploy("v1", 4)
    assert sorted(pod.node for pod in found.pods) == ["a", "a", "b", "b"]
    assert not any(pod.ip for pod in found.pods)
