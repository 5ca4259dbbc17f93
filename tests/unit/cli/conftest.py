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
from daemon.engine.manual import Agrees, Asked
from daemon.engine.release_wait import Answer, WaitResult, Wanted
from daemon.ports import CaseStore, Clock, PortError, Rejected
from daemon.settings import Settings, load
from daemon.settings.inventory import FoundDeployment, Inventory
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
        self.known_as = ""
        self.meanwhile: list[Callable[[], object]] = []
        """What happens while the program sleeps; then somebody presses Ctrl-C."""
        self.result = WaitResult(answer=Answer.HEALTHY, text="it is Healthy")
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

    def whoami(self, settings: Settings) -> str:
        return self.known_as

    def namespace(self, kubeconfig: str | None, context: str | None) -> str:
        return "greenlang"

    def sleep(self, seconds: float) -> None:
        self.calls.append(("sleep", seconds))
        if not self.meanwhile:
            raise KeyboardInterrupt
        self.meanwhile.pop(0)()

    def wait(
        self,
        settings: Settings,
        subject: WorkloadRef | Case,
        *,
        wanted: Wanted,
        timeout: float,
        say: Say,
    ) -> WaitResult:
        named = subject.key if isinstance(subject, Case) else str(subject)
        self.calls.append(("wait", (named, wanted, timeout)))
        say("waiting for a case")
        return self.result

    def inventory(self, settings: Settings, namespace: str) -> Inventory:
        self.calls.append(("inventory", (settings.prometheus.url, namespace)))
        cart = FoundDeployment(name="cart", pods=2, probes=(":8080/ready",))
        return Inventory(namespace=namespace, prometheus=settings.prometheus.url, deployments=(cart,))

    def pause(self, settings: Settings, ref: WorkloadRef, seconds: float | None) -> str:
        self.calls.append(("pause", (str(ref), seconds)))
        return "true" if seconds is None else "until 2026-11-24T12:20:00Z"

    def resume(self, settings: Settings, ref: WorkloadRef) -> None:
        self.calls.append(("resume", str(ref)))

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
        agrees: Agrees,
    ) -> int:
        if not dry_run and not agrees(f"Roll back {ref} from revision 8 to revision 7?"):
            raise Rejected("not confirmed, nothing was done: answer y, or add --yes")
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
