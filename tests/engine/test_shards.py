"""Replicas that divide the namespaces: each is acted for by one, what one leaves another takes, once."""

from __future__ import annotations

import pytest

from daemon.adapters.simulation.lease import MemoryLease
from daemon.core.case.case import Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.model import WorkloadRef
from daemon.ports import Unavailable
from tests.engine.sharded import REFS, Fleet, fleet
from tests.simulation.troubles import Killed

FAILOVER = 15.0


def once(made: Fleet, *refs: WorkloadRef) -> None:
    """Each bad release was patched once, and people were notified of each stage once by its key."""
    for ref in REFS:
        case = made.newest(ref)
        assert case is not None
        steps = [effect for effect in case.status.effects if effect.kind == "rollback"]
        assert [step.outcome for step in steps] == ([EffectOutcome.DONE] if ref in refs else [])
    assert made.world.cluster.undos.calls == len(refs)
    told = [(told.key, told.stage, told.at) for told in made.world.sink.deliveries]
    assert len(told) == len(set(told))


@pytest.mark.parametrize(("replicas", "sizes"), [(1, [4]), (2, [2, 2]), (3, [1, 1, 2]), (5, [0, 1, 1, 1, 1])])
def test_the_shards_are_divided_evenly_and_stay(replicas: int, sizes: list[int]) -> None:
    made = fleet(replicas)
    assert made.sizes() == sizes
    moves = len(made.moves)
    made.run(120)
    assert len(made.moves) == moves, made.moves[moves:]


def test_each_release_is_judged_by_whoever_has_its_shard() -> None:
    made = fleet(2)
    for ref in REFS:
        made.deploy(ref)
    for ref in REFS:
        case = made.run_until(ref, Phase.ROLLED_BACK, within=600)
        assert case.status.term.partition("/")[2] == f"{made.whose(ref).name}_1"
    once(made, *REFS)


def test_whoever_joins_gets_its_part_and_nothing_else_moves() -> None:
    made = fleet(2)
    before = made.moves[-1]
    made.join("replica-2")
    made.run(30)
    assert made.sizes() == [1, 1, 2]
    kept = [a for a, b in zip(before, made.moves[-1], strict=True) if a == b]
    assert len(kept) == 3


def test_what_a_killed_replica_held_moves_within_the_leases_time() -> None:
    made = fleet(3)
    for ref in REFS:
        made.deploy(ref)
    made.run(20)
    killed = made.whose(REFS[0])
    killed.frozen = True
    made.run(FAILOVER)
    assert made.sizes() == [2, 2]
    for ref in REFS:
        made.run_until(ref, Phase.ROLLED_BACK, within=600)
    once(made, *REFS)


@pytest.mark.parametrize("made_it", [True, False], ids=["after the patch", "before the patch"])
def test_a_replica_is_killed_in_the_middle_of_a_plan(made_it: bool) -> None:
    made = fleet(3)
    ref, acting = REFS[0], made.whose(REFS[0])
    made.world.cluster.undos.crash_after(1, made=made_it)
    made.deploy(ref)
    with pytest.raises(Killed):
        made.run(300)
    acting.frozen = True
    made.run_until(ref, Phase.ROLLED_BACK, within=400)
    assert made.whose(ref) is not acting
    case = made.newest(ref)
    assert case is not None
    [step] = [effect for effect in case.status.effects if effect.kind == "rollback"]
    assert step.outcome is EffectOutcome.DONE
    workload = made.world.cluster.workload(ref)
    assert workload is not None
    assert workload.current is not None
    assert workload.current.number == 3, "exactly one rollback"


def test_a_stop_hands_over_within_a_moment() -> None:
    made = fleet(2)
    made.whose(REFS[0]).end()
    made.run(4)
    assert made.sizes() == [4]


def test_a_replica_that_is_cut_off_stops_before_another_begins_and_then_ends() -> None:
    made = fleet(2)
    cut = made.whose(REFS[0])
    for ref in REFS:
        made.deploy(ref)
    made.run(20)
    cut.cut(True)
    made.run(FAILOVER + 5)
    assert cut.held == ()
    assert made.sizes() == [0, 4]
    cut.cut(False)
    made.run(5)
    assert cut.lost
    for ref in REFS:
        made.run_until(ref, Phase.ROLLED_BACK, within=600)
    once(made, *REFS)


def test_an_outage_of_the_api_server_moves_nothing() -> None:
    """However long it is, nobody is held to be dead for it."""
    made = fleet(3)
    before = made.moves[-1]
    for replica in made.replicas:
        replica.cut(True)
    made.run(120)
    assert made.sizes() == [0, 0, 0]
    for replica in made.replicas:
        replica.cut(False)
    made.run(20)
    assert made.moves[-1] == before
    assert not any(replica.lost for replica in made.replicas)


@pytest.mark.parametrize("rates", [(1.0, 1.15), (0.9, 1.1), (1.15, 1.0)], ids=str)
def test_clocks_that_run_at_other_rates_act_for_no_shard_twice(rates: tuple[float, float]) -> None:
    """``Fleet.check`` looks at each step; a replica is stopped for a while, so that its shards are taken."""
    made = Fleet()
    one, _ = (made.join(f"replica-{n}", rate=rate) for n, rate in enumerate(rates))
    made.run(30)
    for pause in (6.0, 8.5, 9.5, 11.0):
        one.frozen = True
        made.run(pause)
        one.frozen = False
        made.run(20)


# ------------------------------------------------------------ giving a shard up


def test_a_shard_in_which_something_is_done_is_not_given_up() -> None:
    made = fleet(1)
    one = made.replicas[0]
    made.world.cluster.undos.fail(Unavailable("the API server does not answer"))
    for ref in REFS:
        made.deploy(ref)
    for ref in REFS:
        made.run_until(ref, Phase.ROLLING_BACK, within=300)
    two = made.join("replica-1")
    made.run(60)
    assert (len(one.held), len(two.held)) == (4, 0)
    made.world.cluster.undos.fail(None)
    for ref in REFS:
        case = made.run_until(ref, Phase.ROLLED_BACK, within=600)
    made.run(10)
    assert (len(one.held), len(two.held)) == (2, 2)
    assert case.status.term.partition("/")[2] in {f"{one.name}_1", f"{two.name}_1"}


def test_a_case_under_watch_goes_on_with_whoever_takes_its_shard() -> None:
    made = fleet(1)
    for ref in REFS:
        made.deploy(ref, "v1.0.1")
    made.run(60)
    attended = [case.status.attended for case in made.world.store.unfinished()]
    made.join("replica-1")
    made.run(30)
    assert made.sizes() == [2, 2]
    assert len(attended) == len(REFS)
    for ref in REFS:
        case = made.run_until(ref, Phase.HEALTHY, within=900)
        assert case.status.term.partition("/")[2] == f"{made.whose(ref).name}_1"
    once(made)


def test_a_shard_that_comes_back_is_worked_on_in_a_new_term_with_a_new_memory() -> None:
    made = fleet(1)
    one = made.replicas[0]
    two = made.join("replica-1")
    made.run(30)
    [shard, *_] = two.held
    first = one.daemon.desks.of(shard)
    assert not first.leads
    two.frozen = True
    made.run(FAILOVER)
    assert made.sizes() == [4]
    back = one.daemon.desks.of(shard)
    assert back.leads
    assert back is not first
    assert back.term == one.shards.electors[shard].term != first.term


@pytest.mark.parametrize(("together", "ends"), [(False, Phase.ROLLED_BACK), (True, Phase.HELD)])
def test_what_begins_to_fail_together_is_no_releases_doing_whoever_judges_it(
    together: bool, ends: Phase
) -> None:
    """The evidence of every case is gathered by every replica."""
    made = fleet(2)
    ref = REFS[0]
    beside = [other for other in REFS if made.whose(other) is not made.whose(ref)]
    for one in (ref, *(beside if together else ())):
        made.deploy(one, "v1.0.1")
    made.run(240)
    made.errors["v1.0.1"] = 0.5
    case = made.run_until(ref, Phase.HELD, Phase.ROLLED_BACK, within=300)
    assert case.phase is ends, case.status.reason
    once(made, *(() if together else (ref,)))


# ------------------------------------------------------------ another number of shards


def other_layout(made: Fleet, shards: int) -> list[MemoryLease]:
    """Its leases: that of the layout is the same."""
    return [*made.leases, *(MemoryLease() for _ in range(shards + 1 - len(made.leases)))][: shards + 1]


@pytest.mark.parametrize("shards", [2, 3, 6])
def test_replicas_with_another_number_of_shards_wait_until_the_last_of_the_others_is_gone(
    shards: int,
) -> None:
    """``Fleet.check`` looks at each step: one that ends must not let them in while another acts."""
    made = fleet(2)
    leases = other_layout(made, shards)
    new = [made.join(f"new-{n}", leases=leases) for n in range(2)]
    for old in (made.replicas[1], made.replicas[0]):
        made.run(25)
        assert not any(replica.held for replica in new)
        old.end()
    made.run(40)
    assert sorted(len(replica.held) for replica in new) == [shards // 2, (shards + 1) // 2]
