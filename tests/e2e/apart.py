"""A story that has a daemon of its own, which reaches the API server through a proxy."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.api_proxy import ApiProxy
from tests.e2e.app.manifests import Gl006
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.daemon import ProcessDaemon
from tests.e2e.stage import Stage, of_its_own


@dataclass(frozen=True)
class Apart:
    """A story's namespace, its daemon, and the proxy between the daemon and the API server."""

    stage: Stage
    daemon: ProcessDaemon
    proxy: ApiProxy

    def patches(self) -> int:
        """How often the daemon has patched a Deployment."""
        return sum(write.method == "PATCH" and "/deployments/" in write.path for write in self.proxy.writes)


def home(cluster: Cluster, app: Gl006, ends: ExitStack) -> Stage:
    """The application's namespace, made anew, with the application in it; it goes at the end."""
    stage = Stage(cluster, app.namespace, app)
    ends.enter_context(of_its_own(cluster, app.namespace))
    stage.set_up()
    return stage


def guarded(stage: Stage, folder: Path, settings: dict[str, Any], ends: ExitStack, *, within: float) -> Apart:
    """A daemon that has taken over what runs there; it stops at the end."""
    stage.wait_running(within=within)
    apart = started(stage, folder, settings, ends)
    stage.wait_adopted(within=within)
    return apart


def started(stage: Stage, folder: Path, settings: dict[str, Any], ends: ExitStack) -> Apart:
    """A daemon that is ready; it stops at the end, whether or not its way to the API server hangs then."""
    proxy = ends.enter_context(ApiProxy(stage.cluster))
    daemon = ProcessDaemon(stage.cluster, folder, settings, "", server=proxy.url)
    ends.callback(daemon.stop)
    ends.callback(proxy.hang, False)
    daemon.start()
    return Apart(stage, daemon, proxy)
