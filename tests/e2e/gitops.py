"""Flux and Argo CD on the real API server: their kinds with the fields that matter, and a controller.

The controller does what theirs do, and writes as they do: a server-side apply under the controller's own
field manager, which takes back what others wrote, at each interval, unless the owner is suspended.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from daemon.core.policy import OwnerKind
from daemon.core.rollout_facts.owners import Owner
from tests.e2e.app.manifests import deployment
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.cluster.waiting import ClusterError
from tests.e2e.stage import Stage, wait_for

KINDS: dict[OwnerKind, tuple[str, str, str, str]] = {
    OwnerKind.ARGO_CD: ("argoproj.io", "v1alpha1", "applications", "Application"),
    OwnerKind.FLUX_KUSTOMIZATION: ("kustomize.toolkit.fluxcd.io", "v1", "kustomizations", "Kustomization"),
    OwnerKind.FLUX_HELM_RELEASE: ("helm.toolkit.fluxcd.io", "v2", "helmreleases", "HelmRelease"),
}
"""Group, version, plural and kind of each owner."""
LABEL = "kustomize.toolkit.fluxcd.io"
AUTOMATED = {"prune": True, "selfHeal": True}


def resource(kind: OwnerKind) -> str:
    group, _, plural, _ = KINDS[kind]
    return f"{plural}.{group}"


def install(cluster: Cluster) -> None:
    """The definitions; they belong to the whole cluster, and stay."""
    items = [_definition(kind) for kind in KINDS]
    cluster.kubectl(
        "apply", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    )
    for kind in KINDS:
        cluster.kubectl("wait", "--for=condition=Established", f"crd/{resource(kind)}", "--timeout=60s")


def _definition(owner: OwnerKind) -> dict[str, Any]:
    """Flux's have a status that is written apart; Argo CD's is a field like others, beside the operation."""
    group, version, plural, kind = KINDS[owner]
    field = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    fields = {"spec": field, "status": field}
    served: dict[str, Any] = {"name": version, "served": True, "storage": True}
    if owner is OwnerKind.ARGO_CD:
        fields["operation"] = field
    else:
        served["subresources"] = {"status": {}}
    served["schema"] = {"openAPIV3Schema": {"type": "object", "properties": fields}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
            "versions": [served],
        },
    }


def create(cluster: Cluster, owner: Owner, *, maker: str = "") -> None:
    """An owner that is at work; ``maker`` is an ApplicationSet that made it."""
    group, version, _, kind = KINDS[owner.kind]
    metadata: dict[str, Any] = {"name": owner.name, "namespace": owner.namespace}
    if maker:
        uid = "11111111-2222-3333-4444-555555555555"
        reference = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "ApplicationSet",
            "name": maker,
            "uid": uid,
        }
        metadata["ownerReferences"] = [reference | {"controller": True}]
    spec: dict[str, Any] = {"interval": "10m"}
    if owner.kind is OwnerKind.ARGO_CD:
        spec = {"project": "default", "syncPolicy": {"automated": AUTOMATED, "retry": {"limit": 3}}}
    body = {"apiVersion": f"{group}/{version}", "kind": kind, "metadata": metadata, "spec": spec}
    cluster.kubectl("create", "-f", "-", input=json.dumps(body))


def spec_of(cluster: Cluster, owner: Owner) -> dict[str, Any]:
    text = cluster.kubectl("-n", owner.namespace, "get", resource(owner.kind), owner.name, "-o", "json")
    found: dict[str, Any] = json.loads(text)["spec"]
    return found


def begin_work(cluster: Cluster, owner: Owner) -> None:
    """What the owner's controller writes when it begins, before it applies anything."""
    if owner.kind is OwnerKind.ARGO_CD:
        _write_status(cluster, owner, {"operationState": {"phase": "Running"}})
        return
    doing = {"reason": "Progressing", "message": "Detecting drift for revision main@sha1:4f0c"}
    started = {"type": "Ready", "status": "Unknown", "reason": "Progressing", "message": "in progress"}
    begun = [{"type": "Reconciling", "status": "True"} | doing, started]
    _write_status(cluster, owner, {"conditions": begun})


def end_work(cluster: Cluster, owner: Owner) -> None:
    """What it writes when it has ended, and Flux's when it looks again, at what the object is by now."""
    if owner.kind is OwnerKind.ARGO_CD:
        _write_status(cluster, owner, {"operationState": {"phase": "Succeeded"}})
        return
    said = cluster.kubectl(
        "-n",
        owner.namespace,
        "get",
        resource(owner.kind),
        owner.name,
        "-o",
        "jsonpath={.metadata.generation}",
    )
    ready = {"type": "Ready", "status": "True", "reason": "ReconciliationSucceeded", "message": "Applied"}
    _write_status(cluster, owner, {"conditions": [ready], "observedGeneration": int(said)})


def _write_status(cluster: Cluster, owner: Owner, status: dict[str, Any]) -> None:
    where = () if owner.kind is OwnerKind.ARGO_CD else ("--subresource=status",)
    patch = ("--type=merge", "-p", json.dumps({"status": status}))
    cluster.kubectl("-n", owner.namespace, "patch", resource(owner.kind), owner.name, *where, *patch)


def is_suspended(spec: dict[str, Any], kind: OwnerKind) -> bool:
    if kind is OwnerKind.ARGO_CD:
        return "automated" not in spec.get("syncPolicy", {})
    return bool(spec.get("suspend"))


MANAGERS = {
    OwnerKind.ARGO_CD: "argocd-controller",
    OwnerKind.FLUX_KUSTOMIZATION: "kustomize-controller",
    OwnerKind.FLUX_HELM_RELEASE: "helm-controller",
}


@dataclass
class Wanted:
    """Where an owner's source is read: the tag that it says now."""

    stage: Stage
    tag: Callable[[], str]

    def manifest(self) -> dict[str, Any]:
        """The Deployment as it is applied, and nothing of replicas, which an autoscaler owns."""
        found: dict[str, Any] = json.loads(deployment(replace(self.stage.app, tag=self.tag())))
        del found["spec"]["replicas"]
        owner = owner_of(self.stage)
        found["metadata"]["labels"] |= {f"{LABEL}/name": owner.name, f"{LABEL}/namespace": owner.namespace}
        return found


class Controller:
    """Applies what each owner wants, twice a second at most, in a thread of its own."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._wanted: dict[str, Wanted] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gitops", daemon=True)

    def __enter__(self) -> Controller:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def want(self, wanted: Wanted) -> None:
        with self._lock:
            self._wanted[wanted.stage.namespace] = wanted

    def _run(self) -> None:
        while not self._stop.wait(0.5):
            with self._lock:
                wanted = tuple(self._wanted.values())
            for one in wanted:
                self._reconcile(one)

    def _reconcile(self, wanted: Wanted) -> None:
        owner = owner_of(wanted.stage)
        try:
            # As it was before it was asked what to write, and whether to: what was under way when the owner
            # was suspended is refused then, instead of being carried out over what came after.
            seen = wanted.stage.deployment()["metadata"]["resourceVersion"]
            manifest = wanted.manifest()
            manifest["metadata"]["resourceVersion"] = seen
            if is_suspended(spec_of(self._cluster, owner), owner.kind):
                return
            _apply(self._cluster, owner, manifest)
        except ClusterError:
            # A namespace that goes, a Deployment that changed, a busy API server: the next interval comes.
            return


def _apply(cluster: Cluster, owner: Owner, manifest: dict[str, Any]) -> None:
    flags = ("--server-side", "--force-conflicts", f"--field-manager={MANAGERS[owner.kind]}")
    cluster.kubectl("apply", *flags, "-f", "-", input=json.dumps(manifest))


# ------------------------------------------------------------ a story's owner


def owner_of(stage: Stage) -> Owner:
    return Owner(kind=OwnerKind.FLUX_KUSTOMIZATION, name="apps", namespace=stage.namespace)


def commit(stage: Stage, controller: Controller, tag: str) -> None:
    """Have the owner's source say this tag."""
    controller.want(Wanted(stage, lambda: tag))


def take_over(stage: Stage, controller: Controller, *, within: float) -> None:
    """The owner takes over what runs, without a rollout."""
    follow(stage, controller, lambda: stage.app.tag, within=within)


def follow(stage: Stage, controller: Controller, tag: Callable[[], str], *, within: float) -> None:
    """The same, and it goes by what is read each time."""
    create(stage.cluster, owner_of(stage))
    controller.want(Wanted(stage, tag))
    wait_for(
        f"{stage.namespace}: the owner to have written",
        lambda: f"{LABEL}/name" in stage.deployment()["metadata"]["labels"],
        within=within,
    )


def end_late(stage: Stage, tag: str, *, within: float) -> None:
    """What had begun with this tag is applied some seconds after the suspension, over whatever is there then.

    As Flux does, whose reconciles are not ended by a suspension.
    """
    owner = owner_of(stage)
    wait_for(
        f"{stage.namespace}: the owner to be suspended",
        lambda: is_suspended(spec_of(stage.cluster, owner), owner.kind),
        within=within,
    )
    time.sleep(4)
    _apply(stage.cluster, owner, Wanted(stage, lambda: tag).manifest())
    end_work(stage.cluster, owner)
