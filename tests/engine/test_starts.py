"""Pods that fail some requests in their first seconds at every release, and what is learnt of it."""

from __future__ import annotations

import msgspec

from daemon.adapters.simulation.traffic import Rates, Traffic
from daemon.core.case.case import Case, Phase
from tests.engine.world import POLICY, REF, World

WATCHED = msgspec.structs.replace(POLICY, watch=240.0)
RPS, PODS = 20.0, 3


def _world() -> World:
    world = World(rps=RPS, base=0.002, policy=WATCHED, replicas=PODS).settled()
    rates = Rates(bad=0.002, by_tag={"v9": 0.2}, cold=0.12, cold_events=24.0 * RPS / PODS)
    world.metrics.serve(REF, Traffic(rps=RPS, signals={"errors": rates, "latency": Rates()}))
    return world


def _released(world: World, tag: str, *, held: bool = False) -> Case:
    world.deploy(tag)
    world.run(2.0)
    case = world.newest()
    assert case is not None
    assert case.spec.revision.tag == tag
    if held:
        world.instruct(case, "hold")
    world.run(320.0, step=5.0)
    return world.store.get(case.namespace, case.name)


def test_a_start_like_those_of_proven_releases_is_left_alone_and_a_bad_release_is_not() -> None:
    world = _world()
    held = _released(world, "v2", held=True)
    # With nothing to learn from, such a start is a failure: it would have been rolled back.
    assert (held.phase, held.status.failing_at is None) == (Phase.HELD, False)
    assert [start.signal for start in held.status.starts] == ["errors", "latency"]

    for tag in ("v3", "v4", "v5"):
        case = _released(world, tag)
        assert (case.phase, case.status.proven) == (Phase.HEALTHY, True), case.status.reason
        assert "no worse than the last" in case.status.reason
        assert case.status.starts

    bad = _released(world, "v9")
    # The rollback's own rollout starts pods, which fail as always: that neither shows nor contradicts it.
    assert bad.phase is Phase.ROLLED_BACK, bad.status.reason
    assert not bad.status.starts
