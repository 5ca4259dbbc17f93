"""Puts the engine together from its ports; the daemon and the demo differ only in what they pass in."""

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
from daemon.core.value import learn_types
from daemon.engine.beside import Beside
from daemon.engine.configuration import ConfigurationLook
from daemon.engine.configuration_changes import ChangeWatch
from daemon.engine.configuration_contents import ContentLook
from daemon.engine.database_steps import DatabaseSteps
from daemon.engine.database_version import VersionLook, VersionReader
from daemon.engine.defects import Defects, LogOnly
from daemon.engine.effects import Effects, Run
from daemon.engine.evidence_store import EvidenceStore
from daemon.engine.feature_flags import FlagSwitches
from daemon.engine.gates import Asking, GateLook
from daemon.engine.ingress import IngressLook
from daemon.engine.intake import AlertIntake
from daemon.engine.journal import Journal
from daemon.engine.leading import Alone, Leadership, LedRunner
from daemon.engine.log_reading import LogReading
from daemon.engine.loop import Engine
from daemon.engine.observer import Observer
from daemon.engine.owners import NoOverlays, NoSwitch, OwnerLook
from daemon.engine.queue import WorkQueue
from daemon.engine.reconciler import Reconciler
from daemon.engine.smoke_tests import SmokeTests
from daemon.engine.steady_clock import SteadyClock
from daemon.engine.steps.step import Hands
from daemon.engine.stuck import StuckLook
from daemon.engine.surroundings_cache import Sources, SurroundingsCache
from daemon.engine.unmatched import Unmatched
from daemon.engine.views import DaemonViews, Troubles
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
class EngineParts:
    """Everything of the outside world. ``run`` starts what notifies people, beside the worker's own work."""

    clock: Clock
    cluster: Cluster
    actuator: Actuator
    store: CaseStore
    metrics: Metrics
    surroundings: Sources
    health: HealthProbe
    configuration: Configuration
    copies: ConfigurationCopies
    restorer: ConfigurationRestorer
    sinks: Mapping[str, IncidentSink]
    policies: Callable[[WorkloadRef, Workload | None], Policy]
    run: Run
    registry: CollectorRegistry
    running: Running = Running()
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
    owners: OwnerSwitch = field(default_factory=NoSwitch)
    overlays: Overlays = field(default_factory=NoOverlays)
    surveyor: Surveyor | None = None
    """Without one only a Deployment's own marks tell who else owns it."""
    troubles: Sequence[Troubles] = ()
    naming: Naming = field(default_factory=Naming)
    """Which labels of alerts name what."""
    reporter: DefectReporter = field(default_factory=LogOnly)
    """Who hears of the daemon's own defects, beside the log."""
    leadership: Leadership = field(default_factory=Alone)
    """Whether this replica acts, where there are several."""


@dataclass(frozen=True, kw_only=True)
class Assembled:
    engine: Engine
    views: DaemonViews
    journal: Journal
    clock: Clock
    """The engine's own, which no jump of the machine's time of day moves."""


def assemble(parts: EngineParts, queue: WorkQueue) -> Assembled:
    """``queue`` is made by the caller, for the cluster adapter puts changed workloads on it."""
    learn_types()
    clock = parts.clock
    if not isinstance(clock, SteadyClock):
        clock = SteadyClock(clock, parts.cluster.server_time)
    journal = Journal(parts.registry)
    defects = Defects(parts.reporter, parts.run, parts.registry)
    room = EvidenceStore(parts.metrics, clock)
    around = SurroundingsCache(parts.surroundings, clock, journal.trouble)
    configuration = ConfigurationLook(parts.configuration, parts.cluster, clock)
    logs = LogReading(parts.logs, clock)
    stuck = StuckLook(parts.events, logs, clock)
    contents = ContentLook(parts.copies, parts.cluster)
    running = parts.running
    runners = {kind: LedRunner(runner, parts.leadership) for kind, runner in running.runners.items()}
    reader = VersionReader(
        runners,
        parts.cluster,
        clock,
        sweep=running.sweep,
        beside=Beside(run=running.run, later=queue.put, defects=defects, edge="database version"),
    )
    database = DatabaseSteps(
        runners,
        reader,
        parts.cluster,
        clock,
        sweep=running.sweep,
        beside=Beside(run=running.run, later=queue.put, defects=defects, edge="database"),
        stop=parts.actuator.stop,
    )
    versions = VersionLook(reader, clock)
    flags = FlagSwitches(
        runners,
        parts.cluster,
        clock,
        policies=parts.policies,
        beside=Beside(run=running.run, later=queue.put, defects=defects, edge="feature flag"),
    )
    changes = ChangeWatch(parts.configuration, parts.copies, contents, parts.cluster, clock, queue.put)
    owners = OwnerLook(parts.surveyor)
    effects = Effects(
        hands=Hands(
            actuator=parts.actuator,
            restorer=parts.restorer,
            flags=flags,
            gates=GateLook(
                parts.asking, parts.cluster, parts.configuration, parts.copies, parts.events, clock, defects
            ),
            database=database,
            owners=parts.owners,
            overlays=parts.overlays,
        ),
        sinks=parts.sinks,
        clock=clock,
        run=parts.run,
        later=queue.put,
        complain=journal.effect_failed,
        defects=defects,
        leadership=parts.leadership,
    )
    smoke_tests = SmokeTests(
        runners,
        parts.cluster,
        clock,
        sweep=running.sweep,
        run=running.run,
        later=queue.put,
        defects=defects,
    )
    reconciler = Reconciler(
        cluster=parts.cluster,
        store=parts.store,
        room=room,
        observer=Observer(
            room=room,
            around=around,
            health=parts.health,
            configuration=configuration,
            contents=contents,
            changes=changes,
            smoke_tests=smoke_tests,
            cluster=parts.cluster,
            logs=logs,
            stuck=stuck,
            ingress=IngressLook(
                runners.get("http"),
                clock,
                run=running.run,
                later=queue.put,
                defects=defects,
            ),
            calendar=parts.calendar,
            versions=versions,
            database=database,
            flags=flags,
            owners=owners,
        ),
        configuration=configuration,
        contents=contents,
        changes=changes,
        owners=owners,
        logs=logs,
        effects=effects,
        clock=clock,
        policies=parts.policies,
        journal=journal,
        versions=versions,
        attended=lambda: engine.poll_soon(),
        leadership=parts.leadership,
    )
    unmatched = Unmatched(parts.registry)
    engine = Engine(
        queue=queue,
        reconciler=reconciler,
        intake=AlertIntake(
            cluster=parts.cluster,
            reconciler=reconciler,
            naming=parts.naming,
            unmatched=unmatched,
            clock=parts.clock,
        ),
        room=room,
        around=around,
        cluster=parts.cluster,
        clock=clock,
        journal=journal,
        defects=defects,
        poll_interval=parts.poll_interval,
        workers=parts.workers,
        problems=lambda: views.problems(),
        leadership=parts.leadership,
    )
    views = DaemonViews(
        cluster=parts.cluster,
        store=parts.store,
        policies=parts.policies,
        alive=engine.workers.alive,
        troubles=(
            *parts.troubles,
            room.last,
            around.problems,
            effects.problems,
            reconciler.problems,
            engine.workers.problems,
            changes.problems,
        ),
        unmatched=unmatched.listed,
        follows=lambda: parts.leadership.follows,
    )
    return Assembled(engine=engine, views=views, journal=journal, clock=clock)
