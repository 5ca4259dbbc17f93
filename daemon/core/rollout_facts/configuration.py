"""Whether pods that stand still run with the configuration that the next one would start with.

A container reads ConfigMaps and Secrets when it starts. One that started before they were changed in place
goes on as if nothing had happened, and says nothing of how the next one will fare. So pods that outlived a
rollback prove that the service is well now, and not that it stays so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from daemon.core.model import Pod
from daemon.core.value import Instant, Value

ABSENT = "absent"
"""The version of an object that is not there."""


class Reference(Value, frozen=True, order=True):
    """A ConfigMap or a Secret that a pod template names."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class ObjectVersion(Value, frozen=True):
    """``version`` changes with each write of the object, and is its own alone.

    ``written_at`` is when it was last written, by its own account (API server's time); ``None`` where it does
    not say.
    """

    version: str
    written_at: Instant | None = None


class Sighting(Value, frozen=True, omit_defaults=True):
    """What was seen of a referenced object, and when (API server's time). ``problem``: why nothing was."""

    reference: Reference
    at: Instant
    version: str = ""
    written_at: Instant | None = None
    problem: str = ""


def references(template: Mapping[str, Any]) -> tuple[Reference, ...]:
    """The ConfigMaps and Secrets that pods of a template need to start, by kind and name, each once.

    As volumes, projected or not; to mount other volumes; whole as environment, or by key; to pull images.
    """
    spec = template.get("spec") or {}
    containers = [c for kind in ("initContainers", "containers") for c in spec.get(kind) or ()]
    found = [
        *(one for volume in spec.get("volumes") or () for one in _of_volume(volume)),
        *(one for container in containers for one in _of_container(container)),
        *(one for pull in spec.get("imagePullSecrets") or () for one in _named("Secret", pull)),
    ]
    return tuple(sorted(set(found)))


def _of_volume(volume: Mapping[str, Any]) -> Iterator[Reference]:
    sources = [volume, *((volume.get("projected") or {}).get("sources") or ())]
    for source in sources:
        yield from _named("ConfigMap", source.get("configMap"))
        yield from _named("Secret", source.get("secret"))
    for driver in volume.values():
        if isinstance(driver, Mapping):
            # Drivers that log in: csi, cephfs, rbd, iscsi, flexVolume, azureFile and their like.
            yield from _named("Secret", driver.get("secretRef"))
            yield from _named("Secret", driver.get("nodePublishSecretRef"))
    yield from _named("Secret", volume.get("azureFile"))


def _of_container(container: Mapping[str, Any]) -> Iterator[Reference]:
    for whole in container.get("envFrom") or ():
        yield from _named("ConfigMap", whole.get("configMapRef"))
        yield from _named("Secret", whole.get("secretRef"))
    for variable in container.get("env") or ():
        value = variable.get("valueFrom") or {}
        yield from _named("ConfigMap", value.get("configMapKeyRef"))
        yield from _named("Secret", value.get("secretKeyRef"))


def _named(kind: str, source: Mapping[str, Any] | None) -> Iterator[Reference]:
    # A volume calls it secretName, all others name.
    name = (source or {}).get("name") or (source or {}).get("secretName")
    if name:
        yield Reference(kind=kind, name=name)


def doubts(pods: Sequence[Pod], now: Iterable[Sighting], before: Iterable[Sighting]) -> tuple[str, ...]:
    """Why the pods may not run with what is there now, a sentence for each object; empty: they do.

    ``now`` are the objects as they are, ``before`` what was ever seen of them. For each pod and object:

    * the same version was seen before the pod was made: it has not changed since;
    * another version was seen after the pod was made: it has;
    * neither: the object's own account of its last write counts, which is as old as the pod or older.
    """
    earlier: dict[Reference, list[Sighting]] = {}
    for sighting in before:
        if not sighting.problem:
            earlier.setdefault(sighting.reference, []).append(sighting)
    said = (_doubt(pods, sighting, earlier.get(sighting.reference, [])) for sighting in now)
    return tuple(text for text in said if text)


def _doubt(pods: Sequence[Pod], now: Sighting, earlier: Sequence[Sighting]) -> str:
    if now.problem:
        return f"whether {now.reference} has changed is not known: {now.problem}"
    stale = [pod for pod in pods if not _unchanged(pod, now, earlier)]
    if not stale:
        return ""
    if now.version == ABSENT:
        return f"{now.reference} is gone since {stale[0].name} started"
    when = f" at {now.written_at:%Y-%m-%d %H:%M:%S}" if now.written_at is not None else ""
    return f"{now.reference} was changed{when}, after {stale[0].name} started"


def _unchanged(pod: Pod, now: Sighting, earlier: Sequence[Sighting]) -> bool:
    if any(one.version != now.version and one.at >= pod.created_at for one in earlier):
        return False
    if any(one.version == now.version and one.at <= pod.created_at for one in earlier):
        return True
    if now.version == ABSENT:
        # Optional, and never seen otherwise.
        return True
    return now.written_at is not None and now.written_at <= pod.created_at
