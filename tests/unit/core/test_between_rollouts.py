"""Trouble between rollouts: what lasts and what passes."""

from __future__ import annotations

from msgspec.structs import replace

from daemon.core.case.between_rollouts import Standing, trouble, update_standing
from daemon.core.model import Pod, Workload
from tests.unit.core.made import NEW, at, container, pod, workload

CRASHES = container(
    restarts=5, waiting_reason="CrashLoopBackOff", waiting_message="back-off 5m0s", exit_code=1
)


class Watch:
    def __init__(self) -> None:
        self.standing = Standing()

    def see(self, seen: Workload, seconds: float) -> str:
        self.standing = update_standing(self.standing, seen, at(seconds))
        return trouble(self.standing, seen, at(seconds))


def pods(count: int, *, ready: bool = True) -> list[Pod]:
    return [pod(f"p{n}", ready=ready) for n in range(count)]


def crashing(one: Pod) -> Pod:
    return replace(one, ready=False, containers=(CRASHES,))


def test_pods_that_crash_again_and_again_are_told_after_a_minute() -> None:
    watch, well = Watch(), pods(3)
    assert watch.see(workload(*well), 0) == ""
    bad = workload(crashing(well[0]), *well[1:])
    assert watch.see(bad, 10) == ""
    assert watch.see(bad, 69) == ""
    said = watch.see(bad, 70)
    assert (
        said == "1 of 3 pods is not well (heat-h2-p0: CrashLoopBackOff back-off 5m0s, ended with exit code 1)"
    )


def test_a_crash_loop_is_one_though_its_pod_is_ready_between_the_crashes() -> None:
    watch, well = Watch(), pods(1)
    for seconds in range(0, 300, 40):
        watch.see(workload(crashing(well[0])), seconds)
        said = watch.see(workload(*well), seconds + 30)
    assert said != ""


def test_it_is_over_when_all_have_been_well_for_a_minute() -> None:
    watch, well = Watch(), pods(2)
    watch.see(workload(*(crashing(one) for one in well)), 0)
    assert watch.see(workload(*(crashing(one) for one in well)), 60)
    assert watch.see(workload(*well), 70)
    assert watch.see(workload(*well), 131) == ""


def test_pods_that_start_slowly_are_none() -> None:
    watch = Watch()
    starting = workload(*pods(3, ready=False))
    for seconds in range(0, 590, 30):
        assert watch.see(starting, seconds) == ""
    assert "running but not ready" in watch.see(starting, 601)


def test_an_autoscaler_a_drain_and_a_blink_are_none() -> None:
    watch, well = Watch(), pods(3)
    watch.see(workload(*well), 0)
    watch.see(
        workload(*well, *[replace(one, name=f"{one.name}x", uid=f"{one.uid}x", ready=False) for one in well]),
        20,
    )
    watch.see(workload(replace(well[0], ready=False), *well[1:]), 30)
    assert watch.see(workload(*well), 50) == ""
    assert watch.see(workload(replace(well[0], deleting=True, ready=False), *well[1:]), 200) == ""


def test_pods_that_cannot_be_made_are_told_in_the_conditions_words() -> None:
    watch = Watch()
    seen = workload(*pods(2), unmade={NEW.replica_set_uid: "exceeded quota: pods"})
    assert watch.see(seen, 0) == ""
    assert watch.see(seen, 61) == "pods cannot be made: exceeded quota: pods"


def test_many_pods_are_counted_and_few_named() -> None:
    watch = Watch()
    bad = workload(*(crashing(one) for one in pods(8)), desired=8)
    watch.see(bad, 0)
    said = watch.see(bad, 61)
    assert said.startswith("8 of 8 pods are not well")
    assert said.endswith("and 5 more)")
