"""What the cases say, as metrics: made anew at each scrape, so that nothing of a deleted workload is left."""

from __future__ import annotations

import platform
from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from daemon import __version__
from daemon.ports import PortError
from daemon.presentation.case_views import newest_by_workload
from daemon.web.ports import Views

_WORKLOAD = ("namespace", "workload")


class FleetMetrics(Collector):
    """A series for each guarded workload, and one for its newest case's phase: other phases have none."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def collect(self) -> Iterable[Metric]:
        build = GaugeMetricFamily(
            "rollbackd_build_info", "1, with the daemon's version", labels=("version", "python")
        )
        build.add_metric((__version__, platform.python_version()), 1)
        guarded = GaugeMetricFamily("rollbackd_workload_guarded", "1 while it is guarded", labels=_WORKLOAD)
        phases = GaugeMetricFamily(
            "rollbackd_case_phase",
            "1 for the phase of the newest case of a guarded workload",
            labels=(*_WORKLOAD, "phase"),
        )
        try:
            newest = newest_by_workload(self._views.outlines())
            for workload in self._views.workloads():
                named = (workload.ref.namespace, workload.ref.name)
                guarded.add_metric(named, 1)
                if (case := newest.get(workload.ref)) is not None:
                    phases.add_metric((*named, case.phase.value), 1)
        except PortError:
            # Not known now: no series rather than old ones; /readyz says why.
            return (build,)
        return (build, guarded, phases)
