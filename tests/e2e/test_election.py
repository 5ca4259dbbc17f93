"""Two daemons and one Lease on the real cluster: a hand-over, one that is cut from the API server, and one
that is killed between its patch and the patch's outcome.

What is asserted is the order of things and how often they were done; the seconds are printed.
"""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from tests.e2e import account
from tests.e2e.apart import Apart, home, started
from tests.e2e.api_proxy import Trap
from tests.e2e.app.manifests import NAME, Gl006
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.cluster.state import AUDITED
from tests.e2e.conftest import BUSY
from tests.e2e.daemon import TOKEN
from tests.e2e.kills import act
from tests.e2e.stage import Stage, wait_for
from tests.e2e.test_writes import LONG, guarding, has_long_past

pytestmark = pytest.mark.e2e
NAMESPACE = "greenlang-elected"
LEADS = "this replica leads"
PAUSES = "the lease could not be renewed in time"
ENDS = "another replica has acted meanwhile"
GIVES_BACK = "gave the lease back"


@dataclass(frozen=True)
class Replica(Apart):
    def said(self, text: str) -> list[float]:
        """When it logged this (Unix seconds)."""
        return [at for at, event in self._lines() if text in event]

    def _lines(self) -> Iterator[tuple[float, str]]:
        from datetime import datetime

        for line in self.daemon.log().splitlines():
            if line.startswith("{"):
                told = json.loads(line)
                yield datetime.fromisoformat(told["time"]).timestamp(), told["event"]

    @property
    def leads(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.daemon.url}/metrics", timeout=5) as answer:
                return "\nrollbackd_leading 1.0" in answer.read().decode()
        except OSError:
            return False


def two(
    cluster: Cluster,
    namespace: str,
    election: dict[str, Any],
    folders: pytest.TempPathFactory,
    ends: ExitStack,
) -> tuple[Stage, tuple[Replica, Replica]]:
    """Two daemons that guard a namespace of their own, with these settings of the election."""
    stage = home(cluster, Gl006(namespace=namespace, replicas=2, load_rps=BUSY, base_error_rate=0.0), ends)
    stage.wait_running(within=LONG)
    settings = guarding(cluster, namespace, {}) | {"election": election}

    def replica(name: str) -> Replica:
        apart = started(stage, folders.mktemp(name), settings, ends)
        return Replica(apart.stage, apart.daemon, apart.proxy)

    return stage, (replica("one"), replica("two"))


@dataclass(frozen=True)
class Played:
    stage: Stage
    replicas: tuple[Replica, Replica]

    def leader(self) -> Replica:
        return wait_for("one that leads", lambda: next((r for r in self.replicas if r.leads), None))

    def other(self, than: Replica) -> Replica:
        return next(replica for replica in self.replicas if replica is not than)

    def follower(self) -> Replica | None:
        """The one that names the holder of the lease, where the other says that it follows nobody."""
        says = {replica.daemon.get("/api/status")["follows"]: replica for replica in self.replicas}
        holder = self.lease()["holderIdentity"]
        return says.get(holder) if holder and "" in says else None

    def lease(self) -> dict[str, Any]:
        text = self.stage.cluster.kubectl("-n", AUDITED, "get", "lease", account.NAME, "-o", "json")
        spec: dict[str, Any] = json.loads(text)["spec"]
        return spec

    def patches(self) -> int:
        """Of the Deployment, that the API server carried out."""
        return sum(replica.patches() for replica in self.replicas)


@pytest.fixture(scope="module")
def played(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with ExitStack() as ends:
        stage, replicas = two(cluster, NAMESPACE, {"enabled": True}, tmp_path_factory, ends)
        made = Played(stage, replicas)
        stage.wait_adopted()
        yield made


def test_a_follower_stores_alerts_and_says_whom_it_follows(played: Played) -> None:
    follower = wait_for("one to follow the other", played.follower)
    assert follower.daemon.get("/readyz")["ready"]
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    labels = {"alertname": "Delivered", "namespace": NAMESPACE, "deployment": NAME}
    alert = {"status": "firing", "labels": labels, "annotations": {}, "startsAt": at, "fingerprint": "f1"}
    request = urllib.request.Request(
        f"{follower.daemon.url}/webhooks/alertmanager",
        data=json.dumps({"version": "4", "alerts": [alert]}).encode(),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert json.load(answer)["recorded"] == 1
    case = played.stage.case("v1.0.0")
    assert case is not None
    assert [alert["name"] for alert in case["status"]["alerts"]] == ["Delivered"]


def test_a_stop_hands_the_lease_over(played: Played) -> None:
    before = played.leader()
    after = played.other(before)
    known, asked = len(after.said(LEADS)), time.time()
    before.daemon.stop()
    wait_for("the other to lead", lambda: len(after.said(LEADS)) > known)
    [given] = before.said(GIVES_BACK)
    led = after.said(LEADS)[-1]
    print(f"\nhand-over: {led - given:.2f} s from the lease given back, {led - asked:.2f} s from SIGTERM")
    assert led - given < 8.0, "it did not wait for the lease to run out"
    before.daemon.start()


def test_who_is_cut_off_stops_acting_before_the_other_begins(played: Played) -> None:
    cut = played.leader()
    other = played.other(cut)
    began = time.time()
    cut.proxy.hang(True)

    def it_leads_alone() -> bool:
        if not other.leads:
            return False
        # Asked after the other was seen to lead: whoever leads now must have stopped before.
        assert not cut.leads
        return True

    wait_for("the other to lead", it_leads_alone)
    wait_for("the cut one to say so", lambda: cut.said(PAUSES))
    print(f"\ncut off: the other led after {other.said(LEADS)[-1] - began:.2f} s")
    cut.proxy.hang(False)
    ended = wait_for("the cut one to end", cut.daemon.ended)
    assert ended == "exited with code 1"
    assert cut.said(ENDS)
    cut.daemon.start()


def test_the_other_finishes_a_plan_whose_leader_was_killed(played: Played) -> None:
    """Between the patch and its outcome: the patch was made, and nobody heard of it."""
    stage = played.stage
    wait_for("a steady past", partial(has_long_past, stage), within=LONG)
    for replica in played.replicas:
        # Whichever leads then: on a busy machine the lease may change hands.
        replica.proxy.set(Trap(matches=act("rollback"), made=True, end=replica.daemon.kill))
    stage.release("v1.1.0-errors")
    generation = stage.deployment()["metadata"]["generation"]
    killed = wait_for(
        "the patch",
        lambda: next((r for r in played.replicas if r.proxy.sprung(0)), None),
        within=LONG,
    )
    died, transitions, other = time.time(), played.lease()["leaseTransitions"], played.other(killed)
    other.proxy.set(Trap(matches=lambda _: False, made=True, end=other.daemon.kill))
    wait_for("the other to lead", lambda: [at for at in other.said(LEADS) if at > died])
    print(f"\nfailover: {other.said(LEADS)[-1] - died:.2f} s from SIGKILL")
    case = stage.wait_phase("v1.1.0-errors", "RolledBack", "Unrecovered", "Held", within=LONG)
    assert case["status"]["phase"] == "RolledBack", case["status"]["reason"]
    assert played.patches() == 1
    assert stage.deployment()["metadata"]["generation"] == generation + 1
    assert stage.all_ready_on("v1.0.0")
    assert played.lease()["leaseTransitions"] == transitions + 1, "the killed one leads no more"
    assert case["status"]["term"].startswith(f"{transitions + 1}/")
