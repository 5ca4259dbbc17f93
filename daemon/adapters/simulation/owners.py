"""Flux and Argo CD in memory: they put back what they want, unless they are suspended.

What one has begun it ends, suspended or not, as their controllers do.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from daemon.adapters.simulation.cluster import MemoryCluster
from daemon.core.case.effect import EffectOutcome
from daemon.core.model import WorkloadRef
from daemon.core.policy import SUSPENDABLE, OwnerKind
from daemon.core.rollout_facts.owners import Owner
from daemon.core.rollout_facts.reconciling import PROGRESSING, OwnerCondition, OwnerStatus
from daemon.ports import Clock, RollbackResult

MANAGERS = {
    OwnerKind.ARGO_CD: "argocd-controller",
    OwnerKind.FLUX_KUSTOMIZATION: "kustomize-controller",
    OwnerKind.FLUX_HELM_RELEASE: "helm-controller",
}
OwnerKey = tuple[OwnerKind, str]


@dataclass
class OwnerState:
    """``interval`` is how often it compares, ``takes`` how long it is at work then, in seconds."""

    owner: Owner
    ref: WorkloadRef
    image: str
    interval: float
    heals: bool = True
    suspended: bool = False
    token: str = ""
    made_by: str = ""
    """Another object that would put its settings back, such as an ApplicationSet."""
    compared: float = 0.0
    takes: float = 0.0
    generation: int = 1
    observed: int = 0
    """The generation that it has ended a reconcile of. Argo CD does not say so."""
    under_way: _Reconcile | None = None


@dataclass(frozen=True)
class _Reconcile:
    """What was read when it began is applied at ``ends`` (monotonic)."""

    image: str
    generation: int
    ends: float


class MemoryOwners:
    """Implements :class:`daemon.ports.OwnerSwitch`, and the owners' own controllers."""

    def __init__(self, cluster: MemoryCluster, clock: Clock) -> None:
        self._cluster = cluster
        self._clock = clock
        self._lock = threading.Lock()
        self.owners: dict[OwnerKey, OwnerState] = {}
        self.suspensions = 0
        """How often one was written."""

    def add(self, owner: Owner, ref: WorkloadRef, image: str, *, interval: float = 10.0) -> OwnerState:
        """Have the owner want this image from now on; it applies it at once."""
        state = self.owners.setdefault(_key(owner), OwnerState(owner, ref, image, interval))
        state.image, state.compared = image, float("-inf")
        self.tick()
        return state

    def read(self, image: str) -> None:
        """Have all owners want this image: what Git says now. They apply it when they compare next."""
        for state in self.owners.values():
            state.image = image

    def tick(self) -> None:
        """Each one that is due and not suspended begins to apply what it wants, or has applied it."""
        now = self._clock.monotonic()
        for state in self.owners.values():
            if state.under_way is None:
                self._begin(state, now)
            if state.under_way is not None and now >= state.under_way.ends:
                done, state.under_way = state.under_way, None
                state.observed = done.generation
                self._cluster.set_image(state.ref, done.image, manager=MANAGERS[state.owner.kind])

    def _begin(self, state: OwnerState, now: float) -> None:
        if state.suspended:
            state.observed = state.generation
        elif state.heals and now - state.compared >= state.interval:
            state.compared = now
            state.under_way = _Reconcile(state.image, state.generation, now + state.takes)

    def suspend(self, owner: Owner, token: str) -> RollbackResult:
        def switch(state: OwnerState) -> RollbackResult:
            if state.token == token:
                return _done(f"{owner} was suspended already", already=True)
            if state.suspended:
                return _done(
                    f"{owner} is suspended already, and not by this plan: it is left so", already=True
                )
            if state.made_by:
                return _refused(f"{owner} is made by {state.made_by}: suspend it there")
            state.suspended, state.token = True, token
            state.generation += 1
            self.suspensions += 1
            return _done(f"{owner} was suspended")

        return self._with(owner, switch, gone=_refused(f"{owner} is not there"))

    def status(self, owner: Owner) -> OwnerStatus | None:
        with self._lock:
            state = self.owners.get(_key(owner))
        if state is None:
            return None
        busy = state.under_way is not None
        if owner.kind is OwnerKind.ARGO_CD:
            return OwnerStatus(generation=state.generation, operation="Running" if busy else "Succeeded")
        doing = OwnerCondition(
            type="Reconciling", status="True", reason=PROGRESSING, message=f"Applying {state.image}"
        )
        return OwnerStatus(
            generation=state.generation, observed=state.observed, conditions=(doing,) if busy else ()
        )

    def resume(self, owner: Owner, token: str) -> RollbackResult:
        def switch(state: OwnerState) -> RollbackResult:
            if state.token != token:
                detail = f"{owner} is not suspended by this plan, and was left as it is"
                return _done(detail, already=True)
            state.suspended, state.token, state.compared = False, "", float("-inf")
            state.generation += 1
            return _done(f"{owner} was resumed")

        return self._with(owner, switch, gone=_done(f"{owner} is not there any more", already=True))

    def _with(
        self, owner: Owner, switch: Callable[[OwnerState], RollbackResult], *, gone: RollbackResult
    ) -> RollbackResult:
        if owner.kind not in SUSPENDABLE or not owner.name or not owner.namespace:
            return _refused(f"{owner} cannot be suspended")
        with self._lock:
            state = self.owners.get(_key(owner))
            return gone if state is None else switch(state)


def _key(owner: Owner) -> OwnerKey:
    return owner.kind, owner.place


def _done(detail: str, *, already: bool = False) -> RollbackResult:
    return RollbackResult(outcome=EffectOutcome.DONE, detail=detail, already=already)


def _refused(detail: str) -> RollbackResult:
    return RollbackResult(outcome=EffectOutcome.REFUSED, detail=detail)
