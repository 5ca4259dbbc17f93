"""What the reporters of a dependency say together: pure.

A gauge that an application keeps tells whether *it* reaches the dependency. Of a failing release that is
worth little: it may be the release that cannot. So others are heard as well, the old pods and exporters.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from daemon.core.model import Revision, Workload
from daemon.core.rollout_facts.pod_owner import PodOwners
from daemon.core.value import Value
from daemon.ports import Gauge


class DependencyState(Value, frozen=True):
    """``at`` is the earliest scrape that says so (Unix seconds); ``confirmed`` as of a ``Dependency``."""

    healthy: bool
    detail: str
    at: float
    confirmed: bool = True
    reached: bool = False
    """Whether a new pod reaches it."""


class DependencyHistory(Value, frozen=True):
    """A standing with what came before it."""

    standing: DependencyState
    since: float
    """When it became so (Unix seconds)."""
    reached: bool
    """Whether a new pod ever reached it."""


HANDOVER = 60.0
"""Seconds before the rollout's beginning in which the old pods must have reached a dependency for it to count
as well when the new ones took over: a few scrapes."""


def dependency_state(
    gauges: Iterable[Gauge], workload: Workload, judged: Revision, *, not_before: float
) -> DependencyState | None:
    """How the dependency stands for the judged revision's pods; ``None`` when nobody says.

    It is down when at least half of the others say so and the new pods do not say otherwise. Scrapes before
    ``not_before`` (Unix seconds) are too old to say anything.
    """
    heard = [gauge for gauge in relevant(gauges, workload) if gauge.at >= not_before]
    owners = PodOwners(workload, judged)
    there = {pod.name for pod in workload.live}
    # A pod of ours that is on its way out closes its connections: it is no witness.
    present = [gauge for gauge in heard if gauge.pod in there or not owners.of(gauge.pod)]
    new = [gauge for gauge in present if owners.made(judged, gauge.pod)]
    others = [gauge for gauge in present if not owners.made(judged, gauge.pod)]
    if not present:
        return None
    healthy, confirmed, by, detail = True, True, others or new, _counted(new, others)
    if _down(others) and (_down(new) or not new):
        healthy = False
    elif _down(others):
        by, detail = new, f"the new pods reach it: {detail}"
    elif _down(new) and others:
        detail = f"the release cannot reach it: {detail}"
    elif _down(new):
        healthy, confirmed, detail = False, False, f"{detail}, and there is no other to ask"
    return DependencyState(
        healthy=healthy,
        confirmed=confirmed,
        detail=detail,
        at=min(gauge.at for gauge in by if (gauge.value > 0) is healthy),
        reached=any(gauge.value > 0 for gauge in new),
    )


def update_history(before: DependencyHistory, found: DependencyState) -> DependencyHistory:
    """The story as it goes on.

    What was confirmed stays so when the witnesses leave. What no new pod ever reached, and the old ones did
    to their end, is not down: it is the release that cannot reach it.
    """
    reached = before.reached or found.reached
    if not found.healthy and not found.confirmed:
        if before.standing.healthy and not reached:
            detail = "the old pods reached it to their end, no new pod ever did: the release cannot reach it"
            found = replace(found, healthy=True, confirmed=True, detail=detail)
        elif not before.standing.healthy:
            found = replace(found, confirmed=before.standing.confirmed)
    same = before.standing.healthy is found.healthy
    return DependencyHistory(standing=found, since=before.since if same else found.at, reached=reached)


def begin_history(
    found: DependencyState,
    reached: Sequence[Gauge],
    owners: PodOwners,
    judged: Revision,
    *,
    started_at: float,
    earliest: float,
) -> DependencyHistory:
    """The story of an outage that was there at the first look, from when each reporter last ``reached`` it.

    Without that an old outage would look as if it had come with the rollout, which ``started_at`` (Unix
    seconds); ``earliest`` is how far the look back went.
    """
    own = [gauge.at for gauge in reached if owners.made(judged, gauge.pod)]
    others = [gauge.at for gauge in reached if not owners.made(judged, gauge.pod)]
    last = min(max(others or own, default=earliest), found.at)
    if own or found.confirmed or last < started_at - HANDOVER:
        return DependencyHistory(standing=found, since=last, reached=bool(own))
    well = replace(found, healthy=True, confirmed=True)
    return update_history(DependencyHistory(standing=well, since=last, reached=False), found)


def relevant(gauges: Iterable[Gauge], workload: Workload) -> list[Gauge]:
    """Those of the workload's namespace or of none, with a number for a value."""
    return [
        gauge
        for gauge in gauges
        if gauge.namespace in ("", workload.ref.namespace) and not math.isnan(gauge.value)
    ]


def _down(gauges: Sequence[Gauge]) -> bool:
    return bool(gauges) and 2 * sum(gauge.value <= 0 for gauge in gauges) >= len(gauges)


def _counted(new: Sequence[Gauge], others: Sequence[Gauge]) -> str:
    said = [
        f"{sum(gauge.value <= 0 for gauge in gauges)} of {len(gauges)} {who}"
        for who, gauges in (("new pods", new), ("others", others))
        if gauges
    ]
    return f"reported down by {' and '.join(said)}"
