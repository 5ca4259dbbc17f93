"""ConfigMaps and Secrets of the simulation, with calls that fail and contents that break pods."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.adapters.simulation.configuration import MemoryConfiguration
from daemon.core.model import WorkloadRef
from daemon.core.rollout_facts.configuration import ObjectVersion, Reference
from daemon.core.rollout_facts.configuration_content import ConfigMapState, Drift, digest_of
from daemon.ports import Clock, RollbackResult
from tests.simulation.faulty import FaultyCluster
from tests.simulation.troubles import Troubles


class FaultyConfiguration(MemoryConfiguration):
    """``reads``, ``copying``, ``comparing`` and ``restores`` are what goes wrong with ConfigMaps."""

    def __init__(self, cluster: FaultyCluster, clock: Clock) -> None:
        super().__init__(clock)
        self._cluster = cluster
        self._broken: set[str] = set()
        self.reads = Troubles()
        self.copying = Troubles()
        self.comparing = Troubles()
        self.restores = Troubles()

    def version(self, namespace: str, reference: Reference) -> ObjectVersion:
        with self.reads.call():
            return super().version(namespace, reference)

    def look(self, namespace: str, name: str) -> ConfigMapState:
        with self.reads.call():
            return super().look(namespace, name)

    def keep(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> bool:
        with self.copying.call():
            return super().keep(ref, uid, name, digest)

    def compare(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> tuple[str, ...] | None:
        with self.comparing.call():
            return super().compare(ref, uid, name, digest)

    def restore(self, ref: WorkloadRef, uid: str, drift: Drift, token: str) -> RollbackResult:
        with self.restores.call():
            return super().restore(ref, uid, drift, token)

    def write(
        self,
        namespace: str,
        reference: Reference,
        *,
        value: str = "good",
        immutable: bool = False,
        broken: bool = False,
    ) -> None:
        """With a ``broken`` one every pod that starts crashes, until it holds something else."""
        if broken:
            value = "broken"
            self._broken.add(digest_of({"key": value}, {}))
        super().write(namespace, reference, value=value, immutable=immutable)

    def _put(
        self,
        namespace: str,
        reference: Reference,
        data: Mapping[str, str],
        *,
        by: str,
        immutable: bool = False,
        token: str = "",
    ) -> None:
        super()._put(namespace, reference, data, by=by, immutable=immutable, token=token)
        self._cluster.accidents.spoil(namespace, reference, digest_of(data, {}) in self._broken)
