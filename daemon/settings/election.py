"""Which of several replicas acts."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from daemon.core.sharding import MOST
from daemon.settings.types import DeploymentName, Group, Namespace


class ElectionSettings(Group):
    """Which of several replicas acts.

    All replicas watch, show the page and store the alerts that are delivered to them; one acts. It holds a
    Lease, renews it every two seconds, and does nothing more seven seconds after a renewal that was its last.
    Another takes the lease once it has stood unchanged for ten. With several shards each of them has such a
    Lease, and the replicas divide them.
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

    shards: int = Field(
        default=1,
        ge=1,
        le=MOST,
        description=(
            "Parts that the namespaces are divided into, for fleets that are too much for one replica to act "
            "for. Each shard has a Lease of its own, `<name>-0` and so on, and the replicas hold equal "
            "numbers of them. The Lease `name` then keeps replicas that are set to another number of shards "
            "from acting at the same time. `1`: one replica acts for all."
        ),
    )

    @property
    def names(self) -> tuple[str, ...]:
        """The Leases' names; with shards the first is the layout's."""
        numbered = range(self.shards) if self.shards > 1 else ()
        return (self.name, *(f"{self.name}-{number}" for number in numbered))

    def leases(self, home: str) -> tuple[tuple[str, str], ...]:
        """Namespace and name of each, ``home`` where no namespace is set; none without an election."""
        return tuple((self.namespace or home, name) for name in self.names) if self.enabled else ()

    @model_validator(mode="after")
    def _shared_out(self) -> Self:
        if self.shards > 1 and not self.enabled:
            raise ValueError(
                f"shards is {self.shards}, and enabled is false: without Leases replicas cannot divide "
                "anything; set enabled to true, or shards to 1"
            )
        return self
