"""The running cluster as tests see it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.cluster import api, node
from tests.e2e.cluster.monitoring import ALERTMANAGER_URL, PROMETHEUS_URL, Monitoring
from tests.e2e.cluster.processes import Processes
from tests.e2e.cluster.state import API_URL, HOST_ADDRESS, NODE, NODE_ADDRESS, REGISTRY, State


@dataclass(frozen=True)
class Cluster:
    """A running cluster: its addresses, which this machine reaches, and what tests do to it.

    ``registry`` is the prefix for images as the node sees it; ``host_address`` is where pods and Alertmanager
    reach a server that listens on this machine.
    """

    state: State
    binaries: Path
    api_url: str = API_URL
    prometheus_url: str = PROMETHEUS_URL
    alertmanager_url: str = ALERTMANAGER_URL
    registry: str = REGISTRY
    node: str = NODE
    node_address: str = NODE_ADDRESS
    host_address: str = HOST_ADDRESS

    @property
    def kubeconfig(self) -> Path:
        return self.state.kubeconfig

    @property
    def token(self) -> str:
        """The administrator's bearer token."""
        return self.state.token.read_text()

    @property
    def ca(self) -> Path:
        return self.state.ca

    @property
    def processes(self) -> Processes:
        return Processes(self.state)

    def kubectl(self, *arguments: str, input: str | None = None, check: bool = True) -> str:  # noqa: A002
        """What kubectl prints; a failure raises ``ClusterError`` unless ``check`` is off."""
        return api.kubectl(self.binaries, self.state, *arguments, given=input, check=check)

    def apply(self, manifest: str) -> None:
        """Apply manifests given as YAML or JSON."""
        self.kubectl("apply", "-f", "-", input=manifest)

    def inside(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the cluster's namespaces, with absolute paths."""
        full = self.processes.inside(*command)
        return subprocess.run(full, capture_output=True, text=True, check=False)

    def restart_kubelet(self) -> None:
        """Restart the node's kubelet under its running pods."""
        self.processes.stop("kubelet")
        node.start_kubelet(self.state, self.processes, self.binaries)

    def start_prometheus(self) -> None:
        """End a metrics outage; samples from before it are still there."""
        self._monitoring.start_prometheus()

    def stop_prometheus(self) -> None:
        """Begin a metrics outage."""
        self._monitoring.stop_prometheus()

    def set_scrape_interval(self, seconds: float) -> None:
        """Scrape pods and evaluate rules every ``seconds``."""
        self._monitoring.set_scrape_interval(seconds)

    def load_rules(self, text: str, *, name: str = "tests") -> None:
        """Make ``text`` the rule file of that name; an empty text removes it."""
        self._monitoring.load_rules(text, name)

    def route_alerts_to(self, url: str | None, token: str | None = None) -> None:
        """Send alerts to a webhook with that bearer token, or with ``None`` to nobody."""
        self._monitoring.route_alerts_to(url, token)

    @property
    def _monitoring(self) -> Monitoring:
        return Monitoring(self.state, self.processes, self.binaries)
