"""A real alembic and a real PostgreSQL under the engine: what is claimed of the database is what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case, Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.migration import PLACEHOLDER, DatabaseCommand, DowngradeChoice, MigrationPolicy
from tests.database import images
from tests.database.local_runner import LocalRunner
from tests.database.server import Server, running
from tests.engine.world import POLICY, World

pytestmark = pytest.mark.e2e
GOOD, BAD = images.KNOWS
ENDS = (Phase.ROLLED_BACK, Phase.UNRECOVERED, Phase.HELD)
ASK = ("psql", "-XtA", "-c", "select version_num from alembic_version")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as made:
        yield made


class Shop:
    """GL-006 with its database, and its releases' images as folders of this machine."""

    def __init__(self, server: Server, folder: Path, version: tuple[str, ...], pattern: str) -> None:
        self.server, self.dump = server, folder / "before.dump"
        self.images = {tag: images.unpack(tag, folder / tag) for tag in images.KNOWS}
        path = f"{server.binaries}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.environment = {**server.environment, "DATABASE_URL": server.url, "PATH": path}
        self.runner = LocalRunner("job", self.images, self.environment)
        server.fresh(GOOD, lambda: self.migrate(GOOD))
        server.sql("insert into plans (name) values ('exchanger network')")
        policy = MigrationPolicy(
            version=DatabaseCommand(kind="job", command=version),
            pattern=pattern,
            backup=DatabaseCommand(kind="job", command=("pg_dump", "-Fc", "-f", str(self.dump))),
            downgrade=DatabaseCommand(kind="job", command=("alembic", "downgrade", PLACEHOLDER)),
            downgrades=DowngradeChoice.ALLOWED,
        )
        self.world = World(rps=50.0, policy=replace(POLICY, migration=policy))
        self.world.runners["job"] = self.runner
        self.world.settled()
        self.world.faults_of(BAD)

    def migrate(self, tag: str) -> None:
        """What a deployment does: ``alembic upgrade head`` with the release's own image."""
        subprocess.run(
            ["alembic", "upgrade", "head"],
            cwd=self.images[tag],
            env=os.environ | self.environment,
            check=True,
            capture_output=True,
        )

    @property
    def version(self) -> str:
        return self.server.sql(ASK[-1])

    def release(self) -> None:
        self.world.deploy(BAD)
        self.world.run(1)
        self.migrate(BAD)

    def end(self) -> Case:
        case = self.world.run_until(*ENDS, within=1200)
        self.world.run(5)
        return case


@pytest.fixture
def shop(server: Server, tmp_path: Path) -> Shop:
    return Shop(server, tmp_path, ASK, "")


def test_the_database_is_backed_up_and_taken_back_before_the_template(shop: Shop) -> None:
    shop.release()
    shop.server.sql("insert into audits (text) values ('seen')")
    case = shop.end()
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert [(e.kind, e.outcome) for e in case.status.effects if e.is_step] == [
        (kind, EffectOutcome.DONE) for kind in ("back-up-database", "downgrade-database", "rollback")
    ]
    assert shop.version == "a1b2"
    assert shop.server.sql("select name from plans") == "exchanger network"
    kept = subprocess.run(
        [shop.server.binaries / "pg_restore", "--data-only", "-t", "audits", "-f", "-", shop.dump],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "seen" in kept, "what the downgrade drops is in the backup"
    downgrades = [tag for tag, command in shop.runner.ran if "downgrade" in command]
    assert downgrades == [BAD], "the way back from c3d4 is known to the release alone"


def test_a_release_that_migrated_nothing_leaves_the_database_alone(shop: Shop) -> None:
    shop.world.deploy(BAD)
    case = shop.end()
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert {command for _, command in shop.runner.ran} == {ASK}


def test_a_downgrade_that_fails_half_way_is_held_where_it_is(shop: Shop) -> None:
    shop.release()
    shop.server.sql("create view reports as select savings from plans")
    case = shop.end()
    assert case.phase is Phase.HELD, case.status.reason
    assert shop.version == "b2c3"
    assert "the database is at b2c3 now, neither c3d4 nor a1b2" in case.status.reason
    assert "half-done: the backup of the database was done" in case.status.reason
    assert "drop column savings of table plans because other objects depend on it" in case.status.reason
    assert shop.world.tag() == BAD


def test_a_backup_that_cannot_be_written_ends_it_before_anything_was_done(shop: Shop) -> None:
    shop.dump.mkdir()
    shop.release()
    case = shop.end()
    assert case.phase is Phase.HELD, case.status.reason
    assert "the backup of the database failed: exit code 1" in case.status.reason
    assert shop.version == "c3d4"


def test_a_server_that_does_not_answer_is_no_reason_to_guess(shop: Shop) -> None:
    shop.world.deploy(BAD)
    shop.environment["PGHOST"] = "/nowhere"
    shop.runner = LocalRunner("job", shop.images, shop.environment)
    shop.world.runners["job"] = shop.runner
    shop.world.restart()
    case = shop.end()
    assert case.phase is Phase.HELD, case.status.reason
    assert "whether the release migrated the database is not known" in case.status.reason
    assert shop.world.tag() == BAD


def test_alembic_current_of_the_image_before_says_nothing_rather_than_something_wrong(
    server: Server, tmp_path: Path
) -> None:
    """It fails on a version that it has no migration for: that is why the table should be asked."""
    shop = Shop(server, tmp_path, ("alembic", "current"), r"^(\w+)(?: \(head\))?$")
    healthy = shop.world.newest()
    assert healthy is not None
    assert healthy.status.migration.healthy is not None
    assert healthy.status.migration.healthy.version == "a1b2"
    shop.release()
    case = shop.end()
    assert case.phase is Phase.HELD, case.status.reason
    assert "Can't locate revision identified by 'c3d4'" in case.status.reason
