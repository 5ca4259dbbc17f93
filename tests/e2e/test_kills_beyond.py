"""The steps of a plan that change something beside the Deployment: a flag, whoever owns it, the database.

One plan of all of them on the real cluster. The daemon is killed before and after each of their acts, and
after each outcome was written, and started again; a proxy, a flag service and PostgreSQL say what was done.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import gitops
from tests.e2e.api_proxy import ApiProxy, Write
from tests.e2e.app.manifests import NAME, Gl006
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.conftest import WATCH
from tests.e2e.daemon import ProcessDaemon
from tests.e2e.database import build as database
from tests.e2e.database.manifests import DATABASE, URL, USER, migration, postgresql
from tests.e2e.front_door import FrontDoor
from tests.e2e.kills import Kill, Matches, begun, job_made, job_of, kill_at, outcome
from tests.e2e.stage import Stage, wait_for
from tests.e2e.test_database import migrated, remembered, sql
from tests.example import application

pytestmark = pytest.mark.e2e
LONG = 600.0
"""Seconds: the daemon is started many times, beside whatever else this machine does."""
STORY = "killed-beyond"
GOOD, BAD = "v1.0.0", "v1.1.0-crash"
ENDS = ("RolledBack", "Unrecovered", "Held", "Superseded", "Healthy")
KINDS = (
    "gates",
    "feature-flag",
    "suspend-owner",
    "back-up-database",
    "downgrade-database",
    "rollback",
)
Case = dict[str, Any]


def suspended(write: Write) -> bool:
    return write.method == "PATCH" and "/kustomizations/" in write.path


ACTS: dict[str, Matches] = {
    "feature-flag": job_of("/feature-flag/1/"),
    "suspend-owner": suspended,
    "back-up-database": job_of("/back-up-database"),
    "downgrade-database": job_of("/downgrade-database"),
}
BEGUN = ("back-up-database", "downgrade-database")
"""Steps whose beginning is written down before they are begun."""


def kills() -> Iterator[Kill]:
    for kind, act in ACTS.items():
        if kind in BEGUN:
            yield f"beginning of {kind}", begun(kind), True
        yield f"act of {kind}", act, False
        yield f"act of {kind}", act, True
        yield f"outcome of {kind}", outcome(kind), True


KILLS = tuple(kills())


def settings(cluster: Cluster, namespace: str, door: FrontDoor) -> dict[str, Any]:
    """Each command is a Job: that is what can be found again, and is begun once."""
    switch = f"import urllib.request; urllib.request.urlopen('{door.url}/heat/off', data=b'', timeout=20)"
    dump = f"pg_dump -h postgresql -U {USER} -Fc {DATABASE} | pg_restore --list | grep audits"
    backup = {"job": {"command": ["sh", "-c", dump]}, "timeout": "5m"}
    return application() | {
        "workloads": [
            {
                "namespace": namespace,
                "name": NAME,
                "signals": ["errors"],
                "smoke_tests": [],
                "migration": STORY,
                "owner": "suspend",
                "feature_flags": ["heat"],
            }
        ],
        "feature_flags": [{"name": "heat", "job": {"command": ["python3", "-c", switch]}, "timeout": 60}],
        "migrations": [migration(STORY, "allowed") | {"backup_command": backup}],
        "owners": {"namespaces": [namespace]},
        "policy": {
            "watch": WATCH,
            "baseline_window": 180,
            "stale_after": 15,
            "verify_deadline": 180,
            "rollback_deadline": 300,
        },
        "prometheus": {"url": cluster.prometheus_url, "poll": 1},
        "log": {"format": "json"},
    }


@dataclass(frozen=True, kw_only=True)
class Told:
    """How it ended: the case, what the API server carried out for it, and what was done elsewhere."""

    case: Case
    writes: list[Write]
    kills: tuple[str, ...]
    posts: list[str]
    owner: dict[str, Any]
    version: str
    plans: str
    recovered: bool

    def count(self, matches: Matches) -> int:
        return sum(matches(write) for write in self.writes)


def play(cluster: Cluster, folder: Path, ends: ExitStack) -> Told:
    namespace = f"greenlang-{STORY}"
    app = Gl006(
        namespace=namespace,
        replicas=1,
        repository=database.REPOSITORY,
        environment={"DATABASE_URL": URL},
        memory_limit="192Mi",
    )
    stage = Stage(cluster, namespace, app)
    cluster.kubectl("delete", "namespace", "--ignore-not-found", "--wait", namespace)
    ends.callback(cluster.kubectl, "delete", "namespace", "--ignore-not-found", "--wait=false", namespace)
    stage.set_up()
    cluster.apply(postgresql(app))
    stage.kubectl("rollout", "status", "statefulset/postgresql", f"--timeout={LONG:.0f}s")
    migrated(stage, GOOD)
    sql(stage, "insert into plans (name) values ('exchanger network')")
    wait_for(f"{namespace}: pods of {GOOD}", partial(stage.all_ready_on, GOOD), within=LONG)
    gitops.install(cluster)
    controller = ends.enter_context(gitops.Controller(cluster))
    gitops.take_over(stage, controller, within=LONG)
    door = ends.enter_context(FrontDoor(cluster.host_address))
    proxy = ends.enter_context(ApiProxy(cluster))
    daemon = ProcessDaemon(cluster, folder, settings(cluster, namespace, door), "", server=proxy.url)
    ends.callback(daemon.stop)
    daemon.start()
    wait_for(f"{namespace}: {GOOD} adopted", partial(stage.case, GOOD), within=LONG)
    wait_for(f"{namespace}: the version to be remembered", lambda: remembered(stage), within=LONG)
    migrated(stage, BAD)
    before = len(proxy.writes)
    met = kill_at(KILLS, daemon, proxy, lambda: gitops.commit(stage, controller, BAD), within=LONG)
    case = stage.wait_phase(BAD, *ENDS, within=LONG)
    return Told(
        case=case,
        writes=proxy.writes[before:],
        kills=met,
        posts=door.posts,
        owner=gitops.spec_of(cluster, gitops.owner_of(stage)),
        version=sql(stage, "select version_num from alembic_version"),
        plans=sql(stage, "select name from plans"),
        recovered=stage.all_ready_on(GOOD),
    )


@pytest.fixture(scope="module")
def told(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with ExitStack() as ends:
        yield play(cluster, tmp_path_factory.mktemp(STORY), ends)


def test_each_step_is_carried_out_once_although_the_daemon_is_killed_at_it(told: Told) -> None:
    status = told.case["status"]
    assert status["phase"] == "RolledBack", status["reason"]
    assert told.recovered
    steps = [effect for effect in status["effects"] if effect["kind"] != "publish"]
    assert [(step["kind"], step.get("outcome")) for step in steps] == [(kind, "done") for kind in KINDS]
    listed = "\n".join(map(str, told.writes))
    assert {kind: told.count(act) for kind, act in ACTS.items()} == dict.fromkeys(ACTS, 1), listed
    assert told.count(job_made) == 3, listed
    assert len(told.kills) == len(KILLS)


def test_what_is_beside_the_cluster_saw_it_once(told: Told) -> None:
    assert told.posts == ["/heat/off"]
    assert told.version == "a1b2"
    assert told.plans == "exchanger network", "the rows are there"
    assert told.owner["suspend"] is True
    assert "stays suspended" in told.case["status"]["reason"], json.dumps(told.case["status"])[:2000]
