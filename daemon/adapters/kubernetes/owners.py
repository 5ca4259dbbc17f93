"""Suspending Flux and Argo CD, and resuming them as they were.

The write carries the resourceVersion that was read, and leaves the plan's token on the owner together with
what was switched off, so that a resumption restores just that, whoever carries it out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from daemon import ports
from daemon.adapters.kubernetes import partial
from daemon.adapters.kubernetes.client import JSON_PATCH, KubeClient
from daemon.adapters.kubernetes.errors import UNDECODABLE
from daemon.adapters.kubernetes.outcomes import refused
from daemon.adapters.kubernetes.resources import APPLICATIONS, HELM_RELEASES, KUSTOMIZATIONS, Resource
from daemon.adapters.kubernetes.written_deployment import Plan, if_unchanged
from daemon.core.case.effect import EffectOutcome
from daemon.core.policy import OwnerKind
from daemon.core.rollout_facts.owners import Owner
from daemon.core.rollout_facts.reconciling import OwnerCondition, OwnerStatus
from daemon.ports import RollbackResult

SUSPENDED: Final = "rollbackd.io/suspended"
"""The token of the plan that suspended the owner."""
AUTOMATED: Final = "rollbackd.io/automated"
"""On an Application: its ``syncPolicy.automated`` before, as JSON."""
TRIES = 5
"""How often a write is tried against an owner that keeps changing."""
RESOURCES: Final[Mapping[OwnerKind, Resource]] = {
    OwnerKind.ARGO_CD: APPLICATIONS,
    OwnerKind.FLUX_KUSTOMIZATION: KUSTOMIZATIONS,
    OwnerKind.FLUX_HELM_RELEASE: HELM_RELEASES,
}
MAKERS: Final = frozenset({"ApplicationSet"})
"""Controllers that write an owner's spec anew whenever it differs from their own template."""


class _Metadata(partial.Partial, frozen=True):
    resource_version: str
    generation: int = 0
    annotations: dict[str, str] | None = None
    owner_references: list[partial.Owner] | None = None


class _Operation(partial.Partial, frozen=True):
    phase: str = ""


class _Status(partial.Partial, frozen=True):
    observed_generation: int = 0
    conditions: tuple[OwnerCondition, ...] | None = None
    operation_state: _Operation | None = None


class _Found(partial.Partial, frozen=True):
    metadata: _Metadata
    spec: dict[str, Any] = msgspec.field(default_factory=dict)
    status: _Status | None = None
    operation: dict[str, Any] | None = None
    """Argo CD's, that is to be carried out."""

    @property
    def token(self) -> str:
        return self.annotations.get(SUSPENDED, "")

    @property
    def annotations(self) -> dict[str, str]:
        return self.metadata.annotations or {}

    @property
    def automated(self) -> dict[str, Any] | None:
        """Argo CD's automated sync; ``None`` where it is off. An empty object is on."""
        found = (self.spec.get("syncPolicy") or {}).get("automated")
        off = not isinstance(found, dict) or found.get("enabled") is False
        return None if off else found

    @property
    def maker(self) -> str:
        owners = self.metadata.owner_references or ()
        return next((f"{o.kind} {o.name}" for o in owners if o.controller and o.kind in MAKERS), "")


_NOTHING_SAID: Final = _Status()
Step = Callable[[_Found], Plan]


class KubeOwnerSwitch:
    """Implements :class:`daemon.ports.OwnerSwitch`."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    def suspend(self, owner: Owner, token: str) -> RollbackResult:
        return self._write(owner, lambda found: _suspend(owner, found, token))

    def status(self, owner: Owner) -> OwnerStatus | None:
        resource = RESOURCES.get(owner.kind)
        if resource is None:
            return None
        try:
            found = self._client.read(resource.path(owner.namespace, owner.name), _Found)
        except ports.Missing:
            return None
        said = found.status or _NOTHING_SAID
        return OwnerStatus(
            generation=found.metadata.generation,
            observed=said.observed_generation,
            conditions=said.conditions or (),
            operation=said.operation_state.phase if said.operation_state is not None else "",
            requested=found.operation is not None,
        )

    def resume(self, owner: Owner, token: str) -> RollbackResult:
        gone = _done(f"{owner} is not there any more")
        return self._write(owner, lambda found: _resume(owner, found, token), gone)

    def _write(self, owner: Owner, step: Step, gone: RollbackResult | None = None) -> RollbackResult:
        resource = RESOURCES.get(owner.kind)
        if resource is None or not owner.name or not owner.namespace:
            return refused(f"{owner} cannot be suspended: suspend it by hand, then approve")
        path = resource.path(owner.namespace, owner.name)
        for _ in range(TRIES):
            try:
                found = self._client.read(path, _Found)
            except ports.Missing:
                return gone or refused(
                    f"{owner} is not there ({resource.api_version}): see its marks on the Deployment"
                )
            plan = step(found)
            if isinstance(plan, RollbackResult):
                return plan
            patch, done = plan
            patch = if_unchanged(patch, found.metadata.resource_version)
            try:
                self._client.request(
                    "PATCH", path, query={"fieldManager": "rollbackd"}, body=patch, content_type=JSON_PATCH
                )
            except ports.Conflict:
                continue
            return RollbackResult(outcome=EffectOutcome.DONE, detail=done)
        raise ports.Unavailable(f"{owner} changed under each of {TRIES} writes")


def _suspend(owner: Owner, found: _Found, token: str) -> Plan:
    if found.token == token:
        return _done(f"{owner} was suspended already")
    running = (
        found.automated is not None if owner.kind is OwnerKind.ARGO_CD else not found.spec.get("suspend")
    )
    if not running:
        return _done(f"{owner} is suspended already, and not by this plan: it is left so")
    if found.maker:
        return refused(
            f"{owner} is made by {found.maker}, which would put its sync policy back: suspend it there"
        )
    marks = {**found.annotations, SUSPENDED: token}
    if owner.kind is OwnerKind.ARGO_CD:
        marks[AUTOMATED] = msgspec.json.encode(found.automated).decode()
        switch: dict[str, Any] = {"op": "remove", "path": "/spec/syncPolicy/automated"}
        what = "automated sync switched off"
    else:
        switch = {"op": "add", "path": "/spec/suspend", "value": True}
        what = "spec.suspend set"
    return [_annotations(marks), switch], f"{owner} was suspended ({what})"


def _resume(owner: Owner, found: _Found, token: str) -> Plan:
    if found.token != token:
        return _done(f"{owner} is not suspended by this plan, and was left as it is")
    marks = {name: value for name, value in found.annotations.items() if name not in (SUSPENDED, AUTOMATED)}
    if owner.kind is not OwnerKind.ARGO_CD:
        return [_annotations(marks), {"op": "add", "path": "/spec/suspend", "value": False}], _resumed(owner)
    if found.automated is not None:
        return [_annotations(marks)], _resumed(owner)
    try:
        before = msgspec.json.decode(found.annotations.get(AUTOMATED, "{}"), type=dict[str, Any])
    except UNDECODABLE as error:
        # Somebody edited it since: no sync policy is made up.
        return refused(
            f"{owner} is left suspended: what its automated sync was ({AUTOMATED}) makes no sense by now "
            f"({error}): switch it on by hand"
        )
    policy = {**(found.spec.get("syncPolicy") or {}), "automated": before}
    return [_annotations(marks), {"op": "add", "path": "/spec/syncPolicy", "value": policy}], _resumed(owner)


def _resumed(owner: Owner) -> str:
    return f"{owner} was resumed"


def _annotations(marks: Mapping[str, str]) -> dict[str, Any]:
    return {"op": "add", "path": "/metadata/annotations", "value": dict(marks)}


def _done(detail: str) -> RollbackResult:
    return RollbackResult(outcome=EffectOutcome.DONE, detail=detail, already=True)
