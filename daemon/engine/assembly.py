"""Puts the engine together from its ports; the daemon and the demo differ only in what they pass in."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.core.value import learn_types
from daemon.engine.defects import Defects
from daemon.engine.desk_assembly import Shared, desk_of
from daemon.engine.desks import Desks
from daemon.engine.evidence_store import EvidenceStore
from daemon.engine.intake import AlertIntake
from daemon.engine.journal import Journal
from daemon.engine.loop import Engine
from daemon.engine.parts import EngineParts
from daemon.engine.queue import WorkQueue
from daemon.engine.steady_clock import SteadyClock
from daemon.engine.surroundings_cache import SurroundingsCache
from daemon.engine.unmatched import Unmatched
from daemon.engine.views import DaemonViews
from daemon.ports import Clock


@dataclass(frozen=True, kw_only=True)
class Assembled:
    engine: Engine
    desks: Desks
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
    shared = Shared(
        clock=clock,
        queue=queue,
        journal=journal,
        defects=defects,
        room=room,
        around=around,
        attended=lambda: engine.poll_soon(),
    )
    desks = Desks(
        parts.division,
        lambda leadership: desk_of(parts, shared, leadership),
        store=parts.store,
        cluster=parts.cluster,
        policies=parts.policies,
        room=room,
        around=around,
    )
    unmatched = Unmatched(parts.registry)
    engine = Engine(
        queue=queue,
        desks=desks,
        intake=AlertIntake(
            cluster=parts.cluster,
            desks=desks,
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
            desks.problems,
            engine.workers.problems,
        ),
        unmatched=unmatched.listed,
        follows=lambda: parts.division.follows,
        part=lambda: parts.division.part,
    )
    return Assembled(engine=engine, desks=desks, views=views, journal=journal, clock=clock)
