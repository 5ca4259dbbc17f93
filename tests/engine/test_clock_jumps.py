"""The machine's time of day is set in the middle of a story: it ends as without, and when it would have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

import msgspec
import pytest

from daemon.core.case.case import Phase
from daemon.core.policy import Mode
from daemon.ports import Unavailable
from tests.engine.world import POLICY, REF, World

BAD = "v1.1.0-bad"
QUICK = msgspec.structs.replace(
    POLICY, watch=120.0, verify_deadline=90.0, rollback_deadline=90.0, baseline_window=300.0
)
UNDER_APPROVAL = msgspec.structs.replace(QUICK, mode=Mode.APPROVAL)


class Story(NamedTuple):
    """The world at its beginning, the phase in which the clock is set, and what happens then."""

    phase: Phase
    errors: float = 0.0
    policy: object = QUICK
    then: Callable[[World], None] = lambda _: None


def hold(world: World) -> None:
    case = world.newest()
    assert case is not None
    world.instruct(case, "hold")
    world.run(1)


def refuse(world: World) -> None:
    world.cluster.undos.fail(Unavailable("an admission webhook answers 500"))


def be_silent(world: World) -> None:
    world.metrics.no_traffic(REF)


STORIES: Mapping[str, Story] = {
    "healthy, while it rolls out": Story(Phase.PROGRESSING),
    "healthy, while it is watched": Story(Phase.WATCHING),
    "slowly failing": Story(Phase.WATCHING, errors=0.12),
    "failing, while it rolls out": Story(Phase.PROGRESSING, errors=0.5),
    "failing, while it returns": Story(Phase.ROLLING_BACK, errors=0.5),
    "failing, and never accepted": Story(Phase.WATCHING, errors=0.5, then=refuse),
    "failing, while recovery is proven": Story(Phase.VERIFYING, errors=0.5),
    "failing, and recovery is never proven": Story(Phase.VERIFYING, errors=0.5, then=be_silent),
    "failing, and held by a person": Story(Phase.WATCHING, errors=0.12, then=hold),
    "failing, under approval": Story(Phase.AWAITING_APPROVAL, errors=0.5, policy=UNDER_APPROVAL),
}


class End(NamedTuple):
    """How a story went: its phases in order, what runs in the end, and when the case came to rest."""

    phases: tuple[Phase, ...]
    tag: str
    number: int
    seconds: float


@cache
def told(name: str, jump: float, restart: bool) -> End:
    story = STORIES[name]
    world = World(errors={BAD: story.errors} if story.errors else {}, policy=story.policy)  # type: ignore[arg-type]
    world.run(600, step=15.0)
    world.start()
    world.run(3)
    world.deploy(BAD)
    began = world.clock.monotonic()
    world.run(1)
    world.run_until(story.phase, within=200)
    story.then(world)
    world.machine.jump(jump)
    if restart:
        world.restart()
    rest = began
    for _ in range(320):
        world.run(1)
        case = world.newest()
        assert case is not None
        if case.active:
            rest = world.clock.monotonic()
    assert case is not None
    phases = [entry.phase for entry in case.status.timeline]
    order = tuple(p for p, before in zip(phases, [None, *phases], strict=False) if p is not before)
    return End(phases=order, tag=world.tag(), number=world.numbers(), seconds=rest - began)


JUMPS = (600.0, -3600.0, *(pytest.param(jump, marks=pytest.mark.e2e) for jump in (-600.0, 3600.0)))
"""Seconds; either way in the quick suite, and both ways of each size where there is more time."""


@pytest.mark.parametrize("restart", [False, True], ids=["running", "with a restart"])
@pytest.mark.parametrize("jump", JUMPS)
@pytest.mark.parametrize("name", STORIES)
def test_a_clock_that_is_set_changes_nothing(name: str, jump: float, restart: bool) -> None:
    without = told(name, 0.0, restart)
    found = told(name, jump, restart)
    assert found[:3] == without[:3]
    assert found.seconds == pytest.approx(without.seconds, abs=6.0)


@pytest.mark.parametrize("name", STORIES)
def test_a_restart_by_itself_changes_nothing_but_the_end_by_a_few_seconds(name: str) -> None:
    found, without = told(name, 0.0, True), told(name, 0.0, False)
    assert found[:3] == without[:3]
    assert found.seconds == pytest.approx(without.seconds, abs=25.0)


def test_a_watch_does_not_end_before_the_signals_were_asked_for_again() -> None:
    """The daemon was down in the watch's last hour, in which the release broke."""
    world = World(rps=20.0, policy=QUICK).settled()
    world.deploy("v1.0.1")
    world.run_until(Phase.WATCHING, within=60)
    world.run(100)
    world.kill()
    world.run(900, step=15.0)
    world.metrics.outage(True, "Prometheus answered 503")
    world.start()
    world.run(4)
    case = world.newest()
    assert case is not None
    assert case.phase is Phase.WATCHING, "nobody was there, so the watch is not over"
    case = world.run_until(Phase.HEALTHY, within=60)
    assert not case.status.proven
    assert "503" in case.status.reason


def test_downtime_is_no_deadline() -> None:
    world = World(errors={BAD: 0.5}, policy=QUICK).settled()
    world.deploy(BAD)
    world.run_until(Phase.ROLLING_BACK, within=100)
    world.kill()
    world.run(3600, step=15.0)
    world.start()
    world.run_until(Phase.ROLLED_BACK, within=120)
