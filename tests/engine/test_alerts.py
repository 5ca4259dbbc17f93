"""Stories with alerts: which ones decide, and that a crowd of others changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from daemon.core.case.case import Case, Phase
from daemon.core.model import Alert
from daemon.engine.unmatched import Unmatched
from tests.engine.world import POLICY, REF, World

DECIDES = "ValidationFailures"
DECISIVE = msgspec.structs.replace(POLICY, decisive_alerts=(DECIDES,))
OURS = {"namespace": REF.namespace, "deployment": REF.name}
State = Literal["firing", "resolved"]


def alert(
    name: str,
    began: datetime,
    status: State = "firing",
    *,
    number: int = 0,
    labels: Mapping[str, str] = OURS,
) -> Alert:
    return Alert(fingerprint=f"{name}{number}", name=name, starts_at=began, status=status, labels=labels)


@dataclass
class Story:
    """A world with a healthy release just deployed, and Alertmanager at its webhook."""

    world: World = field(default_factory=lambda: World(policy=DECISIVE).settled())

    def release(self, seconds: float = 30) -> Story:
        self.world.deploy("v1.0.1")
        self.world.run(seconds)
        return self

    def deliver(self, alerts: Sequence[Alert]) -> None:
        assert self.world.daemon is not None
        self.world.daemon.engine.deliver(alerts)
        self.world.drain()

    def crowd(self, count: int, status: State) -> list[Alert]:
        return [alert("HighLatency", self.now, status, number=number) for number in range(count)]

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    @property
    def case(self) -> Case:
        found = self.world.newest()
        assert found is not None
        return found

    def saves(self) -> int:
        """A number that grows by one with each write of a case."""
        return int(self.case.resource_version)

    def unmatched(self) -> list[tuple[str, str]]:
        assert self.world.daemon is not None
        return [(entry.name, entry.reason) for entry in self.world.daemon.views.unmatched()]


@pytest.mark.parametrize("count", [0, 220, 5000])
@pytest.mark.parametrize("status", ["firing", "resolved"])
def test_a_crowd_of_other_alerts_does_not_make_a_recovery(count: int, status: State) -> None:
    story = Story().release()
    began = story.now
    story.deliver([alert(DECIDES, began)])
    story.world.run_until(Phase.VERIFYING, within=200)
    story.deliver(story.crowd(count, status))
    story.world.run(120)
    assert story.case.phase is Phase.VERIFYING
    assert story.case.status.verification is not None
    assert f"still firing: {DECIDES}" in story.case.status.verification.missing
    case = story.world.run_until(Phase.UNRECOVERED, Phase.ROLLED_BACK, within=700)
    assert case.phase is Phase.UNRECOVERED
    assert len(msgspec.json.encode(case)) < 512 * 1024


@pytest.mark.parametrize("count", [0, 220, 5000])
def test_a_crowd_of_other_alerts_hides_neither_conviction_nor_recovery(count: int) -> None:
    story = Story().release()
    began = story.now
    story.deliver([*story.crowd(count, "firing"), alert(DECIDES, began), *story.crowd(count, "resolved")])
    story.world.run_until(Phase.VERIFYING, within=200)
    story.deliver([*story.crowd(count, "firing"), alert(DECIDES, began, "resolved")])
    story.world.run_until(Phase.ROLLED_BACK, within=120)


@pytest.mark.parametrize(
    "labels",
    [
        {"namespace": REF.namespace, "pod": "web-5d4f9-x2x7k", "container": REF.name},
        {"namespace": REF.namespace, "statefulset": REF.name, "app": REF.name},
        {"namespace": "monitoring", "deployment": REF.name},
        {"namespace": REF.namespace, "job": "kube-state-metrics", "container": REF.name},
    ],
)
def test_an_alert_of_another_object_leaves_a_healthy_release_alone(labels: dict[str, str]) -> None:
    story = Story().release()
    story.deliver([alert(DECIDES, story.now, labels=labels)])
    story.world.run_until(Phase.HEALTHY, within=900)
    assert story.case.status.alerts == ()
    ((name, reason),) = story.unmatched()
    assert name == DECIDES
    assert reason


def test_an_alert_of_an_old_pod_does_not_convict_the_new_revision() -> None:
    story = Story()
    workload = story.world.cluster.workload(REF)
    assert workload is not None
    old = workload.pods[0].name
    story.release(5)
    story.deliver([alert(DECIDES, story.now, labels={"namespace": REF.namespace, "pod": old})])
    assert story.case.status.alerts[0].replica_set == workload.pods[0].replica_set
    story.world.run_until(Phase.HEALTHY, within=900)


def test_an_alert_in_the_first_second_is_the_new_rollouts() -> None:
    """It comes before the daemon has looked at the rollout, and opens its case."""
    story = Story()
    before = story.case.name
    story.world.deploy("v1.0.1")
    story.world.clock.advance(1)
    story.world.cluster.tick()
    story.deliver([alert(DECIDES, story.now)])
    assert story.case.name != before
    assert [one.name for one in story.case.status.alerts] == [DECIDES]


def test_the_end_of_an_alert_is_known_though_its_pod_is_gone() -> None:
    story = Story().release()
    workload = story.world.cluster.workload(REF)
    assert workload is not None
    gone = {"namespace": REF.namespace, "pod": workload.pods[0].name}
    began = story.now
    story.deliver([alert(DECIDES, began, labels=gone)])
    pruned = {"namespace": REF.namespace, "pod": "pruned-1-x"}
    strange = alert(DECIDES, began, "resolved", labels=pruned)
    story.deliver([strange])
    assert [one.status for one in story.case.status.alerts] == ["resolved"]
    assert story.unmatched() == []


def test_a_delivery_is_one_save_of_the_case() -> None:
    story = Story().release()
    story.deliver(story.crowd(1, "firing"))
    before = story.saves()
    story.deliver(story.crowd(50, "firing"))
    assert story.saves() == before + 1
    story.deliver(story.crowd(50, "firing"))
    assert story.saves() == before + 1, "what is known is not written again"


def test_what_matches_nothing_is_counted_and_listed_up_to_a_number() -> None:
    story = Story()
    strange = [alert("Node", story.now, number=n, labels={"node": f"n{n}"}) for n in range(100)]
    story.deliver(strange)
    story.deliver(strange[-1:])
    listed = story.world.daemon.views.unmatched()  # type: ignore[union-attr]
    assert len(listed) == 20
    assert (listed[0].name, listed[0].times) == ("Node", 2)
    assert "no label names" in listed[0].reason


def test_unmatched_alerts_are_counted_in_the_metrics() -> None:
    registry = CollectorRegistry()
    unmatched = Unmatched(registry)
    began = datetime(2026, 1, 5, 9, tzinfo=UTC)
    for number in (1, 1, 2):
        unmatched.note(alert("High", began, number=number), "no label names it", began)
    assert registry.get_sample_value("rollbackd_alerts_unmatched_total") == 3
    assert [entry.times for entry in unmatched.listed()] == [1, 2]
