"""What the engine is made of: everything of the outside world."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import CollectorRegistry

from daemon.core.case.alerts import Naming
from daemon.core.case.guards.guard import FreezeWindow
from daemon.core.model import Workload, WorkloadRef
from daemon.core.policy import Policy
from daemon.core.runs import Kind
from daemon.engine.defects import LogOnly
from daemon.engine.effects import Run
from daemon.engine.gates import Asking
from daemon.engine.leading import Alone, Division, Leadership
from daemon.engine.owners import NoOverlays, NoSwitch
from daemon.engine.surroundings_cache import Sources
from daemon.engine.views import Troubles
from daemon.ports import (
    Actuator,
    Calendar,
    CaseStore,
    Clock,
    Cluster,
    Configuration,
    ConfigurationCopies,
    ConfigurationRestorer,
    DefectReporter,
    HealthProbe,
    IncidentSink,
    Logs,
    Metrics,
    ObjectEvents,
    Order,
    Overlays,
    OwnerSwitch,
    Runner,
    Surveyor,
    Sweep,
)


def nothing_left(_: Order) -> None:
    """For runners that leave nothing behind."""


class Unfrozen:
    """The calendar of those who have no freezes."""

    def frozen(self, freezes: Sequence[str], at: datetime) -> FreezeWindow | None:
        del freezes, at
        return None


@dataclass(frozen=True, kw_only=True)
class Running:
    """What runs the smoke tests; ``run`` starts one of them beside everything else, for it may hang."""

    runners: Mapping[Kind, Runner] = field(default_factory=dict)
    sweep: Sweep = nothing_left
    """Of a Job's order; the others leave nothing."""
    run: Run = lambda job: job()


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What changes the world, by one leave to act."""

    actuator: Actuator
    copies: ConfigurationCopies
    restorer: ConfigurationRestorer
    running: Running = Running()
    owners: OwnerSwitch = field(default_factory=NoSwitch)


@dataclass(frozen=True, kw_only=True)
class EngineParts:
    """Everything of the outside world. ``run`` starts what notifies people, beside the worker's own work."""

    clock: Clock
    cluster: Cluster
    tools: Callable[[Leadership], Tools]
    """Made anew for each term: whatever one of them begins is over when that may act no more."""
    store: CaseStore
    metrics: Metrics
    surroundings: Sources
    health: HealthProbe
    configuration: Configuration
    sinks: Mapping[str, IncidentSink]
    policies: Callable[[WorkloadRef, Workload | None], Policy]
    run: Run
    registry: CollectorRegistry
    asking: Asking = field(default_factory=Asking)
    """How what is checked before a plan is asked for."""
    poll_interval: float = 5.0
    workers: int = 1
    """Threads that look at workloads, each at one; more than one is of use where looking takes waiting."""
    logs: Logs | None = None
    """Without them no logs are read, whatever a policy says."""
    events: ObjectEvents | None = None
    """Without them a stuck rollout is explained by its own objects alone."""
    calendar: Calendar = field(default_factory=Unfrozen)
    overlays: Overlays = field(default_factory=NoOverlays)
    surveyor: Surveyor | None = None
    """Without one only a Deployment's own marks tell who else owns it."""
    troubles: Sequence[Troubles] = ()
    naming: Naming = field(default_factory=Naming)
    """Which labels of alerts name what."""
    reporter: DefectReporter = field(default_factory=LogOnly)
    """Who hears of the daemon's own defects, beside the log."""
    division: Division = field(default_factory=lambda: Division((Alone(),)))
    """For which shards this replica acts, where there are several replicas."""
