"""What a person types to an owner of the Deployment: to stop it, to set it back, to let it go on.

Names of owners and images are whatever stands on the Deployment, in annotations for one: they are quoted, so
that nobody's shell takes a part of them for another command.
"""

from __future__ import annotations

from shlex import quote
from typing import assert_never

from daemon.core.case.case import Case
from daemon.core.case.images import ImageReference
from daemon.core.policy import OwnerKind
from daemon.core.rollout_facts.owners import Owner


def suspend_commands(owner: Owner) -> tuple[str, ...]:
    """Empty for an owner that cannot be suspended, or does nothing by itself."""
    match owner.kind:
        case OwnerKind.ARGO_CD:
            return (f"argocd app set {_app(owner)} --sync-policy none",)
        case OwnerKind.FLUX_KUSTOMIZATION:
            return (f"flux suspend kustomization {_named(owner)}",)
        case OwnerKind.FLUX_HELM_RELEASE:
            return (f"flux suspend helmrelease {_named(owner)}",)
        case OwnerKind.HELM | OwnerKind.KUBECTL | OwnerKind.CONTROLLER | OwnerKind.ROLLOUT | OwnerKind.CANARY:
            return ()
    assert_never(owner.kind)


def await_commands(owner: Owner) -> tuple[str, ...]:
    """What shows whether something of it is under way; Argo CD's waits until nothing is."""
    match owner.kind:
        case OwnerKind.ARGO_CD:
            return (f"argocd app wait {_app(owner)} --operation",)
        case OwnerKind.FLUX_KUSTOMIZATION:
            return (f"flux get kustomization {_named(owner)}",)
        case OwnerKind.FLUX_HELM_RELEASE:
            return (f"flux get helmrelease {_named(owner)}",)
        case OwnerKind.HELM | OwnerKind.KUBECTL | OwnerKind.CONTROLLER | OwnerKind.ROLLOUT | OwnerKind.CANARY:
            return ()
    assert_never(owner.kind)


def resume_commands(owner: Owner) -> tuple[str, ...]:
    match owner.kind:
        case OwnerKind.ARGO_CD:
            return (f"argocd app set {_app(owner)} --sync-policy automated",)
        case OwnerKind.FLUX_KUSTOMIZATION:
            return (f"flux resume kustomization {_named(owner)}",)
        case OwnerKind.FLUX_HELM_RELEASE:
            return (f"flux resume helmrelease {_named(owner)}",)
        case OwnerKind.HELM | OwnerKind.KUBECTL | OwnerKind.CONTROLLER | OwnerKind.ROLLOUT | OwnerKind.CANARY:
            return ()
    assert_never(owner.kind)


def set_back_commands(case: Case, owner: Owner) -> tuple[str, ...]:
    """How the target's version becomes what the owner itself wants."""
    match owner.kind:
        case OwnerKind.ARGO_CD:
            return (f"argocd app history {_app(owner)}", f"argocd app rollback {_app(owner)} ID")
        case OwnerKind.FLUX_KUSTOMIZATION | OwnerKind.KUBECTL:
            return _kustomize(case, owner)
        case OwnerKind.FLUX_HELM_RELEASE:
            return _helm(owner.release or owner.name or "RELEASE", case.namespace)
        case OwnerKind.HELM:
            return _helm(owner.name, owner.namespace or case.namespace)
        case OwnerKind.CONTROLLER:
            kind, _, name = owner.name.partition("/")
            return (f"kubectl edit {quote(kind.lower())} {quote(name)} -n {case.namespace}",)
        case OwnerKind.ROLLOUT:
            return (f"kubectl argo rollouts undo {quote(owner.name)} -n {case.namespace}",)
        case OwnerKind.CANARY:
            return (f"kubectl describe canary {quote(owner.name)} -n {case.namespace}",)
    assert_never(owner.kind)


def _helm(release: str, namespace: str) -> tuple[str, ...]:
    what, where = quote(release), f"-n {quote(namespace)}"
    return (f"helm history {what} {where}", f"helm rollback {what} REVISION {where}")


def _kustomize(case: Case, owner: Owner) -> tuple[str, ...]:
    """In the overlay's folder."""
    if owner.kind is OwnerKind.KUBECTL:
        return (*_edits(case), "kubectl apply -k .")
    return committing(case)


def committing(case: Case, edit: str = "") -> tuple[str, ...]:
    """In the overlay's folder of a clone; ``edit`` is what is typed where that is no kustomization."""
    target = case.status.target
    message = f"{case.spec.workload}: back to {target.tag if target is not None else 'the target'}"
    edits = (edit,) if edit else _edits(case)
    return (*edits, f"git commit -am {quote(message)} && git push")


def _edits(case: Case) -> tuple[str, ...]:
    images = case.status.target.images if case.status.target is not None else ()
    pins = (f"{ImageReference.of(image).repository}={image}" for image in images)
    return tuple(f"kustomize edit set image {quote(pin)}" for pin in pins)


def _named(owner: Owner) -> str:
    where = f" -n {quote(owner.namespace)}" if owner.namespace else ""
    return f"{quote(owner.name or 'NAME')}{where}"


def _app(owner: Owner) -> str:
    return quote(owner.place or "APPLICATION")
