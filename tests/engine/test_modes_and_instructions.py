"""Who decides: the mode, the limit of a day, and people who approve or hold."""

from __future__ import annotations

import msgspec

from daemon.core.assessment import Verdict
from daemon.core.case.case import Phase
from daemon.core.policy import Mode
from tests.engine.bad_release import BAD, bad_release
from tests.engine.world import POLICY, REF, World


def test_too_many_rollbacks_in_a_day_are_held() -> None:
    world = bad_release(0.5, policy=msgspec.structs.replace(POLICY, max_rollbacks=1))
    world.run_until(Phase.ROLLED_BACK, within=300)
    world.deploy(BAD)
    world.run(5)
    case = world.run_until(Phase.HELD, within=300)
    assert "1 rollbacks" in case.status.reason
    assert world.tag() == BAD


def test_advise_says_what_it_would_do() -> None:
    world = bad_release(policy=msgspec.structs.replace(POLICY, mode=Mode.ADVISE))
    case = world.run_until(Phase.ADVISED, within=300)
    assert "would return to revision 1 (v1.0.0)" in case.status.reason
    assert (world.tag(), world.numbers()) == (BAD, 2)


def test_approval_waits_for_a_person() -> None:
    world = bad_release(policy=msgspec.structs.replace(POLICY, mode=Mode.APPROVAL))
    case = world.run_until(Phase.AWAITING_APPROVAL, within=300)
    world.run(60)
    assert world.tag() == BAD
    world.instruct(case, "approve")
    case = world.run_until(Phase.ROLLED_BACK, within=300)
    assert any("approved by anna" in entry.text for entry in case.status.timeline)


def test_a_person_can_hold_and_then_approve() -> None:
    world = bad_release()
    world.run(2)
    case = world.newest()
    assert case is not None
    world.instruct(case, "hold")
    world.run(120)
    assert world.tag() == BAD
    case = world.run_until(Phase.HELD, within=1)
    world.instruct(case, "approve")
    world.run_until(Phase.ROLLED_BACK, within=300)


def test_without_a_known_good_revision_it_holds() -> None:
    world = World(errors={BAD: 0.5}).settled()
    for revision in world.cluster.workload(REF).revisions:  # type: ignore[union-attr]
        world.deploy(BAD)
        world.run(1)
        for case in world.store.cases():
            if case.spec.revision == revision:
                world.store.delete(case)
    case = world.run_until(Phase.HELD, within=300)
    assert "never judged" in case.status.reason


def test_who_holds_a_release_hears_when_it_fails() -> None:
    world = World(errors={BAD: 0.3}, rps=20.0).settled()
    world.deploy(BAD)
    world.run(2)
    case = world.newest()
    assert case is not None
    world.instruct(case, "hold")
    world.run(90)
    case = world.run_until(Phase.HELD, within=1)
    assert case.status.verdict is Verdict.FAILING
    assert "held by anna" in case.status.reason
    assert [i.stage for i in world.sink.deliveries] == ["updated", "opened"]
    assert world.tag() == BAD
