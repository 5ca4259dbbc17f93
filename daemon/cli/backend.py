"""Where the commands get what they work with. Tests hand in a subclass; imports wait for the use."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.adapters.incidents.registry import Sink
    from daemon.adapters.kubernetes.permissions import Permission
    from daemon.adapters.live_check import Notice
    from daemon.core.case.case import Case
    from daemon.core.model import WorkloadRef
    from daemon.core.rollout_facts.owners import Ownership
    from daemon.engine.manual import Agrees, Asked
    from daemon.engine.release_wait import WaitResult, Wanted
    from daemon.ports import CaseStore, Clock
    from daemon.settings import Settings
    from daemon.settings.inventory import Inventory

Say = Callable[[str], None]


class Backend:
    """The real ones."""

    config_places: tuple[Path, ...] = (Path("rollbackd.yaml"), Path("/etc/rollbackd/rollbackd.yaml"))

    def settings(
        self, path: Path | None, flags: Mapping[str, str | None], environ: Mapping[str, str]
    ) -> Settings:
        from daemon.settings import load

        return load(path, flags, environ)

    def log(self, level: str) -> None:
        from daemon import logs

        logs.configure(level, "console")

    def clock(self) -> Clock:
        from daemon.adapters.clock import SystemClock

        return SystemClock()

    def case_store(self, settings: Settings) -> CaseStore:
        from daemon import app

        return app.case_store(settings)

    def whoami(self, settings: Settings) -> str:
        """Whom the API server knows us as; empty where it does not say. A policy of admission may hold what
        is written to this name."""
        from daemon import app
        from daemon.adapters.kubernetes.people import whoami

        return whoami(app.kube_client(settings))

    def namespace(self, kubeconfig: str | None, context: str | None) -> str:
        """That of the kubeconfig's context, or in a cluster the pod's own. Raises Rejected."""
        from daemon.adapters.kubernetes.access import load

        return load(Path(kubeconfig) if kubeconfig else None, context).namespace

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def wait(
        self,
        settings: Settings,
        subject: WorkloadRef | Case,
        *,
        wanted: Wanted,
        timeout: float,
        say: Say,
    ) -> WaitResult:
        from daemon import by_hand

        return by_hand.wait(settings, subject, wanted=wanted, timeout=timeout, say=say)

    def inventory(self, settings: Settings, namespace: str) -> Inventory:
        """What is found in a namespace, and of it in Prometheus. Raises PortError."""
        from daemon import app
        from daemon.adapters.inventory import look_around
        from daemon.adapters.prometheus.client import PrometheusClient

        prometheus = PrometheusClient(settings.prometheus, self.clock())
        try:
            return look_around(app.kube_client(settings), prometheus, namespace)
        finally:
            prometheus.close()

    def pause(self, settings: Settings, ref: WorkloadRef, seconds: float | None) -> str:
        """Returns what was written. Raises PortError."""
        from daemon import app
        from daemon.adapters.kubernetes.pausing import pause

        return pause(app.kube_client(settings), ref, seconds)

    def resume(self, settings: Settings, ref: WorkloadRef) -> None:
        from daemon import app
        from daemon.adapters.kubernetes.pausing import resume

        resume(app.kube_client(settings), ref)

    def run(self, settings: Settings) -> int:
        from daemon import app

        return app.run(settings)

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
        from daemon import by_hand

        return by_hand.manual_rollback(settings, ref, asked=asked, dry_run=dry_run, say=say, agrees=agrees)

    def demo(self, *, speed: float, port: int | None, keep: bool, say: Say) -> int:
        from daemon import app

        return app.demo(speed=speed, port=port, keep=keep, say=say)

    def findings(self, settings: Settings) -> tuple[Notice, ...]:
        """What Prometheus answers to the settings' queries."""
        from daemon.adapters.live_check import check_live
        from daemon.adapters.prometheus.metrics import PrometheusMetrics

        metrics = PrometheusMetrics(
            settings.prometheus, settings.signals, self.clock(), namespaces=settings.namespaces
        )
        try:
            return check_live(settings, metrics)
        finally:
            metrics.close()

    def owners(self, settings: Settings) -> Mapping[WorkloadRef, Ownership]:
        """Who else owns each guarded Deployment. Raises PortError."""
        from daemon import app
        from daemon.adapters.kubernetes.surveyor import survey

        return survey(app.kube_client(settings), settings.namespaces, settings.guards)

    def sinks(self, settings: Settings, names: Iterable[str]) -> Mapping[str, Sink]:
        """These incident sinks. Raises Rejected on settings that one cannot use."""
        from daemon import app
        from daemon.adapters.incidents.registry import SinkContext, build

        names = tuple(names)
        kube = app.kube_client(settings) if "events" in names else None
        around = SinkContext(
            settings=settings.incidents,
            kube=kube,
            page_url=str(settings.web.page_url or ""),
            links=app.action_links(settings),
        )
        return build(names, around)

    def definition(self, settings: Settings) -> str:
        """What the installed CustomResourceDefinition lacks; empty for nothing. Raises PortError."""
        from daemon import app
        from daemon.adapters.kubernetes.crd_check import outdated

        return outdated(app.kube_client(settings))

    def permissions(self, settings: Settings) -> list[Permission]:
        """What the API server lets us do. Raises PortError."""
        from daemon import app
        from daemon.adapters.kubernetes.permissions import check

        client = app.kube_client(settings)
        return check(
            client,
            settings.namespaces,
            named=settings.named,
            logged=settings.logged,
            runs=settings.runs,
            restoring=settings.restoring,
            gated=settings.gated,
            suspending=settings.suspending,
            login=settings.web.login.mode,
            leases=settings.election.leases(client.namespace),
        )
