"""Owners as objects of a real API server, with no controller behind them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.owners import KubeOwnerSwitch
from daemon.core.policy import OwnerKind
from daemon.core.rollout_facts.owners import Owner
from daemon.ports import OwnerSwitch
from tests.contract.real import client_of, namespace, running
from tests.e2e import gitops
from tests.e2e.cluster.cluster import Cluster


class RealOwnerDriver:
    def __init__(
        self, kind: OwnerKind, cluster: Cluster, home: str, client: KubeClient, dead: KubeClient
    ) -> None:
        self.kind = kind
        self.switch: OwnerSwitch = KubeOwnerSwitch(client)
        self._cluster, self._home, self._dead = cluster, home, dead

    def own(self, name: str, *, maker: str = "") -> Owner:
        owner = self.absent(name)
        gitops.create(self._cluster, owner, maker=maker)
        return owner

    def absent(self, name: str) -> Owner:
        return Owner(kind=self.kind, name=name, namespace=self._home)

    def suspended(self, owner: Owner) -> bool:
        return gitops.is_suspended(gitops.spec_of(self._cluster, owner), owner.kind)

    def settings(self, owner: Owner) -> Any:
        """Suspended nowhere and suspended nowhere said are the same."""
        return {k: v for k, v in gitops.spec_of(self._cluster, owner).items() if (k, v) != ("suspend", False)}

    def suspend_by_somebody(self, owner: Owner) -> None:
        off: dict[str, Any] = {"suspend": True}
        if owner.kind is OwnerKind.ARGO_CD:
            off = {"syncPolicy": {"automated": None}}
        patch = json.dumps({"spec": off})
        kind = gitops.resource(owner.kind)
        self._cluster.kubectl("-n", self._home, "patch", kind, owner.name, "--type=merge", "-p", patch)

    def begin_work(self, owner: Owner) -> None:
        gitops.begin_work(self._cluster, owner)

    def end_work(self, owner: Owner) -> None:
        gitops.end_work(self._cluster, owner)

    def cut_off(self) -> OwnerSwitch:
        return KubeOwnerSwitch(self._dead)


@contextmanager
def driver(kind: OwnerKind) -> Iterator[RealOwnerDriver]:
    cluster = running()
    gitops.install(cluster)
    with namespace(cluster) as home, client_of(cluster) as client, client_of(cluster, dead=True) as dead:
        yield RealOwnerDriver(kind, cluster, home, client, dead)
