"""An account of the cluster that may nothing but what is granted to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ruamel.yaml import YAML

from daemon.adapters.kubernetes.access import load
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.permissions import KubeRights
from daemon.core.case.steps.step import Right
from daemon.ports import Rights
from tests.contract.real import client_of, namespace, running
from tests.e2e.cluster.cluster import Cluster

ACCOUNT = "limited"


class RealRights:
    def __init__(self, cluster: Cluster, home: str, client: KubeClient, dead: KubeClient) -> None:
        self._machine = cluster
        self._dead = dead
        self._granted = 0
        self.namespace = home
        self.rights: Rights = KubeRights(client)

    def grant(self, right: Right) -> None:
        self._granted += 1
        role, kubectl = f"granted-{self._granted}", self._machine.kubectl
        resource = f"{right.resource}.{right.group}" if right.group else right.resource
        named = [f"--resource-name={right.name}"] if right.name else []
        here = ("-n", self.namespace)
        kubectl(*here, "create", "role", role, f"--verb={right.verb}", f"--resource={resource}", *named)
        account = f"--serviceaccount={self.namespace}:{ACCOUNT}"
        kubectl(*here, "create", "rolebinding", role, f"--role={role}", account)

    def cut_off(self) -> Rights:
        return KubeRights(self._dead)


@contextmanager
def rights_driver() -> Iterator[RealRights]:
    cluster = running()
    with namespace(cluster) as home, client_of(cluster, dead=True) as dead, TemporaryDirectory() as folder:
        cluster.kubectl("-n", home, "create", "serviceaccount", ACCOUNT)
        token = cluster.kubectl("-n", home, "create", "token", ACCOUNT).strip()
        config: dict[str, Any] = YAML(typ="safe").load(cluster.kubeconfig.read_text())
        for user in config["users"]:
            user["user"] = {"token": token}
        file = Path(folder) / "kubeconfig"
        file.write_text(json.dumps(config))
        client = load(file)
        try:
            yield RealRights(cluster, home, client, dead)
        finally:
            client.close()
