"""What happens around a release that is no release's doing: the most telling ones of ``make bench-facts``.

Each is one run of the benchmark, kind by kind: no healthy release is rolled back, no bad one is missed, no
recovery is claimed that did not happen, and none that did is called stuck.
"""

from __future__ import annotations

from random import Random

import pytest

from benchmarks.facts.happenings import When
from benchmarks.facts.playing import Outcome, Task, play
from benchmarks.facts.releases import NEW
from benchmarks.facts.stage import REF, Shape, Stage
from daemon.adapters.simulation.kubelet import Pace
from daemon.core.case.case import Phase

HEALTHY, BAD = False, True


@pytest.mark.parametrize(
    ("happening", "bad", "when", "seed"),
    [
        ("autoscaler up, start-up 120 s", HEALTHY, When.AFTER, 0),
        ("from 0 to 2", HEALTHY, When.BEFORE, 0),
        ("a node is lost and back", HEALTHY, When.AFTER, 1),
        ("kubelet restarts, all pods unready", HEALTHY, When.AFTER, 0),
        ("sidecar out of memory once", HEALTHY, When.AFTER, 2),
        ("readiness flaps", HEALTHY, When.BEFORE, 1),
        ("init container works at the third try", HEALTHY, When.BEFORE, 0),
        ("maxUnavailable 100 %", HEALTHY, When.BEFORE, 0),
        ("registry down for a while", HEALTHY, When.DURING, 0),
        ("ConfigMap comes 15 s late", HEALTHY, When.BEFORE, 0),
        ("somebody undoes it, old pods had restarts", HEALTHY, When.DURING, 0),
        ("sidecar out of memory once", BAD, When.VERIFYING, 0),
        ("a pod is evicted", BAD, When.VERIFYING, 0),
        ("undo with 1 replica, old deadline still told", BAD, When.BEFORE, 0),
    ],
)
def test_what_is_decided_is_right(happening: str, bad: bool, when: When, seed: int) -> None:
    run = play(Task(happening=happening, bad=bad, when=when, seed=seed))
    assert run.outcome is Outcome.RIGHT, "\n".join(run.told)


def test_a_configuration_broken_in_place_is_not_called_recovered() -> None:
    task = Task(happening="ConfigMap broken in place, and a restart", bad=BAD, when=When.BEFORE, seed=0)
    assert play(task).outcome is Outcome.HELD


def test_a_registry_that_does_not_let_us_in_is_held() -> None:
    task = Task(happening="registry asks for authorization", bad=HEALTHY, when=When.BEFORE, seed=0)
    assert play(task).outcome is Outcome.HELD


@pytest.mark.parametrize("first_at", [30, 195, 700])
def test_pods_that_come_late_to_a_rollout_of_none_are_waited_for(first_at: int) -> None:
    """Rolled out while scaled to 0, it is complete with no pod to show what it is like."""
    stage = Stage(Random(0), Shape(replicas=1, pace=Pace(start=60.0)))
    stage.scale(0)
    stage.deploy(NEW)
    stage.after(first_at, lambda later: later.scale(2))
    for _ in range(900):
        stage.step()
    [case] = stage.cases()
    assert case.phase is Phase.HEALTHY, case.status.reason


def test_pods_that_were_never_ready_are_not_called_healthy() -> None:
    run = play(Task(happening="from 0 to 2", bad=BAD, when=When.BEFORE, seed=3))
    assert (run.kind, run.outcome) == ("never ready", Outcome.HELD)


@pytest.mark.parametrize("lasts", [4.0, 12.0])
def test_spells_of_unreadiness_are_never_joined(lasts: float) -> None:
    """Also those that begin right after the case was written, and end before it would be again."""
    stage = Stage(Random(0), Shape(replicas=1))
    stage.deploy(NEW)
    while stage.phase() is not Phase.WATCHING:
        stage.step()
    for _ in range(8):
        stage.accidents.unready(REF, [pod.name for pod in stage.live], lasts)
        for _ in range(round(lasts) + 3):
            stage.step()
    assert (stage.phase(), stage.tag) == (Phase.WATCHING, NEW)
