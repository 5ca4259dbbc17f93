"""A rollback that is announced: people can hold it, nothing else delays it, nothing is announced in vain."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case, Phase
from daemon.core.case.guards.pause import PAUSE
from daemon.core.policy import ConfigurationChoice, Level, Route
from daemon.ports import Unavailable
from daemon.presentation.plain_words import plain
from tests.engine import mounted
from tests.engine.killing import kill_during, writes_during
from tests.engine.world import POLICY, REF, World, traffic

BAD = "v1.1.0-errors"
ANNOUNCED = replace(POLICY, announce=60.0)
ENDS = (Phase.ROLLED_BACK, Phase.UNRECOVERED)


def bad_release() -> World:
    world = World(rps=50.0, errors={BAD: 0.3}, policy=ANNOUNCED).settled()
    world.deploy(BAD)
    return world


def announced(world: World) -> Case:
    """The case at the first moment at which it is announced."""
    case = world.run_until(Phase.HELD, within=300)
    assert case.announced, case.status.reason
    return case


def until_of(case: Case) -> float:
    """Seconds from the decision to the announced moment."""
    assert case.status.announced_until is not None
    assert case.status.failing_at is not None
    return (case.status.announced_until - case.status.failing_at).total_seconds()


def titles(world: World) -> list[str]:
    return [told.title for told in world.sink.deliveries]


def test_people_hear_until_when_they_can_hold_it_and_then_it_begins() -> None:
    world = bad_release()
    case = announced(world)
    assert until_of(case) == 60
    assert case.status.announced_until is not None
    moment = f"{case.status.announced_until:%H:%M:%S} UTC"
    assert f"will return to revision 1 (v1.0.0) at {moment} unless somebody holds it" in case.status.reason
    world.run(2)
    assert titles(world) == ["GL-006 RELEASE FAILING", "GL-006 ROLLBACK ANNOUNCED"]
    told = world.sink.deliveries[-1]
    assert told.level is Level.WARNING, "people are asked for something"
    assert moment in told.message
    assert "Next Steps: hold it to keep the daemon from it, or approve it" in told.message
    assert moment in plain(told.case)
    world.run(50)
    assert world.tag() == BAD
    world.run(15)
    assert world.tag() == "v1.0.0"
    assert world.run_until(*ENDS, within=300).phase is Phase.ROLLED_BACK
    assert titles(world).count("GL-006 ROLLBACK ANNOUNCED") == 1


def test_a_hold_within_the_time_holds() -> None:
    world = bad_release()
    world.instruct(announced(world), "hold")
    world.run(300)
    case = world.newest()
    assert case is not None
    assert (case.phase, world.tag()) == (Phase.HELD, BAD)
    assert "held by anna" in case.status.timeline[-1].text or case.status.reason.startswith("held by anna")
    assert not case.announced


def test_an_approval_within_the_time_acts_at_once() -> None:
    world = bad_release()
    world.instruct(announced(world), "approve")
    world.run(3)
    assert world.tag() == "v1.0.0"


def test_a_sink_that_is_down_delays_nothing_and_the_case_says_so() -> None:
    world = bad_release()
    world.sink.troubles.fail(Unavailable("connection refused"))
    announced(world)
    world.run(66)
    assert world.tag() == "v1.0.0"
    case = world.newest()
    assert case is not None
    assert any("not told so far: memory" in entry.text for entry in case.status.timeline)


def test_a_pause_within_the_time_is_minded_and_what_follows_it_is_announced_anew() -> None:
    world = bad_release()
    announced(world)
    world.cluster.annotate(REF, PAUSE, "true")
    world.run(70)
    case = world.newest()
    assert case is not None
    assert (case.phase, case.announced, world.tag()) == (Phase.HELD, False, BAD)
    assert "guard pause" in case.status.reason
    world.cluster.annotate(REF, PAUSE, None)
    world.run(10)
    assert titles(world).count("GL-006 ROLLBACK ANNOUNCED") == 2
    assert world.tag() == BAD
    world.run(60)
    assert world.tag() == "v1.0.0"


def test_what_cannot_be_seen_failing_when_its_time_comes_is_held_and_announced_anew() -> None:
    world = bad_release()
    announced(world)
    world.kill()
    world.metrics.outage(True, scraping=True)
    world.run(60)
    world.start()
    world.run(200)
    case = world.newest()
    assert case is not None
    assert (case.phase, world.tag()) == (Phase.HELD, BAD)
    assert "held, not done as announced, for it is not seen failing now" in case.status.reason
    world.metrics.outage(False)
    world.run(30)
    assert titles(world)[-2:] == ["GL-006 ROLLBACK HELD", "GL-006 ROLLBACK ANNOUNCED"]
    assert world.run_until(*ENDS, within=300).phase is Phase.ROLLED_BACK


def test_a_daemon_that_was_gone_when_the_time_came_acts_when_it_is_back() -> None:
    world = bad_release()
    announced(world)
    world.run(10)
    world.kill()
    world.run(300)
    world.start()
    world.run(15)
    assert world.tag() == "v1.0.0"
    assert titles(world).count("GL-006 ROLLBACK ANNOUNCED") == 1


def test_what_passes_by_itself_is_watched_anew() -> None:
    world = bad_release()
    announced(world)
    world.metrics.serve(REF, traffic(50.0))
    world.run_until(Phase.WATCHING, within=300)
    assert world.tag() == BAD


def test_nothing_is_announced_that_something_else_would_keep() -> None:
    world = bad_release()
    world.policy = replace(ANNOUNCED, max_rollbacks=0)
    case = world.run_until(Phase.HELD, within=300)
    assert "guard rollback-limit" in case.status.reason
    world.run(2)
    assert "GL-006 ROLLBACK ANNOUNCED" not in titles(world)


def test_the_restoring_of_configuration_is_announced_as_well() -> None:
    made = mounted.world(ConfigurationChoice.RESTORE)
    made.policy = replace(made.policy, announce=30.0)
    made.edit()
    case = made.until(Phase.HELD)
    assert "will restore the configuration of revision 1" in case.status.reason
    made.run(2)
    assert titles(made)[-1] == "GL-006 RESTORING OF CONFIGURATION ANNOUNCED"
    assert made.until(Phase.ROLLED_BACK, Phase.UNRECOVERED).phase is Phase.ROLLED_BACK


def test_who_hears_of_what_asks_for_something_hears_of_it() -> None:
    world = bad_release()
    world.policy = replace(ANNOUNCED, notify=(Route(sink="memory", min_level=Level.WARNING),))
    announced(world)
    world.run(2)
    assert titles(world) == ["GL-006 ROLLBACK ANNOUNCED"]


def writes_until_it_begins() -> int:
    world = bad_release()
    return writes_during(world, lambda: world.run_until(Phase.ROLLING_BACK, within=300))


@pytest.mark.parametrize("made", [True, False], ids=["after the write", "before the write"])
@pytest.mark.parametrize("write", range(1, writes_until_it_begins() + 1))
def test_killed_at_a_write_it_is_announced_once_and_put_off_by_nothing(write: int, made: bool) -> None:
    world = bad_release()
    world.store.writes.crash_after(write, made=made)
    kill_during(world, lambda: world.run_until(Phase.ROLLING_BACK, within=300), gap=7)
    case = world.run_until(Phase.ROLLING_BACK, within=300)
    assert case.status.announced_until is not None
    late = world.clock.now() - case.status.announced_until
    assert timedelta() <= late <= timedelta(seconds=15)
    ids = [effect.id for effect in case.status.effects if effect.id.endswith("updated/Held/memory")]
    assert len(ids) == 1
    world.run_until(*ENDS, within=600)
    assert world.tag() == "v1.0.0"
