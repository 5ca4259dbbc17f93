"""ConfigMaps and Secrets in memory, the daemon's copies of them, and what people do to them."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.core.case.effect import EffectOutcome
from daemon.core.model import WorkloadRef
from daemon.core.rollout_facts.configuration import ABSENT, ObjectVersion, Reference
from daemon.core.rollout_facts.configuration_content import (
    BACKUP,
    LARGEST,
    ConfigMapState,
    Drift,
    digest_of,
    size_of,
)
from daemon.core.rollout_facts.configuration_diff import ConfigMapData, configuration_diff
from daemon.core.rollout_facts.copies import copy_name
from daemon.core.value import Value
from daemon.ports import Clock, Rejected, RollbackResult


class _Object(Value, frozen=True):
    data: Mapping[str, str]
    state: ConfigMapState
    token: str = ""


class MemoryConfiguration:
    """Implements ``Configuration``, ``ConfigurationCopies`` and ``ConfigurationRestorer`` of
    :mod:`daemon.ports`. Each write is a version of its own, as with the API server."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._objects: dict[tuple[str, Reference], _Object] = {}
        self._copies: dict[tuple[str, str], Mapping[str, str]] = {}
        self._writes = 0
        self.restored = 0
        """How often something was written in restoring."""

    def version(self, namespace: str, reference: Reference) -> ObjectVersion:
        found = self._objects.get((namespace, reference))
        if found is None:
            return ObjectVersion(version=ABSENT)
        return ObjectVersion(version=found.state.version, written_at=found.state.written_at)

    # ConfigurationCopies

    def look(self, namespace: str, name: str) -> ConfigMapState:
        return self._state(namespace, name)

    def keep(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> bool:
        found = self._objects.get((ref.namespace, _config_map(name)))
        if found is None or found.state.digest != digest:
            return False
        if found.state.size > LARGEST:
            raise Rejected(
                f"ConfigMap {name} holds {found.state.size} bytes, and no more than {LARGEST} are kept"
            )
        self._copies[ref.namespace, copy_name(uid, name, digest)] = found.data
        return True

    def kept(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> bool:
        return (ref.namespace, copy_name(uid, name, digest)) in self._copies

    def compare(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> tuple[str, ...] | None:
        before = self._copies.get((ref.namespace, copy_name(uid, name, digest)))
        now = self._objects.get((ref.namespace, _config_map(name)))
        if before is None or now is None:
            return None
        return configuration_diff(name, ConfigMapData(text=before), ConfigMapData(text=now.data))

    def drop(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> None:
        self._copies.pop((ref.namespace, copy_name(uid, name, digest)), None)

    # ConfigurationRestorer

    def restore(self, ref: WorkloadRef, uid: str, drift: Drift, token: str) -> RollbackResult:
        now = self._objects.get((ref.namespace, _config_map(drift.name)))
        state = self._state(ref.namespace, drift.name)
        if state.digest == drift.digest:
            return _done(f"ConfigMap {drift.name} holds what it should already", already=True)
        if state.version != drift.seen:
            again = " after it was restored" if now is not None and now.token == token else ""
            what = "was deleted" if state.absent else "was changed"
            return _superseded(f"ConfigMap {drift.name} {what}{state.changed_by}{again}")
        if state.immutable:
            return _refused(f"ConfigMap {drift.name} is immutable")
        data = self._source(ref, uid, drift)
        if data is None:
            return _refused(f"there is no copy of what ConfigMap {drift.name} held")
        self._put(ref.namespace, _config_map(drift.name), data, by="rollbackd", token=token)
        self.restored += 1
        return _done(f"ConfigMap {drift.name} was {'made again' if drift.gone else 'restored'}")

    def _source(self, ref: WorkloadRef, uid: str, drift: Drift) -> Mapping[str, str] | None:
        if drift.source == "copy":
            return self._copies.get((ref.namespace, copy_name(uid, drift.name, drift.digest)))
        backup = self._objects.get((ref.namespace, _config_map(f"{drift.name}{BACKUP}")))
        return backup.data if backup is not None and backup.state.digest == drift.digest else None

    # What people do

    def write(
        self,
        namespace: str,
        reference: Reference,
        *,
        value: str = "good",
        immutable: bool = False,
    ) -> None:
        """Create it or change it in place, with one key of this value."""
        self._put(namespace, reference, {"key": value}, by="kubectl", immutable=immutable)

    def remove(self, namespace: str, reference: Reference) -> None:
        self._objects.pop((namespace, reference), None)

    def lose_copies(self) -> None:
        """Somebody deletes what the daemon kept."""
        self._copies.clear()

    @property
    def copies(self) -> int:
        return len(self._copies)

    def holds(self, namespace: str, reference: Reference) -> str:
        """The value that was written last; empty where it is gone."""
        found = self._objects.get((namespace, reference))
        return found.data["key"] if found is not None else ""

    def _state(self, namespace: str, name: str) -> ConfigMapState:
        found = self._objects.get((namespace, _config_map(name)))
        return found.state if found is not None else ConfigMapState(version=ABSENT)

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
        self._writes += 1
        at = self._clock.now().replace(microsecond=0)
        state = ConfigMapState(
            version=f"u/{self._writes}",
            digest=digest_of(data, {}),
            size=size_of(data, {}),
            immutable=immutable,
            written_at=at,
            changed_by=f" by {by} at {at:%Y-%m-%d %H:%M:%S}",
            keys=frozenset(data),
        )
        before = self._objects.get((namespace, reference))
        kept = token or (before.token if before is not None else "")
        self._objects[namespace, reference] = _Object(data=data, state=state, token=kept)


def _config_map(name: str) -> Reference:
    return Reference(kind="ConfigMap", name=name)


def _done(detail: str, *, already: bool = False) -> RollbackResult:
    return RollbackResult(outcome=EffectOutcome.DONE, detail=detail, already=already)


def _superseded(detail: str) -> RollbackResult:
    return RollbackResult(outcome=EffectOutcome.SUPERSEDED, detail=detail)


def _refused(detail: str) -> RollbackResult:
    return RollbackResult(outcome=EffectOutcome.REFUSED, detail=detail)
