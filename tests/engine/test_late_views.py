"""Views that are older than what is known decide nothing: late watches, slow first lists, two daemons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from daemon.core.case.case import Phase
from daemon.core.model import Revision, Workload, WorkloadRef
from daemon.ports import Clock
from tests.engine.world import REF, World
from tests.simulation.faulty import FaultyCluster

BAD = "v1.1.0-bad"


class Late:
    """A cluster whose three watches lag by so many seconds each. It sees what it is made to see."""

    def __init__(
        self, cluster: FaultyCluster, clock: Clock, *, deployments: float, sets: float, pods: float
    ) -> None:
        self._cluster = cluster
        self._clock = clock
        self._lags = (deployments, sets, pods)
        self._seen: list[tuple[float, Workload]] = []

    def look(self) -> None:
        workload = self._cluster.workload(REF)
        assert workload is not None
        self._seen.append((self._clock.monotonic(), workload))

    def workloads(self) -> Sequence[Workload]:
        found = self.workload(REF)
        return (found,) if found is not None else ()

    def workload(self, ref: WorkloadRef) -> Workload | None:
        deployment, sets, pods = (self._at(lag) for lag in self._lags)
        place = deployment.current
        number = max(revision.number for revision in sets.revisions)
        same = (r for r in sets.revisions if place is not None and r.hash == place.hash)
        current = next((r for r in same if r.number == number), None)
        return msgspec.structs.replace(deployment, current=current, revisions=sets.revisions, pods=pods.pods)

    def template(self, ref: WorkloadRef, revision: Revision) -> Mapping[str, Any] | None:
        return self._cluster.template(ref, revision)

    def fresh(self) -> bool:
        return True

    def server_time(self) -> datetime | None:
        return self._clock.now()

    def _at(self, lag: float) -> Workload:
        edge = self._clock.monotonic() - lag
        return next((w for at, w in reversed(self._seen) if at <= edge), self._seen[0][1])


LAGS = {
    "all watches": {"deployments": 2.0, "sets": 2.0, "pods": 2.0},
    "Deployments": {"deployments": 2.0, "sets": 0.0, "pods": 0.0},
    "ReplicaSets": {"deployments": 0.0, "sets": 2.0, "pods": 2.0},
    "pods": {"deployments": 0.0, "sets": 0.0, "pods": 2.0},
    "all watches, very": {"deployments": 20.0, "sets": 20.0, "pods": 20.0},
}
QUICK = ("ReplicaSets", "all watches, very")
CHOSEN = [name if name in QUICK else pytest.param(name, marks=pytest.mark.e2e) for name in LAGS]
"""The quick suite has time for two."""


def played(world: World, late: Late, seconds: float) -> None:
    for _ in range(round(seconds / 0.5)):
        world.clock.advance(0.5)
        world.cluster.tick()
        late.look()
        if world.queue is not None:
            world.queue.put(REF)
        world.work(0.5)


@pytest.mark.parametrize("lags", CHOSEN)
@pytest.mark.parametrize("phase", [Phase.PROGRESSING, Phase.WATCHING, Phase.ROLLING_BACK, Phase.VERIFYING])
def test_a_daemon_that_starts_with_late_watches_goes_on(phase: Phase, lags: str) -> None:
    """The daemon before it saw the release; it sees for a while what was there before the release."""
    world = World(errors={BAD: 0.5 if phase is not Phase.WATCHING else 0.1}).settled()
    late = Late(world.cluster, world.clock, **LAGS[lags])
    late.look()
    world.deploy(BAD)
    world.run_until(phase, within=300)
    world.restart(cluster=late)
    played(world, late, 400)
    phases = {case.spec.revision.number: case.phase for case in world.store.cases()}
    assert phases == {1: Phase.HEALTHY, 2: Phase.ROLLED_BACK}
    assert (world.tag(), world.numbers()) == ("v1.0.0", 3)


@pytest.mark.parametrize("lags", CHOSEN)
def test_a_daemon_with_late_watches_all_the_while_tells_the_same_story(lags: str) -> None:
    world = World(errors={BAD: 0.5})
    world.run(900, step=15.0)
    late = Late(world.cluster, world.clock, **LAGS[lags])
    late.look()
    world.start(cluster=late)
    played(world, late, 5)
    world.deploy(BAD)
    played(world, late, 500)
    phases = {case.spec.revision.number: case.phase for case in world.store.cases()}
    assert phases == {1: Phase.HEALTHY, 2: Phase.ROLLED_BACK}
    assert (world.tag(), world.numbers()) == ("v1.0.0", 3)


@pytest.mark.parametrize("lags", CHOSEN)
def test_a_release_that_takes_over_is_seen_for_all_that(lags: str) -> None:
    world = World().settled()
    late = Late(world.cluster, world.clock, **LAGS[lags])
    late.look()
    world.deploy("v1.0.1")
    world.run_until(Phase.WATCHING, within=100)
    world.restart(cluster=late)
    world.deploy("v1.0.2")
    played(world, late, 60)
    phases = {case.spec.revision.number: case.phase for case in world.store.cases()}
    assert phases == {1: Phase.HEALTHY, 2: Phase.SUPERSEDED, 3: Phase.WATCHING}


def test_a_deployment_made_anew_is_younger_than_what_was_judged() -> None:
    world = World().settled()
    late = Late(world.cluster, world.clock, deployments=5.0, sets=5.0, pods=5.0)
    late.look()
    world.cluster.delete(REF)
    world.run(2)
    world.deploy("v1.0.0")
    world.run(2)
    world.deploy("v1.0.1")
    world.run(2)
    anew = world.newest()
    assert anew is not None
    world.restart(cluster=late)
    world.run(1)
    assert world.store.get(anew.namespace, anew.name).phase is not Phase.SUPERSEDED
    assert timedelta(0) < world.clock.now() - anew.spec.opened_at
