from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from daemon.adapters.kubernetes.permissions import Permission
from daemon.adapters.live_check import Notice
from daemon.cli.backend import Backend, Say
from daemon.cli.root import cli
from daemon.core.case.case import Case
from daemon.core.model import WorkloadRef
from daemon.core.rollout_facts.owners import Ownership
from daemon.engine.manual import Asked
from daemon.ports import CaseStore, Clock, PortError
from daemon.settings import Settings, load
from tests.simulation.faulty import FaultyCaseStore
from tests.unit.web import samples
from tests.unit.web.fakes import FixedClock

CONFIG = """
workloads:
  - {namespace: greenlang, name: gl-006-heatreclaim, title: GL-006, contact: "#incident-gl006"}
  - {namespace: furnaces, name: gl-007-furnace, mode: approval}
signals:
  - {name: errors, title: error rate, bad: 'asked_total{code=~"5.."}', total: asked_total, limit: 0.05}
  - {name: latency, histogram: took_seconds, slower_than: 5s, limit: 0.01, warmup: 60s}
"""


class FakeParts(Backend):
    """Cases in memory, and a note of what the application was asked to do."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self.config_places = (config,)
        self.memory = FaultyCaseStore()
        self.calls: list[tuple[str, Any]] = []
        self.trouble: PortError | None = None
        self.code = 0
        self.found: tuple[Notice, ...] = ()
        self.defined = ""
        self.permitted: list[Permission] | PortError = []
        self.owned: dict[WorkloadRef, Ownership] = {}

    def add(self, *cases: Case) -> None:
        for case in cases:
            self.memory.create(case)

    def settings(
        self, path: Path | None, flags: Mapping[str, str | None], environ: Mapping[str, str]
    ) -> Settings:
        self.calls.append(("settings", dict(flags)))
        ours = {name: value for name, value in environ.items() if name.startswith("ROLLBACKD_P")}
        return load(path, flags, ours)

    def log(self, level: str) -> None:
        self.calls.append(("log", level))

    def clock(self) -> Clock:
        return FixedClock()

    def case_store(self, settings: Settings) -> CaseStore:
        if self.trouble is not None:
            raise self.trouble
        return self.memory

    def run(self, settings: Settings) -> int:
        self.calls.append(("run", settings.log.level))
        return self.code

    def manual_rollback(
        self,
        settings: Settings,
        ref: WorkloadRef,
        *,
        asked: Asked,
        dry_run: bool,
        say: Say,
    ) -> int:
        self.calls.append(("rollback", (str(ref), asked, dry_run)))
        if self.trouble is not None:
            raise self.trouble
        say("rollout: 3 of 3 updated")
        return self.code

    def demo(self, *, speed: float, port: int | None, keep: bool, say: Say) -> int:
        self.calls.append(("demo", (speed, port, keep)))
        return self.code

    def findings(self, settings: Settings) -> tuple[Notice, ...]:
        return self.found

    def definition(self, settings: Settings) -> str:
        return self.defined

    def permissions(self, settings: Settings) -> list[Permission]:
        if isinstance(self.permitted, PortError):
            raise self.permitted
        return self.permitted

    def owners(self, settings: Settings) -> Mapping[WorkloadRef, Ownership]:
        return self.owned

    def asked(self, name: str) -> list[Any]:
        return [what for kind, what in self.calls if kind == name]


Rollbackd = Callable[..., Result]


@pytest.fixture
def parts(tmp_path: Path) -> FakeParts:
    config = tmp_path / "rollbackd.yaml"
    config.write_text(CONFIG)
    return FakeParts(config)


@pytest.fixture
def rollbackd(parts: FakeParts) -> Rollbackd:
    """Runs a command line and shows what came of it."""

    def run(*arguments: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Result:
        return CliRunner().invoke(
            cli, arguments, obj=parts, input=stdin, env=dict(env or {}), prog_name="rollbackd"
        )

    return run


@pytest.fixture
def story(parts: FakeParts) -> None:
    """A rollback in greenlang, a watch and a waiting approval beside it."""
    parts.add(samples.rolled_back(), samples.watching(), samples.awaiting())


def answer(result: Result) -> Any:
    """The one JSON document on standard output."""
    return json.loads(result.stdout)
