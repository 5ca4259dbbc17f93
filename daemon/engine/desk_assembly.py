"""Puts a desk together: everything that remembers the cases of one shard in one term."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from daemon.engine.beside import Beside
from daemon.engine.configuration import ConfigurationLook
from daemon.engine.configuration_changes import ChangeWatch
from daemon.engine.configuration_contents import ContentLook
from daemon.engine.database_steps import DatabaseSteps
from daemon.engine.database_version import VersionLook, VersionReader
from daemon.engine.defects import Defects
from daemon.engine.desks import Desk
from daemon.engine.effects import Effects
from daemon.engine.evidence_store import EvidenceStore
from daemon.engine.feature_flags import FlagSwitches
from daemon.engine.gates import GateLook
from daemon.engine.ingress import IngressLook
from daemon.engine.journal import Journal
from daemon.engine.leading import LedRunner, Termed
from daemon.engine.log_reading import LogReading
from daemon.engine.observer import Observer
from daemon.engine.owners import OwnerLook
from daemon.engine.parts import EngineParts
from daemon.engine.queue import WorkQueue
from daemon.engine.reconciler import Reconciler
from daemon.engine.smoke_tests import SmokeTests
from daemon.engine.steady_clock import SteadyClock
from daemon.engine.steps.step import Hands
from daemon.engine.stuck import StuckLook
from daemon.engine.surroundings_cache import SurroundingsCache


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What all desks of a replica share: nothing of it is about what was done."""

    clock: SteadyClock
    queue: WorkQueue
    journal: Journal
    defects: Defects
    room: EvidenceStore
    around: SurroundingsCache
    attended: Callable[[], None]
    """Hears of a case whose evidence is new here."""


def desk_of(parts: EngineParts, shared: Shared, leadership: Termed) -> Desk:
    clock, tools = shared.clock, parts.tools(leadership)
    configuration = ConfigurationLook(parts.configuration, parts.cluster, clock)
    logs = LogReading(parts.logs, clock)
    stuck = StuckLook(parts.events, logs, clock)
    contents = ContentLook(tools.copies, parts.cluster)
    running = tools.running

    def beside(edge: str) -> Beside[Any]:
        return Beside(run=running.run, later=shared.queue.put, defects=shared.defects, edge=edge)

    runners = {kind: LedRunner(runner, leadership) for kind, runner in running.runners.items()}
    reader = VersionReader(
        runners,
        parts.cluster,
        clock,
        sweep=running.sweep,
        beside=beside("database version"),
    )
    database = DatabaseSteps(
        runners,
        reader,
        parts.cluster,
        clock,
        sweep=running.sweep,
        beside=beside("database"),
        stop=tools.actuator.stop,
    )
    versions = VersionLook(reader, clock)
    flags = FlagSwitches(
        runners,
        parts.cluster,
        clock,
        policies=parts.policies,
        beside=beside("feature flag"),
    )
    changes = ChangeWatch(parts.configuration, tools.copies, contents, parts.cluster, clock, shared.queue.put)
    owners = OwnerLook(parts.surveyor)
    effects = Effects(
        hands=Hands(
            actuator=tools.actuator,
            restorer=tools.restorer,
            flags=flags,
            gates=GateLook(
                parts.asking,
                parts.cluster,
                parts.configuration,
                tools.copies,
                parts.events,
                clock,
                shared.defects,
            ),
            database=database,
            owners=tools.owners,
            overlays=parts.overlays,
        ),
        sinks=parts.sinks,
        clock=clock,
        run=parts.run,
        later=shared.queue.put,
        complain=shared.journal.effect_failed,
        defects=shared.defects,
        leadership=leadership,
    )
    smoke_tests = SmokeTests(
        runners,
        parts.cluster,
        clock,
        sweep=running.sweep,
        run=running.run,
        later=shared.queue.put,
        defects=shared.defects,
    )
    reconciler = Reconciler(
        cluster=parts.cluster,
        store=parts.store,
        room=shared.room,
        observer=Observer(
            room=shared.room,
            around=shared.around,
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
                later=shared.queue.put,
                defects=shared.defects,
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
        journal=shared.journal,
        versions=versions,
        attended=shared.attended,
        leadership=leadership,
    )
    return Desk(reconciler, leadership, (effects.problems, reconciler.problems, changes.problems))
