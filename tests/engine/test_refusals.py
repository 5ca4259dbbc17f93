"""A rollback or a sink that is forbidden, refused or down: said once, and made good as soon as it can be."""

from __future__ import annotations

import msgspec
import pytest

from daemon.core.case.case import Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.incident import Incident
from daemon.ports import Denied, Unavailable
from tests.engine.bad_release import BAD, bad_release
from tests.engine.world import POLICY

FORBIDDEN = Denied("not allowed to patch deployments in greenlang: grant it in the Role")
IMPATIENT = msgspec.structs.replace(POLICY, rollback_deadline=180.0)


def test_a_rollback_that_is_not_allowed_is_said_and_made_as_soon_as_it_is() -> None:
    world = bad_release(0.5)
    world.cluster.undos.fail(FORBIDDEN)
    world.run_until(Phase.ROLLING_BACK, within=200)
    world.run(5)
    told = len(world.sink.deliveries)
    assert "grant it" in world.sink.deliveries[-1].reason
    world.run(195)
    case = world.run_until(Phase.ROLLING_BACK, within=1)
    assert "grant it" in case.status.reason
    assert len(world.sink.deliveries) == told, "said once"
    assert world.cluster.undos.calls < 6, "at a slower pace"
    assert world.daemon is not None
    assert any("grant it" in problem for problem in world.daemon.views.problems())
    world.cluster.undos.fail(None)
    world.run_until(Phase.ROLLED_BACK, within=200)
    assert not any("grant it" in problem for problem in world.daemon.views.problems())


def test_a_rollback_that_was_never_allowed_is_held_with_the_reason() -> None:
    world = bad_release(0.5, policy=IMPATIENT)
    world.cluster.undos.fail(FORBIDDEN)
    case = world.run_until(Phase.HELD, within=400)
    assert "grant it" in case.status.reason
    assert "then approve" in case.status.reason
    world.run(120)
    assert world.tag() == BAD
    world.cluster.undos.fail(None)
    world.instruct(case, "approve")
    world.run_until(Phase.ROLLED_BACK, within=200)


@pytest.mark.parametrize("what", ["rollback", "sink"])
def test_a_token_that_is_not_known_for_a_moment_costs_a_moment(what: str) -> None:
    world = bad_release(0.5)
    troubles = world.cluster.undos if what == "rollback" else world.sink.troubles
    troubles.fail_next(1, Unavailable("Unauthorized: the API server does not know us"))
    world.run_until(Phase.ROLLED_BACK, within=300)
    world.run(60)
    assert {e.outcome for e in world.store.cases()[-1].status.effects} == {EffectOutcome.DONE}


def test_a_sink_that_forbids_delays_no_rollback_and_is_told_when_it_allows() -> None:
    world = bad_release(0.5)
    world.sink.troubles.fail(Denied("the tracker answers 403: its key is not active"))
    case = world.run_until(Phase.ROLLED_BACK, within=300)
    assert sum("its key is not active" in entry.text for entry in case.status.timeline) == 1
    assert world.daemon is not None
    assert any("its key is not active" in problem for problem in world.daemon.views.problems())
    world.sink.troubles.fail(None)
    world.run(200)
    assert not world.store.get(case.namespace, case.name).pending
    stages = [incident.stage for incident in world.sink.deliveries]
    assert (stages[0], stages[-1]) == ("opened", "closed")


class Defective:
    """A sink with a defect of its own, once."""

    name = "memory"

    def __init__(self) -> None:
        self.calls = 0

    def publish(self, incident: Incident) -> str:
        self.calls += 1
        if self.calls == 1:
            raise KeyError("contact")
        return f"told {incident.title}"


def test_a_sink_with_a_defect_is_logged_with_the_case_and_asked_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = bad_release(0.5)
    world.restart(sink=Defective())
    world.run_until(Phase.ROLLED_BACK, within=300)
    world.run(30)
    case = world.store.cases()[-1]
    assert {e.outcome for e in case.status.effects} == {EffectOutcome.DONE}
    (record,) = [r for r in caplog.records if "KeyError('contact')" in r.getMessage()]
    assert record.exc_info is not None
    assert case.name in str(record.__dict__)


def test_a_sink_that_is_down_delays_no_rollback_and_hears_of_it_later() -> None:
    world = bad_release()
    world.sink.troubles.fail(Unavailable("the tracker answers 503"))
    case = world.run_until(Phase.ROLLED_BACK, within=300)
    assert len(world.sink.deliveries) == 0
    assert case.pending
    world.sink.troubles.fail(None)
    world.run(90)
    case = world.store.get(case.namespace, case.name)
    assert not case.pending
    assert {e.outcome for e in case.status.effects} == {EffectOutcome.DONE}
    stages = [incident.stage for incident in world.sink.deliveries]
    assert stages[0] == "opened"
    assert stages[-1] == "closed"


def test_a_patch_that_is_never_accepted_is_not_passed_over_in_silence() -> None:
    world = bad_release(0.5, policy=msgspec.structs.replace(POLICY, rollback_deadline=120.0))
    world.cluster.undos.fail(Unavailable("an admission webhook answers 500"))
    case = world.run_until(Phase.UNRECOVERED, within=300)
    assert "could not be applied for 120 s" in case.status.reason
    world.cluster.undos.fail(None)
    world.run(60)
    assert world.tag() == BAD, "a rollback that was given up is not carried out later"


def test_refused_twice_is_told_twice() -> None:
    world = bad_release(0.5, policy=IMPATIENT)
    world.cluster.undos.fail(FORBIDDEN)
    case = world.run_until(Phase.HELD, within=400)
    told = len(world.sink.deliveries)
    world.instruct(case, "approve")
    world.run(5)
    world.run_until(Phase.HELD, within=300)
    assert len(world.sink.deliveries) == told + 2, "of the second attempt, and of its refusal"
