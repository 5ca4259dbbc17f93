"""The driver of the real case stores: one answers from its watch, one lists."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from daemon.adapters.clock import SystemClock
from daemon.adapters.kubernetes.cases import KubeCaseStore
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.crd import manifest
from daemon.ports import CaseStore, Unavailable
from tests.contract.real import STOP, Waiting, client_of, namespace, running


class RealCases(Waiting):
    """``watched`` stores answer from their watch, others list."""

    def __init__(self, client: KubeClient, dead: KubeClient, home: str, *, watched: bool) -> None:
        self.namespace = home
        self.store: KubeCaseStore = self._make(client)
        self._dead = self._make(dead)
        if watched:
            self.store.watch(lambda _ref: None)
            self.until("the first list", self._is_read)

    def _is_read(self) -> bool:
        try:
            self.store.cases()
        except Unavailable:
            return False
        return True

    def stop(self) -> None:
        assert self.store.stop(STOP) == []

    def spoil(self, name: str) -> None:
        """The API server's schema lets a year pass that Python does not know."""
        patch = json.dumps({"status": {"patchedAt": "0000-01-01T00:00:00Z"}})
        kubectl = running().kubectl
        where = ("-n", self.namespace, "rolloutcase", name)
        kubectl("patch", *where, "--subresource=status", "--type=merge", f"--patch={patch}")

    def cut_off(self) -> CaseStore:
        return self._dead

    def _make(self, client: KubeClient) -> KubeCaseStore:
        return KubeCaseStore(client, namespaces=[self.namespace], clock=SystemClock(), on_problem=print)


@contextmanager
def case_driver(*, watched: bool) -> Iterator[RealCases]:
    cluster = running()
    cluster.apply(json.dumps(manifest()))
    cluster.kubectl(
        "wait", "--for=condition=Established", "--timeout=30s", f"crd/{manifest()['metadata']['name']}"
    )
    with namespace(cluster) as home, client_of(cluster) as client, client_of(cluster, dead=True) as dead:
        driver = RealCases(client, dead, home, watched=watched)
        try:
            yield driver
        finally:
            driver.stop()
