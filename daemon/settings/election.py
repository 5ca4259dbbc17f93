"""Which of several replicas acts."""

from __future__ import annotations

from pydantic import Field

from daemon.settings.types import DeploymentName, Group, Namespace


class ElectionSettings(Group):
    """Which of several replicas acts.

    All replicas watch, show the page and store the alerts that are delivered to them; one acts. It holds a
    Lease, renews it every two seconds, and does nothing more seven seconds after a renewal that was its last.
    Another takes the lease once it has stood unchanged for ten.
    """

    enabled: bool = Field(
        default=True,
        description="`false`: there is no Lease, and this daemon acts, for no other runs.",
    )
    name: DeploymentName = Field(
        default="rollbackd",
        description=(
            "The Lease's name. The replicas of one installation share it; another installation has another. "
            "The chart sets it to the release's full name, and makes the Lease."
        ),
    )
    namespace: Namespace | None = Field(
        default=None,
        description="The Lease's namespace; without one the pod's own, or that of the kubeconfig's context.",
    )

    def lease(self, home: str) -> tuple[str, str] | None:
        """Its namespace and name, ``home`` where no namespace is set; ``None`` without an election."""
        return (self.namespace or home, self.name) if self.enabled else None
