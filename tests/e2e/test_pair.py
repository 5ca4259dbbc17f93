"""Two replicas in pods, as the chart installs them: the one that acts is lost in the middle of a bad release,
and a drain takes no more than one of them.

What is asserted is the order of things and how often they were done; the seconds are printed.
"""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.app.manifests import Gl006
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.cluster.waiting import ClusterError
from tests.e2e.conftest import BUSY
from tests.e2e.daemon import PodDaemon
from tests.e2e.stage import Stage, of_its_own, wait_for
from tests.e2e.test_writes import LONG, guarding, has_long_past

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(os.environ.get("ROLLBACKD_E2E_DAEMON") == "process", reason="it is about pods"),
]
NAMESPACE = "greenlang-paired"
RELEASE = "rollbackd-pair"


@dataclass(frozen=True)
class Pair:
    stage: Stage
    daemon: PodDaemon

    def kubectl(self, *arguments: str) -> str:
        return self.stage.cluster.kubectl("-n", RELEASE, *arguments)

    def names(self) -> list[str]:
        """Of the pods that are ready."""
        return [pod["metadata"]["name"] for pod in self.daemon.pods() if _ready(pod)]

    def both(self) -> list[str] | None:
        names = self.names()
        return names if len(names) == 2 else None

    def holder(self) -> str:
        """Who holds the lease; empty for nobody."""
        found = json.loads(self.kubectl("get", "lease", RELEASE, "-o", "json"))
        holder: str = found.get("spec", {}).get("holderIdentity", "")
        return holder

    def leader(self) -> str:
        """The pod that holds the lease, once one of those that are ready does."""

        def leading() -> str | None:
            pod = self.holder().rpartition("_")[0]
            return pod if pod in self.names() else None

        return wait_for("a pod to lead", leading)

    def ask(self, pod: str, path: str) -> str:
        """What a pod's own web server answers."""
        found = json.loads(self.kubectl("get", "pod", pod, "-o", "json"))
        port = found["spec"]["containers"][0]["ports"][0]["containerPort"]
        request = urllib.request.Request(
            f"http://{found['status']['podIP']}:{port}{path}",
            headers={"Authorization": f"Bearer {self.daemon.login}"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            text: str = answer.read().decode()
        return text

    def evict(self, pod: str) -> None:
        """As a drain does. Raises ClusterError where the budget forbids it."""
        eviction = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod, "namespace": RELEASE},
        }
        path = f"/api/v1/namespaces/{RELEASE}/pods/{pod}/eviction"
        self.stage.cluster.kubectl("create", "--raw", path, "-f", "-", input=json.dumps(eviction))


def _ready(pod: dict[str, Any]) -> bool:
    conditions = pod["status"].get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


@pytest.fixture(scope="module")
def pair(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with ExitStack() as ends:
        for namespace in (NAMESPACE, RELEASE):
            ends.enter_context(of_its_own(cluster, namespace))
        app = Gl006(namespace=NAMESPACE, replicas=2, load_rps=BUSY, base_error_rate=0.0)
        stage = Stage(cluster, NAMESPACE, app)
        stage.set_up()
        stage.wait_running(within=LONG)
        folder = tmp_path_factory.mktemp("pair")
        settings = guarding(cluster, NAMESPACE, {})
        daemon = PodDaemon(cluster, folder, settings, "", release=RELEASE, replicas=2)
        ends.callback(daemon.stop)
        daemon.start()
        stage.wait_adopted()
        yield Pair(stage, daemon)


def test_a_follower_shows_the_page_and_the_cases(pair: Pair) -> None:
    wait_for("both to be ready", pair.both)
    leader = pair.leader()
    [follower] = [name for name in pair.names() if name != leader]
    wait_for(
        "it to follow", lambda: json.loads(pair.ask(follower, "/api/status"))["follows"] == pair.holder()
    )
    assert "<title>" in pair.ask(follower, "/")
    case = pair.stage.case("v1.0.0")
    assert case is not None
    assert case["metadata"]["name"] in pair.ask(follower, "/api/cases")
    assert "\nrollbackd_leading 0.0" in pair.ask(follower, "/metrics")


def test_the_other_rolls_back_once_what_began_before_the_leader_was_lost(pair: Pair) -> None:
    stage = pair.stage
    wait_for("a steady past", lambda: has_long_past(stage), within=LONG)
    wait_for("both to be ready", pair.both)
    leader = pair.leader()
    [other] = [name for name in pair.names() if name != leader]
    stage.release("v1.1.0-errors")
    generation = stage.deployment()["metadata"]["generation"]
    wait_for("the case of the release", lambda: stage.case("v1.1.0-errors"))
    lost = time.monotonic()
    pair.kubectl("delete", "pod", leader, "--grace-period=0", "--force", "--wait=false")
    wait_for("the other to lead", lambda: pair.leader() == other)
    print(f"\nfailover: {time.monotonic() - lost:.1f} s from the pod's deletion")
    case = stage.wait_phase("v1.1.0-errors", "RolledBack", "Unrecovered", "Held", within=LONG)
    assert case["status"]["phase"] == "RolledBack", case["status"]["reason"]
    assert stage.deployment()["metadata"]["generation"] == generation + 1
    assert [e["outcome"] for e in case["status"]["effects"] if e["kind"] == "rollback"] == ["done"]
    assert stage.all_ready_on("v1.0.0")


def test_a_drain_takes_one_at_a_time_and_hands_the_lease_over(pair: Pair) -> None:
    wait_for("both to be ready", pair.both)
    wait_for("the budget to know", lambda: _allowed(pair) == 1)
    leader = pair.leader()
    [other] = [name for name in pair.names() if name != leader]
    pair.evict(leader)
    with pytest.raises(ClusterError, match="violate the pod's disruption budget"):
        pair.evict(other)
    wait_for("the other to lead", lambda: pair.leader() == other)
    wait_for("another in its place", pair.both)
    assert pair.leader() == other


def _allowed(pair: Pair) -> int:
    found = json.loads(pair.kubectl("get", "poddisruptionbudget", RELEASE, "-o", "json"))
    allowed: int = found["status"]["disruptionsAllowed"]
    return allowed
