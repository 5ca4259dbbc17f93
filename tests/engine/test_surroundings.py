"""What the room knows of the surroundings, since when, and what it does not know."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import msgspec
import pytest

from daemon.adapters.simulation.clock import ManualClock
from daemon.core.attribution.cause import Dependency
from daemon.core.case.case import Case, Spec
from daemon.core.model import Change, Workload
from daemon.core.policy import Policy
from daemon.engine.surroundings_cache import DENIED_AGE, MOST_NODES, NODE_AGE, Sources, SurroundingsCache
from daemon.ports import Denied, Unavailable
from tests.engine.world import IMAGE, REF
from tests.simulation.faulty import FaultyCluster, FaultySurroundings

INTERVAL = 15.0
POLICY = Policy(dependencies=("scada",), neighbours=("postgresql",), stale_after=60.0)
GONE = Unavailable("connection refused")


class Slow(FaultySurroundings):
    """Counts how often nodes are asked; each answer takes ``takes`` seconds."""

    asked: Counter[str]
    takes = 0.0
    clock: ManualClock

    def trouble(self, node: str) -> str:
        self.asked[node] += 1
        self.clock.advance(self.takes)
        return super().trouble(node)


class Around:
    """A workload with a case, and the room that looks around it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.cluster = FaultyCluster(self.clock)
        self.world = Slow(self.cluster, self.clock, POLICY.dependencies, scrape_interval=INTERVAL)
        self.world.clock, self.world.asked = self.clock, Counter()
        self.said: list[str] = []
        sources = Sources(gauges=self.world, neighbours=self.world, nodes=self.world)
        self.room = SurroundingsCache(sources, self.clock, self.said.append)
        self.cluster.apply(REF, image=f"{IMAGE}:v1")
        self.clock.advance(300)
        self.case = self._case()

    def rollout(self) -> None:
        """v2 in place of v1, with a case of its own."""
        self.cluster.set_image(REF, f"{IMAGE}:v2")
        self.clock.advance(1)
        self.case = self._case()

    def _case(self) -> Case:
        current = self.workload.current
        assert current is not None
        return Case(
            namespace=REF.namespace,
            name=f"case-{current.number}",
            spec=Spec(
                workload=REF.name,
                workload_uid=self.workload.uid,
                revision=current,
                change=Change.IMAGE,
                opened_at=self.clock.now(),
                started_at=self.clock.now(),
            ),
        )

    @property
    def workload(self) -> Workload:
        found = self.cluster.workload(REF)
        assert found is not None
        return found

    def poll(self, seconds: float = 0.0) -> None:
        self.clock.advance(seconds)
        self.room.attend(self.case, POLICY)
        self.room.poll([self.case.key], lambda _: self.cluster.workload(REF))

    def known(self) -> dict[str, Dependency]:
        found = self.room.dependencies(self.case, self.workload, POLICY)
        return {dependency.name: dependency for dependency in found}

    def now(self) -> float:
        return self.clock.now().timestamp()


@pytest.fixture
def around() -> Around:
    return Around()


def test_nothing_is_known_before_the_first_poll(around: Around) -> None:
    around.room.attend(around.case, POLICY)
    assert around.known() == {}
    around.poll()
    assert around.known()["scada"].healthy


def test_an_outage_begins_with_the_first_scrape_that_shows_it(around: Around) -> None:
    around.poll()
    around.clock.advance(7)
    around.world.down("scada")
    began = around.now()
    for _ in range(6):
        around.poll(5)
    seen = around.known()["scada"]
    assert not seen.healthy
    assert began <= seen.since <= began + INTERVAL
    around.world.down("scada", on=False)
    mended = around.now()
    for _ in range(6):
        around.poll(5)
    assert around.known()["scada"].healthy
    assert mended <= around.known()["scada"].since <= mended + INTERVAL


def test_an_outage_that_was_there_before_the_case_keeps_its_own_beginning(around: Around) -> None:
    around.world.down("scada")
    began = around.now()
    around.clock.advance(1200)
    around.rollout()
    around.poll(20)
    assert not around.known()["scada"].healthy
    assert began - INTERVAL <= around.known()["scada"].since <= began


def test_when_its_beginning_cannot_be_read_the_outage_is_not_known(
    around: Around, monkeypatch: pytest.MonkeyPatch
) -> None:
    around.world.down("scada")
    around.clock.advance(300)

    def refused(*_: object) -> None:
        raise GONE

    with monkeypatch.context() as broken:
        broken.setattr(around.world, "last_reached", refused)
        around.poll()
        assert "scada" not in around.known()
        assert "connection refused" in around.room.problems()["dependency scada"]
    around.poll(5)
    assert not around.known()["scada"].healthy
    assert not around.room.problems()


def test_what_cannot_be_read_is_remembered_for_a_while_and_then_not_known(around: Around) -> None:
    around.poll()
    around.world.fail("gauges", GONE)
    around.poll(30)
    assert around.known()["scada"].healthy
    around.poll(POLICY.stale_after)
    assert "scada" not in around.known()
    assert around.room.problems() == {"dependency scada": "connection refused"}
    around.room.poll([], lambda _: None)
    assert around.room.problems() == {}, "what nobody asks for is no problem"


def test_nothing_is_asked_while_nothing_is_watched(around: Around) -> None:
    around.world.fail("gauges", GONE)
    around.room.poll([], lambda _: around.workload)
    assert around.room.problems() == {}


def test_a_problem_that_nobody_meets_any_more_is_over(around: Around) -> None:
    around.world.fail("neighbours", GONE)
    around.known()
    around.poll(30)
    assert around.room.problems() == {"neighbours in greenlang": "connection refused"}
    around.poll(60)
    assert around.room.problems() == {}


def test_neighbours_are_dependencies_with_their_own_beginning(around: Around) -> None:
    around.world.neighbour("greenlang", "postgresql", ready=0, pods=["postgresql-0"])
    around.world.neighbour("greenlang", "redis", ready=0, pods=["redis-0"])
    around.world.neighbour("staging", "postgresql", ready=1, pods=["postgresql-0"])
    down = around.now()
    around.clock.advance(30)
    assert around.known() == {
        "postgresql": Dependency(
            name="postgresql", healthy=False, since=down, detail="0 of 1 pods ready", confirmed=True
        )
    }, "redis is none of the policy's, and staging is another namespace"


def test_a_workload_is_no_neighbour_of_its_own(around: Around) -> None:
    pods = [pod.name for pod in around.workload.pods]
    around.world.neighbour("greenlang", "postgresql", ready=0, pods=pods)
    assert around.known() == {}


def test_neighbours_that_cannot_be_seen_are_not_known(around: Around) -> None:
    around.world.neighbour("greenlang", "postgresql", ready=0, pods=["postgresql-0"])
    around.world.fail("neighbours", GONE)
    assert around.known() == {}
    assert around.room.problems() == {"neighbours in greenlang": "connection refused"}
    around.world.fail("neighbours", None)
    assert "postgresql" in around.known()
    assert around.room.problems() == {}


def test_nodes_of_the_pods_are_asked_once_in_a_while(around: Around) -> None:
    around.world.node("memory-node", "MemoryPressure")
    assert around.room.nodes(around.case, around.workload) == {"memory-node": "MemoryPressure"}
    around.room.nodes(around.case, around.workload)
    assert around.world.asked == {"memory-node": 1}
    around.world.node("memory-node", "")
    around.clock.advance(NODE_AGE)
    assert around.room.nodes(around.case, around.workload) == {}
    assert around.world.asked == {"memory-node": 2}


def test_a_node_that_is_gone_is_in_trouble(around: Around) -> None:
    around.world.node("memory-node", None)
    assert around.room.nodes(around.case, around.workload) == {"memory-node": "it does not exist any more"}


def test_without_the_right_to_read_nodes_it_is_said_once_and_tried_again_later(around: Around) -> None:
    around.world.fail("nodes", Denied("nodes is forbidden"))
    for _ in range(5):
        assert around.room.nodes(around.case, around.workload) == {}
        around.clock.advance(NODE_AGE)
    assert len(around.said) == 1
    assert "nodes is forbidden" in around.said[0]
    assert around.world.asked == {"memory-node": 1}
    around.clock.advance(DENIED_AGE)
    around.world.fail("nodes", None)
    around.world.node("memory-node", "NotReady")
    assert around.room.nodes(around.case, around.workload) == {"memory-node": "NotReady"}
    assert around.room.problems() == {}


def test_nodes_that_cannot_be_read_are_not_known_and_named(around: Around) -> None:
    around.world.fail("nodes", GONE)
    assert around.room.nodes(around.case, around.workload) == {}
    assert around.room.problems() == {"nodes": "connection refused"}


def spread(workload: Workload, nodes: int) -> Workload:
    """The workload with ever more pods, each on a node of its own."""
    (pod, *_) = workload.pods
    pods = [msgspec.structs.replace(pod, name=f"{pod.name}{n:03}", node=f"node-{n:03}") for n in range(nodes)]
    return msgspec.structs.replace(workload, pods=tuple(pods))


def test_a_large_workload_does_not_keep_the_worker(around: Around) -> None:
    large = spread(around.workload, 100)
    around.room.nodes(around.case, large)
    assert len(around.world.asked) == MOST_NODES
    around.world.asked.clear()
    around.clock.advance(NODE_AGE)
    around.world.takes = 1.5
    start = around.clock.monotonic()
    around.room.nodes(around.case, large)
    assert around.clock.monotonic() - start <= 5
    first = set(around.world.asked)
    around.room.nodes(around.case, large)
    assert len(around.world.asked) > len(first), "the next look goes on with the others"


def test_a_case_that_is_over_is_forgotten(around: Around) -> None:
    around.poll()
    around.room.poll([], lambda _: around.workload)
    assert around.known() == {}
    assert not around.room.watched()


def test_the_clock_of_prometheus_is_what_counts(around: Around) -> None:
    """The beginning is compared with the onset, which is of the same clock."""
    around.poll()
    around.world.down("scada")
    around.poll(20)
    taken = around.known()["scada"].since
    assert taken % INTERVAL == 0
    assert timedelta(seconds=around.now() - taken) < timedelta(seconds=INTERVAL + 1)
