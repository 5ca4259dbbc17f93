"""Where the cluster keeps its files, and the addresses it uses."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.cluster.binaries import cache_root

NODE = "node-1"
NODE_ADDRESS = "10.87.0.1"
POD_RANGE = "10.88.0.0/24"
SERVICE_RANGE = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
DNS_SERVICE = "10.96.0.10"
DNS_PORT = 5353

AUDITED = "rollbackd"
"""The namespace whose service accounts the API server keeps a record of: the daemon's, in all its forms."""

# The two ends of the cable between this machine and the cluster's own network.
HOST_INTERFACE = "rollbackd-e2e"
HOST_ADDRESS = "10.87.255.1"
INNER_INTERFACE = "uplink"
INNER_ADDRESS = "10.87.255.2"

API_PORT = 26443
API_URL = f"https://{NODE_ADDRESS}:{API_PORT}"
REGISTRY = "127.0.0.1:5000"
REGISTRY_FROM_HOST = f"{NODE_ADDRESS}:5000"


@dataclass(frozen=True)
class State:
    """The files of one cluster, all under ``root``; ``down`` removes the whole of it.

    The registry's storage lies outside: pushed images outlive a cluster.
    """

    root: Path

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def pki(self) -> Path:
        return self.root / "pki"

    @property
    def processes(self) -> Path:
        return self.run / "processes.json"

    @property
    def kubeconfig(self) -> Path:
        return self.root / "kubeconfig"

    @property
    def token(self) -> Path:
        return self.pki / "admin.token"

    @property
    def ca(self) -> Path:
        return self.pki / "ca.crt"

    @property
    def audit_policy(self) -> Path:
        return self.root / "audit-policy.json"

    @property
    def audit_log(self) -> Path:
        """What the API server was asked by accounts of ``AUDITED``: an event in JSON a line, none lost."""
        return self.root / "audit.jsonl"

    @property
    def containerd_socket(self) -> Path:
        return self.run / "containerd.sock"

    @property
    def registry_hosts(self) -> Path:
        return self.root / "certs.d"

    @property
    def prometheus(self) -> Path:
        return self.root / "prometheus"

    @property
    def alertmanager(self) -> Path:
        return self.root / "alertmanager"

    @property
    def lock(self) -> Path:
        return self.root.with_name(self.root.name + ".lock")

    def log(self, name: str) -> Path:
        return self.root / "log" / f"{name}.log"

    def prepare(self) -> None:
        """Make the folders that the components expect to find."""
        for name in ("run", "pki", "log", "cni", "sysctl", "certs.d", "prometheus/rules", "alertmanager"):
            (self.root / name).mkdir(parents=True, exist_ok=True)


def registry_storage() -> Path:
    return cache_root() / "registry"


def default_state() -> State:
    """``ROLLBACKD_CLUSTER_DIR``, or a folder in the cache."""
    given = os.environ.get("ROLLBACKD_CLUSTER_DIR")
    return State(Path(given).absolute() if given else cache_root() / "state")
