"""Two daemons that divide four shards on the real cluster: evenly, and what a killed one held is finished."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from daemon.adapters.kubernetes.lease import MEMBERS
from daemon.core.sharding import layout, shard_of
from tests.e2e import account
from tests.e2e.api_proxy import Trap
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.cluster.state import AUDITED
from tests.e2e.kills import act
from tests.e2e.stage import Stage, wait_for
from tests.e2e.test_election import Replica, two
from tests.e2e.test_writes import LONG, has_long_past

pytestmark = pytest.mark.e2e
NAMESPACE = "greenlang-shards"
SHARDS = 4


@dataclass(frozen=True)
class Played:
    stage: Stage
    replicas: tuple[Replica, ...]

    def held(self, by: Replica) -> list[int]:
        """By its own word; nothing where it does not answer."""
        try:
            part: str = by.daemon.get("/api/status")["part"]
        except OSError:
            return []
        return [int(shard) for shard in part.partition(" of ")[0].split(", ") if shard != "none"]

    def divided(self) -> bool:
        """Each shard is one replica's, and each replica has as many."""
        held = [self.held(replica) for replica in self.replicas]
        shards = sorted(shard for own in held for shard in own)
        return shards == [*range(SHARDS)] and {len(own) for own in held} == {2}

    def acting(self) -> Replica:
        """Whoever has the shard of the namespace."""
        shard = shard_of(NAMESPACE, SHARDS)
        return wait_for("a holder", lambda: next((r for r in self.replicas if shard in self.held(r)), None))

    def lease(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            self.stage.cluster.kubectl("-n", AUDITED, "get", "lease", name, "-o", "json")
        )
        return found

    def patches(self) -> int:
        """Of the Deployment, that the API server carried out."""
        return sum(replica.patches() for replica in self.replicas)


@pytest.fixture(scope="module")
def played(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with ExitStack() as ends:
        shared = {"enabled": True, "shards": SHARDS}
        yield Played(*two(cluster, NAMESPACE, shared, tmp_path_factory, ends))


def test_the_shards_are_divided_evenly(played: Played) -> None:
    wait_for("two shards each", played.divided, within=LONG)
    of_all = played.lease(account.NAME)
    assert of_all["spec"]["holderIdentity"] == layout(SHARDS)
    assert len(json.loads(of_all["metadata"]["annotations"][MEMBERS])) == 2
    holders = [played.lease(f"{account.NAME}-{shard}")["spec"]["holderIdentity"] for shard in range(SHARDS)]
    assert sorted(holders.count(holder) for holder in set(holders)) == [2, 2]


def test_what_a_killed_replica_began_is_finished_by_another_once(played: Played) -> None:
    stage = played.stage
    wait_for("v1.0.0 adopted", partial(stage.case, "v1.0.0"), within=LONG)
    wait_for("a steady past", partial(has_long_past, stage), within=LONG)
    acting = played.acting()
    for replica in played.replicas:
        replica.proxy.set(Trap(matches=act("rollback"), made=True, end=replica.daemon.kill))
    stage.release("v1.1.0-errors")
    generation = stage.deployment()["metadata"]["generation"]
    killed = wait_for(
        "the patch",
        lambda: next((r for r in played.replicas if r.proxy.sprung(0)), None),
        within=LONG,
    )
    died, other = time.time(), next(r for r in played.replicas if r is not killed)
    assert killed is acting, "the shard did not change hands"
    other.proxy.set(Trap(matches=lambda _: False, made=True, end=other.daemon.kill))
    wait_for("all shards at the other", lambda: played.held(other) == [*range(SHARDS)], within=LONG)
    print(f"\nfailover: {time.time() - died:.2f} s from SIGKILL")
    case = stage.wait_phase("v1.1.0-errors", "RolledBack", "Unrecovered", "Held", within=LONG)
    assert case["status"]["phase"] == "RolledBack", case["status"]["reason"]
    assert played.patches() == 1
    assert stage.deployment()["metadata"]["generation"] == generation + 1


def test_whoever_comes_back_gets_its_part(played: Played) -> None:
    ended = next(replica for replica in played.replicas if not played.held(replica))
    ended.daemon.start()
    wait_for("two shards each", played.divided, within=LONG)
