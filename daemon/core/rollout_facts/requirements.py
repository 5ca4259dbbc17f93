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
    """An object that a template names. ``vital``: pods cannot start while it is missing."""

    reference: Reference
    vital: bool = True


def requirements(template: Mapping[str, Any]) -> tuple[Requirement, ...]:
    """The objects that pods of a raw template need, by kind and name, each once; optional ones are left out.

    An object that is named twice is vital where one of the two is.
    """
    spec = template.get("spec") or {}
    vital = {
        *_account(spec),
        *(found for volume in spec.get("volumes") or () for found in _of_volume(volume)),
        *(found for container in _containers(spec) for found in _of_container(container)),
    }
    pulled = {found for pull in spec.get("imagePullSecrets") or () for found in _one("Secret", pull)}
    named = [Requirement(reference=reference, vital=reference in vital) for reference in vital | pulled]
    return tuple(sorted(named))


def _containers(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for kind in ("initContainers", "containers"):
        yield from spec.get(kind) or ()


def _account(spec: Mapping[str, Any]) -> Iterator[Reference]:
    name = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if name and name != DEFAULT_ACCOUNT:
        yield Reference(kind="ServiceAccount", name=name)


def _of_volume(volume: Mapping[str, Any]) -> Iterator[Reference]:
    for source in [volume, *((volume.get("projected") or {}).get("sources") or ())]:
        yield from _one("ConfigMap", source.get("configMap"))
        yield from _one("Secret", source.get("secret"))
    claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
    if claim:
        yield Reference(kind="PersistentVolumeClaim", name=claim)


def _of_container(container: Mapping[str, Any]) -> Iterator[Reference]:
    for whole in container.get("envFrom") or ():
        yield from _one("ConfigMap", whole.get("configMapRef"))
        yield from _one("Secret", whole.get("secretRef"))
    for variable in container.get("env") or ():
        value = variable.get("valueFrom") or {}
        yield from _one("ConfigMap", value.get("configMapKeyRef"))
        yield from _one("Secret", value.get("secretKeyRef"))


def _one(kind: str, source: Mapping[str, Any] | None) -> Iterator[Reference]:
    # A volume calls a Secret's name secretName, everything else name.
    source = source or {}
    name = source.get("name") or source.get("secretName")
    if name and not source.get("optional"):
        yield Reference(kind=kind, name=name)
