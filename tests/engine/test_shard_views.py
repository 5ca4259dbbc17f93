"""Replicas that divide the namespaces: alerts at any of them, what each says, and its threads."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest

from daemon.adapters.simulation.lease import MemoryLease
from daemon.core.election import RELEASED, Lease
from daemon.core.model import Alert, WorkloadRef
from daemon.engine.queue import WorkQueue
from daemon.engine.shards import Self, Shards
from daemon.ports import Unavailable
from tests.engine.sharded import REFS, Fleet, Replica, fleet
from tests.engine.world import World


def deliver(made: Fleet, at: Replica, *refs: WorkloadRef) -> int:
    alerts = [
        Alert(
            fingerprint=f"f-{ref}",
            name="ValidationFailures",
            status="firing",
            starts_at=made.world.clock.now() - timedelta(seconds=1),
            labels={"namespace": ref.namespace, "deployment": ref.name},
        )
        for ref in refs
    ]
    delivery = at.daemon.engine.deliver(alerts)
    while at.daemon.engine.step():
        pass
    return delivery.wait(0.0)


def test_alerts_of_all_shards_are_stored_by_whoever_they_are_delivered_to() -> None:
    made = fleet(2)
    for ref in REFS:
        made.deploy(ref, "v1.0.1")
    made.run(60)
    at = made.replicas[0]
    assert 0 < len(at.held) < 4
    assert deliver(made, at, *REFS) == len(REFS)
    for ref in REFS:
        case = made.newest(ref)
        assert case is not None
        assert [alert.name for alert in case.status.alerts] == ["ValidationFailures"]
        assert case.status.term.partition("/")[2] == f"{made.whose(ref).name}_1", "an alert is no claim"


def test_a_delivery_comes_again_where_another_replica_has_yet_to_open_the_case() -> None:
    made = fleet(2)
    at, other = made.replicas
    ref = next(ref for ref in REFS if made.whose(ref) is other)
    other.frozen = True
    made.deploy(ref, "v1.0.1")
    made.run(2)
    with pytest.raises(Unavailable, match="another replica opens it"):
        deliver(made, at, *REFS)


def test_the_page_says_what_is_held() -> None:
    made = fleet(3)
    one = made.replicas[0]
    views = one.daemon.views
    assert views.part() == f"{', '.join(map(str, one.held))} of 4"
    assert views.follows() == ""
    one.cut(True)
    made.run(8)
    assert views.part() == "none of 4"
    assert views.follows() != ""


# ------------------------------------------------------------ its threads


def test_a_desk_that_is_closed_waits_for_what_is_under_way_and_begins_nothing_more() -> None:
    made = fleet(1)
    one, ref = made.replicas[0], REFS[0]
    desk = one.daemon.desks.of(one.shards.division.of(ref.namespace))
    reading, go_on = threading.Event(), threading.Event()

    def hang() -> None:
        reading.set()
        go_on.wait(20)

    made.world.cluster.undos.at_call(1, hang, made=False)
    made.deploy(ref)
    turns = threading.Thread(target=made.run, args=(120,), daemon=True)
    turns.start()
    assert reading.wait(60)
    assert not desk.close(0.01), "a rollback is under way"
    desk.reopen()
    go_on.set()
    turns.join(60)
    assert desk.close(0.0)
    made.deploy(ref, "v1.2.0")
    made.run(30)
    case = made.newest(ref)
    assert case is not None
    assert case.spec.revision.tag != "v1.2.0", "nobody opens a case"


def test_the_threads_take_the_shards_and_give_them_back_at_the_end() -> None:
    world = World()
    leases = [MemoryLease() for _ in range(4)]
    for lease in leases:
        lease.write(Lease(duration=RELEASED))
    shards = Shards(
        leases[0],
        leases[1:],
        this=Self(me="one_1", house="one"),
        monotonic=time.monotonic,
        lead=lambda: None,
        lost=lambda: pytest.fail("nobody else is there"),
    )
    shards.start(world.assembled(WorkQueue(world.clock.monotonic), division=shards.division).desks)
    edge = time.monotonic() + 60
    while len(shards.division.held) < 3 and time.monotonic() < edge:
        time.sleep(0.01)
    assert shards.division.part == "0, 1, 2 of 3"
    assert shards.stop(10.0, idle=True) == []
    assert shards.division.part == "none of 3"
    layout, *others = [lease.read() for lease in leases]
    assert all(lease is not None and lease.free for lease in others)
    assert layout is not None
    assert (layout.holder, layout.members) == ("3-shards", {}), "who else has it may go on"
