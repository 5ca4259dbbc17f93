"""What must be there before a pod of a template can start, and what a template names besides.

Read as the kubelet and the API server read it: a reference that is ``optional`` may be missing; without
its ServiceAccount no pod is made at all; a Secret to pull images with may be missing, for the image may be
public or on the node already (the kubelet warns and goes on, ``FailedToRetrieveImagePullSecret``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from daemon.core.rollout_facts.configuration import Reference
from daemon.core.value import Value

DEFAULT_ACCOUNT = "default"
"""What each namespace has, and gets again by itself when somebody deletes it."""


class Requirement(Value, frozen=True, order=True):
    """An object that a template names. ``vital``: pods cannot start while it is missing, or while a ConfigMap
    lacks one of ``keys``. Which keys a Secret has is not asked for: it is never read."""

    reference: Reference
    vital: bool = True
    keys: tuple[str, ...] = ()


def requirements(template: Mapping[str, Any]) -> tuple[Requirement, ...]:
    """The objects that pods of a raw template need, by kind and name, each once; optional ones are left out.

    An object that is named twice is vital where one of the two is.
    """
    spec = template.get("spec") or {}
    keys: dict[Reference, set[str]] = {one: set() for one in _account(spec)}
    needs = (
        *(need for volume in spec.get("volumes") or () for need in _of_volume(volume)),
        *(need for container in _containers(spec) for need in _of_container(container)),
    )
    for reference, named in needs:
        keys.setdefault(reference, set()).update(named if reference.kind == "ConfigMap" else ())
    pulled = {one for pull in spec.get("imagePullSecrets") or () for one, _ in _one("Secret", pull)}
    others = (Requirement(reference=reference, vital=False) for reference in pulled - keys.keys())
    vital = (Requirement(reference=one, keys=tuple(sorted(named))) for one, named in keys.items())
    return tuple(sorted((*vital, *others)))


Need = tuple[Reference, tuple[str, ...]]
"""An object and the keys of it that are named."""


def _containers(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for kind in ("initContainers", "containers"):
        yield from spec.get(kind) or ()


def _account(spec: Mapping[str, Any]) -> Iterator[Reference]:
    name = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if name and name != DEFAULT_ACCOUNT:
        yield Reference(kind="ServiceAccount", name=name)


def _of_volume(volume: Mapping[str, Any]) -> Iterator[Need]:
    for source in [volume, *((volume.get("projected") or {}).get("sources") or ())]:
        yield from _one("ConfigMap", source.get("configMap"))
        yield from _one("Secret", source.get("secret"))
    claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
    if claim:
        yield Reference(kind="PersistentVolumeClaim", name=claim), ()


def _of_container(container: Mapping[str, Any]) -> Iterator[Need]:
    for whole in container.get("envFrom") or ():
        yield from _one("ConfigMap", whole.get("configMapRef"))
        yield from _one("Secret", whole.get("secretRef"))
    for variable in container.get("env") or ():
        value = variable.get("valueFrom") or {}
        yield from _one("ConfigMap", value.get("configMapKeyRef"))
        yield from _one("Secret", value.get("secretKeyRef"))


def _one(kind: str, source: Mapping[str, Any] | None) -> Iterator[Need]:
    # A volume calls a Secret's name secretName, everything else name; a variable names one key, and a volume
    # those that it does not take as they are.
    source = source or {}
    name = source.get("name") or source.get("secretName")
    if name and not source.get("optional"):
        named = (source.get("key"), *(item.get("key") for item in source.get("items") or ()))
        yield Reference(kind=kind, name=name), tuple(key for key in named if key)
