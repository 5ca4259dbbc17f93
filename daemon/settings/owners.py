"""What is done where somebody else owns a Deployment."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from daemon.core.policy import OwnerChoice, OwnerPolicy
from daemon.settings.types import Group, Namespace

NotSuspend = Literal[OwnerChoice.ACT, OwnerChoice.ADVISE, OwnerChoice.GIT]
ActOrAdvise = Literal[OwnerChoice.ACT, OwnerChoice.ADVISE]


class OwnerSettings(Group):
    """What becomes of a rollback where somebody else owns the Deployment.

    `act`: return to the target and say who owns it. `advise`: hold, with the commands that work at the
    owner. `suspend`: have the owner leave the Deployment alone first; it stays suspended, and the case says
    so, until people have set right what it reads. `git`: commit the target's images to the workload's overlay
    first, which the owner reads. Whichever is chosen: where the owner puts the bad revision
    back after a rollback, the daemon holds and does not begin again. See [Owners](owners.md).
    """

    argocd: OwnerChoice = Field(
        default=OwnerChoice.ADVISE,
        description=(
            "An Argo CD Application. `advise`, for with self-heal it undoes a rollback within seconds. "
            "`suspend` switches its automated sync off."
        ),
    )
    flux_kustomization: OwnerChoice = Field(
        default=OwnerChoice.ADVISE,
        description=(
            "A Flux Kustomization. `advise`, for it undoes a rollback at its next interval. `suspend` sets "
            "its `spec.suspend`."
        ),
    )
    flux_helmrelease: OwnerChoice = Field(
        default=OwnerChoice.ACT,
        description=(
            "A Flux HelmRelease. `act`, for unless its `driftDetection` is enabled it writes only when the "
            "chart or its values change. `suspend` sets its `spec.suspend`."
        ),
    )
    helm: NotSuspend = Field(
        default=OwnerChoice.ACT,
        description="A Helm release. `act`, for Helm writes only when somebody upgrades it.",
    )
    kubectl_apply: NotSuspend = Field(
        default=OwnerChoice.ACT,
        description="Files that are applied with kubectl. `act`, for the next apply is somebody's decision.",
    )
    other: ActOrAdvise = Field(
        default=OwnerChoice.ADVISE,
        description=(
            "A custom resource that controls the Deployment, an Argo Rollout or a Flagger Canary over it. "
            "`advise`, for what these write by themselves is not known."
        ),
    )
    argocd_namespace: Namespace = Field(
        default="argocd",
        description="Where Argo CD looks for Applications whose tracking id names no namespace.",
    )
    namespaces: tuple[Namespace, ...] = Field(
        default=(),
        max_length=100,
        description=(
            "The namespaces of the Applications, Kustomizations and HelmReleases that may be suspended, such "
            "as `flux-system`. The chart grants `get` and `patch` on them there where something is suspended."
        ),
    )

    def policy(self, own: OwnerChoice | None, overlay: str, by_hand: str = "") -> OwnerPolicy:
        """``own`` is a workload's choice, whoever owns it; ``overlay`` its overlay's name, if it has one, and
        ``by_hand`` what a person types to edit that."""
        named = self.model_dump(exclude={"namespaces"})
        if own is not None:
            named |= dict.fromkeys(OwnerPolicy.CHOICES, own)
        return OwnerPolicy(overlay=overlay, overlay_by_hand=by_hand, **named)
