"""What a person asks for at the page or the API, done as the commands do it, and in that person's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec.structs import replace

from daemon.core.case.case import Case, Instruction
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.guards.pause import FORMS, paused_until
from daemon.core.case.images import AskedImage
from daemon.core.case.instructing import untimely
from daemon.core.model import Workload, WorkloadRef
from daemon.engine.manual import pick, pick_images
from daemon.ports import (
    CaseStore,
    Clock,
    Cluster,
    Conflict,
    Deputies,
    Identity,
    Missing,
    Rejected,
    Unavailable,
)

TRIES = 3
"""How often an instruction is written to a case that the daemon itself writes meanwhile."""


class PeoplesOrders:
    """Called from several threads at once. Everything raises PortError, with a sentence for the person."""

    def __init__(self, *, cluster: Cluster, store: CaseStore, deputies: Deputies, clock: Clock) -> None:
        self._cluster = cluster
        self._store = store
        self._deputies = deputies
        self._clock = clock

    def instruct(
        self,
        namespace: str,
        name: str,
        order: Instruction,
        who: Identity,
        objection: Callable[[Case, datetime], str] = lambda *_: "",
    ) -> str:
        """Write an instruction, in the name and at the time that are known here. Conflict: it is too late, or
        ``objection`` has one to the case that is written over."""
        order = replace(order, by=who.signature, at=self._clock.now())
        with self._deputies.of(who) as hands:
            for left in reversed(range(TRIES)):
                case = self._store.get(namespace, name)
                if why := untimely(case, order.action) or objection(case, order.at):
                    raise Conflict(why)
                try:
                    hands.cases.instruct(replace(case, spec=replace(case.spec, instruction=order)))
                except Conflict:
                    if not left:
                        raise
                else:
                    break
        return f"{namespace}/{name}: instructed to {order.action} by {order.by}"

    def roll_back(
        self,
        ref: WorkloadRef,
        who: Identity,
        *,
        revision: int | None,
        unproven: bool,
        images: Sequence[AskedImage],
        running: int | None = None,
    ) -> str:
        """Roll a workload back by hand, or set images. What comes of it is the next rollout's case."""
        workload = self._guarded(ref)
        if workload.current is None:
            raise Unavailable(f"Deployment {ref} has no ReplicaSet for its template yet")
        if running is not None and running != workload.current.number:
            raise Conflict(f"{ref} runs {workload.current} by now, and not revision {running}: look again")
        with self._deputies.of(who) as hands:
            if images:
                choice = pick_images(self._cluster, workload, images)
                done = hands.actuator.set_images(ref, workload.uid, choice.changes)
            else:
                cases = self._store.of(ref)
                goal, _ = pick(workload, cases, revision, unproven=unproven)
                done = hands.actuator.undo(ref, workload.uid, judged=workload.current, target=goal)
        if done.outcome is not EffectOutcome.DONE:
            raise Conflict(done.detail)
        return done.detail

    def pause(self, ref: WorkloadRef, value: str | None, who: Identity) -> str:
        """Leave acts on a workload to people, for good or until a time; ``None`` ends that."""
        if value is not None:
            try:
                paused_until(value)
            except ValueError as error:
                raise Rejected(f"{value[:60]!r} does not say until when: {FORMS}") from error
        self._guarded(ref)
        with self._deputies.of(who) as hands:
            hands.pauses.pause(ref, value)
        state = "not paused" if value is None else f"paused ({value})"
        return f"Deployment {ref} is {state} for the daemon"

    def _guarded(self, ref: WorkloadRef) -> Workload:
        workload = self._cluster.workload(ref)
        if workload is None:
            raise Missing(f"Deployment {ref} is not guarded here, or does not exist")
        return workload
