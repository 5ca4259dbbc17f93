"""Who else owns a Deployment: read from labels, annotations, owner references and field managers.

A mark is believed where only one tool writes it. What several tools write (the ``instance`` label, the
``managed-by: Helm`` label that charts carry however they are applied) names nobody by itself: it is said as
a doubt. docs/owners.md has which mark is whose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from daemon.core.model import Provenance, Workload, Writer
from daemon.core.policy import OwnerKind
from daemon.core.value import Value

TRACKING: Final = "argocd.argoproj.io/tracking-id"
INSTANCE: Final = "app.kubernetes.io/instance"
ARGO_INSTANCE: Final = "argocd.argoproj.io/instance"
MANAGED_BY: Final = "app.kubernetes.io/managed-by"
KUSTOMIZATION: Final = "kustomize.toolkit.fluxcd.io"
HELM_RELEASE: Final = "helm.toolkit.fluxcd.io"
RECONCILE: Final = f"{KUSTOMIZATION}/reconcile"
APPLY: Final = f"{KUSTOMIZATION}/ssa"
LEFT_ALONE: Final[Mapping[str, str]] = {RECONCILE: "disabled", APPLY: "ignore"}
"""Labels or annotations of an object that Flux does not apply, by which values; in any case of letters."""
RELEASE: Final = "meta.helm.sh/release-name"
RELEASE_NAMESPACE: Final = "meta.helm.sh/release-namespace"
LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
ANNOTATIONS: Final = frozenset({TRACKING, RECONCILE, APPLY, RELEASE, RELEASE_NAMESPACE, LAST_APPLIED})
"""The annotations that are looked at."""
DAEMON: Final = "rollbackd"
"""The daemon's own field manager."""
AUTOMATONS: Final[Mapping[str, OwnerKind]] = {
    "argocd-controller": OwnerKind.ARGO_CD,
    "argocd-application-controller": OwnerKind.ARGO_CD,
    "kustomize-controller": OwnerKind.FLUX_KUSTOMIZATION,
    "helm-controller": OwnerKind.FLUX_HELM_RELEASE,
    "flagger": OwnerKind.CANARY,
}
"""Field managers that write by themselves, with no person at the keyboard."""
BENEATH: Final[Mapping[OwnerKind, frozenset[OwnerKind]]] = {
    OwnerKind.ARGO_CD: frozenset({OwnerKind.KUBECTL}),
    OwnerKind.FLUX_KUSTOMIZATION: frozenset({OwnerKind.KUBECTL}),
    OwnerKind.FLUX_HELM_RELEASE: frozenset({OwnerKind.HELM, OwnerKind.KUBECTL}),
    OwnerKind.HELM: frozenset({OwnerKind.KUBECTL}),
}
"""Owners that another one works through, or that it took over from: they are not named beside it."""
TITLES: Final[Mapping[OwnerKind, str]] = {
    OwnerKind.ARGO_CD: "Argo CD Application",
    OwnerKind.FLUX_KUSTOMIZATION: "Flux Kustomization",
    OwnerKind.FLUX_HELM_RELEASE: "Flux HelmRelease",
    OwnerKind.HELM: "Helm release",
    OwnerKind.KUBECTL: "kubectl apply",
    OwnerKind.CONTROLLER: "controller",
    OwnerKind.ROLLOUT: "Argo Rollout",
    OwnerKind.CANARY: "Flagger Canary",
}


class Owner(Value, frozen=True, omit_defaults=True):
    """Somebody who writes the Deployment. ``name`` and ``namespace`` are empty where no mark tells them."""

    kind: OwnerKind
    name: str = ""
    namespace: str = ""
    evidence: str = ""
    """The marks that tell, for people."""
    release: str = ""
    """Of a Flux HelmRelease: the name of its Helm release, where it is known."""

    @property
    def place(self) -> str:
        """``namespace/name``, as far as both are known."""
        return "/".join(part for part in (self.namespace, self.name) if part)

    def __str__(self) -> str:
        return f"{TITLES[self.kind]} {self.place}" if self.place else TITLES[self.kind]


class Ownership(Value, frozen=True, omit_defaults=True):
    """All that is known of who else writes a Deployment."""

    owners: tuple[Owner, ...] = ()
    scaled_by: str = ""
    """Who writes the replicas besides the owners: they are never touched."""
    doubts: tuple[str, ...] = ()
    """Marks that may mean an owner and do not tell."""

    def __str__(self) -> str:
        return " and ".join(map(str, self.owners)) or "nobody else"


NOBODY: Final = Ownership()


def ownership(workload: Workload, around: Ownership = NOBODY) -> Ownership:
    """Who owns the Deployment; ``around`` is what other objects say of it (a Canary over it, an HPA)."""
    found = (*_owners(workload), *around.owners)
    beneath = frozenset[OwnerKind]().union(*(BENEATH.get(owner.kind, frozenset()) for owner in found))
    owners = tuple(owner for owner in found if owner.kind not in beneath)
    return Ownership(
        owners=owners,
        scaled_by=around.scaled_by or _scaler(workload.provenance),
        doubts=(*_doubts(workload, owners), *around.doubts),
    )


def _owners(workload: Workload) -> Iterator[Owner]:
    yield from _argo_cd(workload)
    yield from _flux(workload, KUSTOMIZATION, OwnerKind.FLUX_KUSTOMIZATION)
    yield from _flux(workload, HELM_RELEASE, OwnerKind.FLUX_HELM_RELEASE)
    marks = workload.provenance.annotations
    if release := marks.get(RELEASE, ""):
        namespace = marks.get(RELEASE_NAMESPACE, workload.ref.namespace)
        yield Owner(kind=OwnerKind.HELM, name=release, namespace=namespace, evidence=f"annotation {RELEASE}")
    yield from _kubectl(workload.provenance)
    if workload.provenance.controller:
        yield Owner(
            kind=OwnerKind.CONTROLLER,
            name=workload.provenance.controller,
            evidence="owner reference that controls it",
        )


def _argo_cd(workload: Workload) -> Iterator[Owner]:
    """The tracking id counts where it names this very object: one that was copied names another."""
    app, _, tracked = workload.provenance.annotations.get(TRACKING, "").partition(":")
    writer = _writer(workload.provenance, OwnerKind.ARGO_CD)
    if app and tracked == f"apps/Deployment:{workload.ref}":
        # An Application outside Argo CD's own namespace is named namespace_name; neither may hold a "_".
        namespace, _, name = app.rpartition("_")
        yield Owner(kind=OwnerKind.ARGO_CD, name=name, namespace=namespace, evidence=f"annotation {TRACKING}")
    elif writer:
        labels = workload.labels
        app = labels.get(ARGO_INSTANCE, "") or labels.get(INSTANCE, "")
        namespace, _, name = app.rpartition("_")
        label = ", and the instance label for its name" if app else ""
        evidence = f"field manager {writer}{label}"
        yield Owner(kind=OwnerKind.ARGO_CD, name=name, namespace=namespace, evidence=evidence)


def _flux(workload: Workload, group: str, kind: OwnerKind) -> Iterator[Owner]:
    name = workload.labels.get(f"{group}/name", "")
    writer = _writer(workload.provenance, kind)
    if not name and not writer:
        return
    if kind is OwnerKind.FLUX_KUSTOMIZATION and _left_alone(workload):
        return
    release = workload.provenance.annotations.get(RELEASE, "")
    yield Owner(
        kind=kind,
        name=name,
        namespace=workload.labels.get(f"{group}/namespace", ""),
        evidence=f"label {group}/name" if name else f"field manager {writer}",
        release=release if kind is OwnerKind.FLUX_HELM_RELEASE else "",
    )


def _left_alone(workload: Workload) -> str:
    """The mark by which Flux's Kustomization leaves the Deployment alone; empty where it does not."""
    for name, value in LEFT_ALONE.items():
        for kind, marks in (("annotation", workload.provenance.annotations), ("label", workload.labels)):
            if marks.get(name, "").casefold() == value:
                return f"{kind} {name} is {marks[name]}"
    return ""


def _kubectl(found: Provenance) -> Iterator[Owner]:
    if LAST_APPLIED in found.annotations:
        yield Owner(kind=OwnerKind.KUBECTL, evidence=f"annotation {LAST_APPLIED}")
    elif any(writer.template and writer.name == "kubectl" for writer in found.writers):
        yield Owner(kind=OwnerKind.KUBECTL, evidence="field manager kubectl")


def _writer(found: Provenance, kind: OwnerKind) -> str:
    """The field manager of an automaton of this kind that owns something of the template."""
    names = (w.name for w in found.writers if w.template and AUTOMATONS.get(w.name) is kind)
    return next(names, "")


def _scaler(found: Provenance) -> str:
    """The horizontal autoscaler is a part of kube-controller-manager, and scales through a subresource."""
    scalers = {w.name for w in found.writers if w.scaled}
    if "kube-controller-manager" in scalers:
        return "a HorizontalPodAutoscaler"
    return next(iter(sorted(scalers - {"kubectl"})), "")


def _doubts(workload: Workload, owners: tuple[Owner, ...]) -> Iterator[str]:
    kinds = {owner.kind for owner in owners}
    marks, labels = workload.provenance.annotations, workload.labels
    if (tracked := marks.get(TRACKING, "")) and OwnerKind.ARGO_CD not in kinds:
        yield f"{TRACKING} is {tracked}, which names another object: it was copied, and says nothing"
    gitops = kinds & {OwnerKind.ARGO_CD, OwnerKind.FLUX_HELM_RELEASE, OwnerKind.HELM}
    if (instance := labels.get(INSTANCE, "")) and not gitops:
        yield (
            f"label {INSTANCE}={instance} may be Argo CD's, where it tracks by label, or a chart's own: "
            "nothing else says that Argo CD writes it"
        )
    if labels.get(MANAGED_BY, "") == "Helm" and not gitops:
        yield f"label {MANAGED_BY}=Helm stands in charts however they are applied, and no release is named"
    if mark := _left_alone(workload):
        yield f"Flux leaves it alone, for its {mark}"


def last_writer(workload: Workload) -> str:
    """Who changed the template last, the daemon aside; empty where the field managers do not tell."""
    return _newest(workload.provenance, frozenset({DAEMON}))


def _newest(found: Provenance, without: frozenset[str]) -> str:
    beginning = datetime.min.replace(tzinfo=UTC)
    writers: list[Writer] = [w for w in found.writers if w.template and w.name not in without]
    newest = max(writers, key=lambda w: w.at or beginning, default=None)
    return newest.name if newest is not None else ""
