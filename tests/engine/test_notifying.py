"""What reaches a sink: its answer of before, also after a restart; by route; not sooner than it asks."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from daemon.core.case.case import Phase
from daemon.core.case.incident import Incident
from daemon.core.policy import Level, MessageTemplate, Route
from daemon.ports import Unavailable
from tests.engine.world import POLICY, World


class Threads:
    """A sink with a thread for each case and channel; ``busy`` refuses with the seconds to wait."""

    name = "memory"

    def __init__(self) -> None:
        self.heard: list[Incident] = []
        self.tries = 0
        self.busy = 0.0

    def publish(self, incident: Incident) -> str:
        self.tries += 1
        if self.busy:
            raise Unavailable("busy", wait=self.busy)
        self.heard.append(incident)
        return incident.reference or f"{incident.channel}/{len(self.heard)}"


def failing(sink: Threads, *routes: Route) -> World:
    """A release that fails, told to these routes; the rollback has begun."""
    world = World(rps=20.0, policy=replace(POLICY, sinks=(), notify=routes), errors={"v1.1.0": 0.3}).settled()
    world.restart(sink=sink)
    world.deploy("v1.1.0")
    world.run_until(Phase.VERIFYING, within=300)
    return world


def test_each_channel_hears_every_stage_with_its_own_answer_of_before_over_a_restart() -> None:
    """And who is to hear of what waits for a person hears nothing of what the daemon does by itself."""
    sink = Threads()
    quiet = Route(sink="memory", min_level=Level.WARNING)
    world = failing(sink, Route(sink="memory", channel="a"), Route(sink="memory", channel="b"), quiet)
    world.restart(sink=sink)
    world.run_until(Phase.ROLLED_BACK, within=900)
    assert {incident.channel for incident in sink.heard} == {"a", "b"}
    for channel in "ab":
        told = [incident for incident in sink.heard if incident.channel == channel]
        # What was not stored yet when the daemon died is told again.
        stages = dict.fromkeys((incident.stage, incident.at) for incident in told)
        assert [stage for stage, _ in stages] == ["opened", "updated", "updated", "closed"]
        assert len({incident.reference for incident in told[1:]}) == 1
        assert told[1].reference.startswith(f"{channel}/")
    text = sink.heard[-1].message
    assert "Changed since Revision 1:" in text
    assert "v1.0.0 → gcr.io/greenlang/gl-006-heatreclaim:v1.1.0" in text
    assert "Harm: error rate: about " in text


def test_a_notification_that_ends_while_a_step_is_carried_out_is_over() -> None:
    """How it ended is stored with the step's outcome, and nobody is notified of it again."""
    world, jobs = World(rps=20.0, errors={"v1.1.0": 0.3}).settled(), list[Callable[[], None]]()
    world.notifying = jobs.append

    def notify() -> None:
        while jobs:
            jobs.pop(0)()

    world.cluster.undos.fail(Unavailable("the API server does not answer"))
    world.deploy("v1.1.0")
    world.run_until(Phase.ROLLING_BACK, within=300)
    notify()
    world.run(2)
    assert jobs, "the next stage is on its way"

    world.cluster.undos.fail(None)
    world.cluster.undos.at_call(1, notify, made=True)
    world.run(40)

    assert world.tag() == "v1.0.0"
    assert [incident.stage for incident in world.sink.deliveries] == ["opened", "updated"]
    assert world.defects.reports == []


def test_a_time_that_the_other_side_asks_for_is_waited() -> None:
    sink = Threads()
    sink.busy = 120.0
    world = failing(sink, Route(sink="memory"))
    tries = sink.tries
    world.run(100)
    assert sink.tries == tries
    sink.busy = 0.0
    world.run(60)
    assert sink.heard


def test_what_is_sent_is_in_the_operators_words() -> None:
    words = (MessageTemplate(kind="rolled_back", title="$workload is well again"),)
    world = World(rps=20.0, policy=replace(POLICY, templates=words), errors={"v1.1.0": 0.3}).settled()
    world.deploy("v1.1.0")
    world.run_until(Phase.ROLLED_BACK, within=900)
    titles = [told.title for told in world.sink.deliveries]
    assert titles[0] == "GL-006 RELEASE FAILING"
    assert titles[-1] == "gl-006-heatreclaim is well again"
