"""Several replicas: one acts, the others store what is delivered; who takes over finishes what was begun."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from daemon.adapters.simulation.runner import Program
from daemon.core.case.case import Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.model import Alert
from daemon.core.runs import FeatureFlag, PodCommand
from daemon.ports import Conflict, Unavailable
from tests.engine.replicas import Pair
from tests.engine.test_crashes import BAD
from tests.engine.world import POLICY, REF, World
from tests.simulation.troubles import Killed

DECIDES = "ValidationFailures"
FAILOVER = 15.0


def pair(**options: object) -> Pair:
    return Pair(World(errors={BAD: 0.5}, rps=20.0, **options))  # type: ignore[arg-type]


def once(pair: Pair) -> None:
    """The bad release was patched once, and people heard of each stage once by its key."""
    world = pair.world
    assert (world.tag(), world.numbers()) == ("v1.0.0", 3), "exactly one rollback"
    case = world.newest()
    assert case is not None
    [rollback] = [e for e in case.status.effects if e.kind == "rollback"]
    assert rollback.outcome is EffectOutcome.DONE


def test_one_acts_and_the_other_follows() -> None:
    both = pair()
    leader, follower = both.leader, both.follower
    assert follower.elector.follows == leader.elector.term.partition("/")[2]
    assert follower.daemon.views.follows() == follower.elector.follows
    assert leader.daemon.views.follows() == ""
    for replica in both.replicas:
        assert replica.daemon.views.unready() == [], "either takes alerts"
    both.world.deploy(BAD)
    both.run_until(Phase.ROLLED_BACK, within=400)
    once(both)
    assert {case.status.term for case in both.world.store.cases()} == {leader.elector.term}


@pytest.mark.parametrize("made", [True, False], ids=["after the patch", "before the patch"])
def test_the_leader_is_killed_in_the_middle_of_a_plan(made: bool) -> None:
    both = pair()
    world, leader = both.world, both.leader
    world.cluster.undos.crash_after(1, made=made)
    world.deploy(BAD)
    with pytest.raises(Killed):
        both.run(300)
    leader.frozen = True
    killed = world.clock.monotonic()
    both.run_until(Phase.VERIFYING, within=FAILOVER + 5)
    assert both.leader is not leader
    case = world.newest()
    assert case is not None
    assert case.status.patched_at is not None
    assert world.clock.monotonic() - killed <= FAILOVER + 5, "the rollout of the target takes some of it"
    both.run_until(Phase.ROLLED_BACK, within=300)
    once(both)


def test_a_command_that_the_leader_began_is_not_begun_again_by_who_followed_since_before() -> None:
    """How long the follower has run says nothing of who may have begun it."""
    flag = FeatureFlag(name="solver", task=PodCommand(command=("flag", "off"), pod="flags-0"), timeout=5.0)
    both = pair(policy=msgspec.structs.replace(POLICY, feature_flags=(flag,)))
    world, leader = both.world, both.leader
    both.run(60)
    world.runners["exec"].programs = {"flag off": Program(code=0)}
    world.runners["exec"].calls.crash_after(1, made=True)
    world.deploy(BAD)
    with pytest.raises(Killed):
        both.run(300)
    leader.frozen = True
    both.run_until(Phase.ROLLED_BACK, within=400)
    assert len(world.runners["exec"].starts) == 1
    once(both)


def test_a_stop_hands_over_within_a_moment() -> None:
    both = pair()
    leader, follower = both.leader, both.follower
    leader.frozen = True
    assert leader.elector.stop(1.0, idle=True) == []
    both.run(2)
    assert follower.leads


def test_what_is_still_busy_gives_nothing_back() -> None:
    both = pair()
    leader, follower = both.leader, both.follower
    leader.frozen = True
    leader.elector.stop(1.0, idle=False)
    both.run(8)
    assert not follower.leads
    both.run(FAILOVER - 8)
    assert follower.leads


def test_a_leader_that_is_cut_off_stops_before_another_begins() -> None:
    """It decides on nothing while it cannot renew, and ends when it learns that another one acted."""
    both = pair()
    world, cut, other = both.world, both.leader, both.follower
    world.deploy(BAD)
    both.run_until(Phase.WATCHING, within=60)
    cut.leases.cut = True
    stopped = began = None
    for _ in range(40):
        both.run(0.5)
        now = world.clock.monotonic()
        stopped = stopped or (None if cut.leads else now)
        began = began or (now if other.leads else None)
    assert stopped is not None
    assert began is not None
    assert stopped < began
    cut.leases.cut = False
    both.run(5)
    assert cut.lost
    both.run_until(Phase.ROLLED_BACK, within=400)
    once(both)


def test_who_could_not_renew_goes_on_where_nobody_else_did() -> None:
    both = pair()
    world, leader = both.world, both.leader
    for replica in both.replicas:
        replica.leases.cut = True
    both.run(60)
    assert not any(replica.leads for replica in both.replicas)
    world.deploy(BAD)
    both.run(30)
    assert world.newest().spec.revision.tag == "v1.0.0", "nobody opens a case"  # type: ignore[union-attr]
    leader.leases.cut = False
    both.run(2)
    assert leader.leads
    assert not leader.lost
    both.run_until(Phase.ROLLED_BACK, within=400)
    once(both)


def test_a_late_write_of_the_one_before_loses() -> None:
    """The new leader writes a case before it acts on it: what is on its way is not valid any more."""
    both = pair()
    world, old = both.world, both.leader
    world.cluster.undos.fail_next(3, Unavailable("the API server does not answer"))
    world.deploy(BAD)
    on_its_way = both.run_until(Phase.ROLLING_BACK, within=300)
    old.frozen = True
    world.cluster.undos.fail(Unavailable("the API server does not answer"))
    both.run(FAILOVER)
    new = both.leader
    claimed = world.newest()
    assert claimed is not None
    assert claimed.status.term == new.elector.term != on_its_way.status.term
    with pytest.raises(Conflict):
        world.store.save(on_its_way)
    world.cluster.undos.fail(None)
    both.run_until(Phase.ROLLED_BACK, within=400)
    once(both)


def test_a_case_is_written_before_anything_is_done_for_it() -> None:
    """Although nothing about it has changed: people are still to be notified of a case that is over."""
    both = pair()
    world = both.world
    world.sink.troubles.fail(Unavailable("the sink is down"))
    world.deploy(BAD)
    both.run_until(Phase.ROLLED_BACK, within=400)
    both.leader.frozen = True
    world.sink.troubles.fail(None)
    terms: list[str] = []

    def publishing() -> None:
        case = world.newest()
        assert case is not None
        terms.append(case.status.term)

    world.sink.troubles.at_call(1, publishing, made=False)
    both.run(FAILOVER + 30)
    assert terms == [both.leader.elector.term]
    once(both)


def test_a_follower_looks_at_nothing(caplog: pytest.LogCaptureFixture) -> None:
    both = pair()
    both.leader.frozen = True
    caplog.clear()
    both.world.deploy(BAD)
    both.run(4)
    assert "looking again" not in caplog.text


def test_an_old_leader_that_wakes_up_does_nothing_any_more() -> None:
    both = pair()
    world, old = both.world, both.leader
    world.cluster.undos.fail_next(1, Unavailable("the API server does not answer"))
    world.deploy(BAD)
    both.run_until(Phase.ROLLING_BACK, within=300)
    old.frozen = True
    both.run_until(Phase.ROLLED_BACK, within=400)
    patches, writes = world.cluster.undos.calls, world.store.writes.calls
    old.queue.put(REF)
    old.daemon.engine.poll()
    while old.daemon.engine.step():
        pass
    assert (world.cluster.undos.calls, world.store.writes.calls) == (patches, writes)
    once(both)


# ------------------------------------------------------------ alerts at whoever follows


def fire(both: Pair) -> Alert:
    return Alert(
        fingerprint="f1",
        name=DECIDES,
        status="firing",
        starts_at=both.world.clock.now() - timedelta(seconds=1),
        labels={"namespace": REF.namespace, "deployment": REF.name, "alertname": DECIDES},
    )


def deliver(both: Pair, *, at_follower: bool) -> int:
    replica = both.follower if at_follower else both.leader
    delivery = replica.daemon.engine.deliver([fire(both)])
    while replica.daemon.engine.step():
        pass
    return delivery.wait(0.0)


@pytest.mark.parametrize("dead", [False, True], ids=["the leader lives", "the leader is dead"])
def test_an_alert_delivered_to_a_follower_is_stored_and_decides(dead: bool) -> None:
    both = pair(policy=msgspec.structs.replace(POLICY, decisive_alerts=(DECIDES,)))
    world = both.world
    world.deploy("v1.0.1")
    both.run_until(Phase.WATCHING, within=60)
    both.leader.frozen = dead
    assert deliver(both, at_follower=True) == 1
    case = world.newest()
    assert case is not None
    assert [alert.name for alert in case.status.alerts] == [DECIDES]
    assert case.status.term == both.leader.elector.term, "an alert is no claim"
    both.run_until(Phase.ROLLED_BACK, Phase.ROLLING_BACK, within=FAILOVER + 60)
    assert world.cluster.undos.calls == 1


def test_a_follower_turns_an_alert_away_while_the_rollout_has_no_case() -> None:
    """Its sender delivers again: nothing is lost, and only who leads opens cases."""
    both = pair()
    both.leader.frozen = True
    both.world.deploy("v1.0.1")
    both.run(2)
    with pytest.raises(Unavailable, match="another replica opens it"):
        deliver(both, at_follower=True)
    [case] = both.world.store.cases()
    assert case.status.alerts == ()
