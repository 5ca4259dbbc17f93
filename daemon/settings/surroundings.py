"""What stands around the workloads and may be why they fail."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from daemon.settings.types import Group, LabelSelector, PromQL, SignalName


class DependencySettings(Group):
    """Something that workloads need and do not run themselves, and the gauge that tells of it.

    It is asked to what a failure is due, and never whether a revision fails. A gauge that the new pods
    alone report down while others report it up does not excuse them: then it is they who cannot reach it.
    """

    name: SignalName = Field(description="Short name, unique among the dependencies; reasons name it.")
    query: PromQL = Field(
        description=(
            "PromQL for the gauge: over 0 is healthy, 0 and less is down, no series says nothing. Keep it a "
            "plain selector, so that Prometheus tells when each series was scraped."
        )
    )
    scope: Literal["namespace", "cluster"] = Field(
        default="namespace",
        description=(
            "`namespace`: it tells of the workloads in the namespace that its series carry. `cluster`: its "
            "lowest value tells of all workloads, for an exporter that probes from elsewhere."
        ),
    )


class NeighbourSettings(Group):
    """Pods in a workload's own namespace that it depends on, such as its database.

    They are down while fewer than half of them are ready, or when the last of them has gone. Where there
    never was any it says nothing: the database may run elsewhere. No further right is needed to see them.
    """

    name: SignalName = Field(description="Short name, unique among the neighbours; reasons name it.")
    selector: LabelSelector = Field(
        description=(
            "A label selector over pods. Pods that are finished or a Job's do not count, and it says nothing "
            "of a workload whose own pods it takes in."
        )
    )
