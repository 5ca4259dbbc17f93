"""A release that migrated its database, on the real cluster: PostgreSQL in a pod, alembic in the image."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.app.manifests import NAME
from tests.e2e.conftest import DATABASES
from tests.e2e.daemon import Daemon
from tests.e2e.database.manifests import DATABASE, USER, migrate, postgresql
from tests.e2e.stage import Stage, wait_for

pytestmark = pytest.mark.e2e
LONG = 400.0
GOOD, BAD = "v1.0.0", "v1.1.0-crash"
Case = dict[str, Any]
ENDS = ("RolledBack", "Held", "Unrecovered")


def sql(stage: Stage, statement: str) -> str:
    psql = ("psql", "-U", USER, "-d", DATABASE, "-XtA", "-c", statement)
    return stage.kubectl("exec", "postgresql-0", "--", *psql).strip()


def migrated(stage: Stage, tag: str) -> None:
    stage.cluster.apply(migrate(stage.app, tag))

    def over() -> bool:
        job = json.loads(stage.kubectl("get", "job", f"migrate-{tag}", "-o", "json"))
        return bool(job.get("status", {}).get("succeeded"))

    wait_for(f"{stage.namespace}: the migration of {tag}", over, within=LONG)


def remembered(stage: Stage) -> bool:
    """Whether the daemon has read what the good release runs with."""
    healthy = ((stage.case(GOOD) or {}).get("status") or {}).get("migration", {}).get("healthy") or {}
    return healthy.get("version") == "a1b2"


def play(stage: Stage) -> Case:
    """The good release has its table; a pipeline migrates for the bad one, and deploys it."""
    stage.cluster.apply(postgresql(stage.app))
    stage.kubectl("rollout", "status", "statefulset/postgresql", f"--timeout={LONG:.0f}s")
    migrated(stage, GOOD)
    sql(stage, "insert into plans (name) values ('exchanger network')")
    wait_for(f"{stage.namespace}: the version to be remembered", lambda: remembered(stage), within=LONG)
    migrated(stage, BAD)
    stage.release(BAD)
    return stage.wait_phase(BAD, *ENDS, within=LONG)


@pytest.fixture(scope="module")
def playing(stages: dict[str, Stage], daemon: Daemon) -> Iterator[dict[str, Future[Case]]]:
    with ThreadPoolExecutor(len(DATABASES)) as pool:
        yield {story: pool.submit(play, stages[story]) for story in DATABASES}


def steps(case: Case) -> list[tuple[str, str]]:
    """What the plan did, without what only looks."""
    effects = case["status"].get("effects", ())
    looks = ("publish", "gates")
    return [(effect["kind"], effect.get("outcome", "")) for effect in effects if effect["kind"] not in looks]


def test_with_leave_the_database_is_backed_up_taken_back_and_then_the_template(
    playing: dict[str, Future[Case]], stages: dict[str, Stage]
) -> None:
    stage, case = stages["downgraded"], playing["downgraded"].result()
    assert case["status"]["phase"] == "RolledBack", case["status"]["reason"]
    assert steps(case) == [(kind, "done") for kind in ("back-up-database", "downgrade-database", "rollback")]
    assert sql(stage, "select version_num from alembic_version") == "a1b2"
    assert sql(stage, "select name from plans") == "exchanger network"
    listed = stage.kubectl("exec", "postgresql-0", "--", "pg_restore", "--list", "/data/before.dump")
    assert "audits" in listed, "what the downgrade dropped is in the backup"
    assert stage.all_ready_on(GOOD)


def test_without_leave_it_is_held_with_both_versions_and_an_approval_leaves_the_database(
    playing: dict[str, Future[Case]], stages: dict[str, Stage]
) -> None:
    stage, case = stages["migrated"], playing["migrated"].result()
    assert case["status"]["phase"] == "Held", case["status"]["reason"]
    assert "(a1b2 → c3d4), and policy forbids to downgrade it" in case["status"]["reason"]
    assert stage.tag() == BAD
    order = {"action": "approve", "by": "anna", "at": "2026-01-01T00:00:00Z", "reason": ""}
    patch = json.dumps({"spec": {"instruction": order}})
    name = case["metadata"]["name"]
    stage.kubectl("patch", "rolloutcase", name, "--type=merge", "-p", patch)
    case = stage.wait_phase(BAD, "RolledBack", "Unrecovered", within=LONG)
    assert case["status"]["phase"] == "RolledBack", case["status"]["reason"]
    assert steps(case) == [("rollback", "done")]
    assert sql(stage, "select version_num from alembic_version") == "c3d4"
    assert [d["metadata"]["name"] for d in stage.objects("deployments")] == [NAME]
