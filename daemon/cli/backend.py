"""Where the commands get what they work with. Tests hand in a subclass; imports wait for the use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.adapters.kubernetes.permissions import Permission
    from daemon.adapters.live_check import Notice
    from daemon.core.model import WorkloadRef
    from daemon.core.rollout_facts.owners import Ownership
    from daemon.engine.manual import Asked
    from daemon.ports import CaseStore, Clock
    from daemon.settings import Settings

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
    ) -> int:
        from daemon import app

        return app.manual_rollback(settings, ref, asked=asked, dry_run=dry_run, say=say)

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

    def definition(self, settings: Settings) -> str:
        """What the installed CustomResourceDefinition lacks; empty for nothing. Raises PortError."""
        from daemon import app
        from daemon.adapters.kubernetes.crd_check import outdated

        return outdated(app.kube_client(settings))

    def permissions(self, settings: Settings) -> list[Permission]:
        """What the API server lets us do. Raises PortError."""
        from daemon import app
        from daemon.adapters.kubernetes.permissions import check

        return check(
            app.kube_client(settings),
            settings.namespaces,
            named=settings.named,
            logged=settings.logged,
            runs=settings.runs,
            restoring=settings.restoring,
            gated=settings.gated,
            suspending=settings.suspending,
        )
