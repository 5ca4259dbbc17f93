"""One case at a time: look, decide, write down, act, write down.

Everything here is called by one thread, so a case is never advanced twice at once. What cannot be done now
raises nothing: the workload is asked for again after a pause that grows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from daemon.core import target
from daemon.core.case import Case, Phase
from daemon.core.changes import change
from daemon.core.events import Alerted, Event, Instructed, Troubled
from daemon.core.lifecycle import advance
from daemon.core.model import Alert, Policy, Workload, WorkloadRef
from daemon.engine.configuration import ConfigurationLook
from daemon.engine.effects import Effects
from daemon.engine.evidence import EvidenceRoom
from daemon.engine.observer import DAY, Observer
from daemon.engine.openings import opening
from daemon.engine.standing import StandingWatch
from daemon.engine.telling import Journal
from daemon.ports import CaseStore, Clock, Cluster, Conflict, Missing

Policies = Callable[[WorkloadRef, Workload | None], Policy]
SAVE_EVERY = timedelta(seconds=15)
"""How often numbers alone are written; changes of meaning are written at once."""
STANDING = frozenset({Phase.HEALTHY, Phase.ROLLED_BACK, Phase.SUPERSEDED})
"""Phases in which a workload counts as well; in the other last ones a person has been called already."""
MOST_STEPS = 12
"""No chain of transitions on one observation is longer than the number of phases."""


class Reconciler:
    """Brings every case of a workload as far as the world allows."""

    def __init__(
        self,
        *,
        cluster: Cluster,
        store: CaseStore,
        room: EvidenceRoom,
        observer: Observer,
        configuration: ConfigurationLook,
        effects: Effects,
        clock: Clock,
        policies: Policies,
        journal: Journal,
        attended: Callable[[], None],
    ) -> None:
        self._cluster = cluster
        self._store = store
        self._room = room
        self._observer = observer
        self._configuration = configuration
        self._effects = effects
        self._clock = clock
        self._policies = policies
        self._journal = journal
        self._attended = attended
        self._standing = StandingWatch(clock)
        self._saved_at: dict[str, datetime] = {}

    def reconcile(self, ref: WorkloadRef) -> None:
        """Raises PortError when something has to be asked again; whatever was done until then is stored."""
        workload = self._cluster.workload(ref)
        cases = self._own(ref)
        if workload is not None:
            made = self._open(workload, cases)
            cases = cases if made is None else [*cases, made]
        policy = self._policies(ref, workload)
        for case in cases:
            self._obey(case, policy)
        for case in self._own(ref):
            if case.active or case.pending:
                self._carry(case, workload, policy)
        self._stand(ref, workload, policy)
        self._prune(self._own(ref), policy)

    def alert(self, ref: WorkloadRef, alert: Alert) -> bool:
        """Record an alert on the workload's newest case, durably. Tells whether there was one.

        Raises PortError when it could not be stored.
        """
        workload = self._cluster.workload(ref)
        if workload is None:
            return False
        case = target.newest(workload, self._own(ref))
        if case is None:
            return False
        self._apply(case, Alerted(alert=alert), self._policies(ref, workload))
        return True

    # ------------------------------------------------------------ steps

    def _own(self, ref: WorkloadRef) -> list[Case]:
        return [case for case in self._store.cases() if case.ref == ref]

    def _open(self, workload: Workload, cases: Sequence[Case]) -> Case | None:
        case = opening(self._cluster, workload, cases, self._clock.now())
        if case is None:
            return None
        seen = self._configuration.at(workload.ref, case.spec.revision)
        try:
            stored = self._store.create(change(case, configuration=seen))
        except Conflict:
            return None
        self._journal.opened(stored)
        return stored

    def _obey(self, case: Case, policy: Policy) -> None:
        order = case.spec.instruction
        if order is not None and order != case.status.obeyed:
            self._apply(case, Instructed(instruction=order), policy)

    def _carry(self, case: Case, workload: Workload | None, policy: Policy) -> None:
        if case.active:
            self._attend(case, policy)
        cases = self._own(case.ref)
        for _ in range(MOST_STEPS):
            before = case
            seen = self._observer.observe(case, workload, cases, policy, self._clock.now())
            case = self._act(self._apply(case, seen, policy), policy)
            if case.phase is before.phase and case.pending == before.pending:
                return

    def _stand(self, ref: WorkloadRef, workload: Workload | None, policy: Policy) -> None:
        """Between rollouts: what befalls the pods is written down on the newest case."""
        own = self._own(ref)
        newest = target.newest(workload, own) if workload is not None else None
        for case in own:
            if case.status.trouble is not None and case is not newest:
                # Another rollout, or nothing, is what is to be said of the workload now.
                self._act(self._apply(case, Troubled(text=""), policy), policy)
        if workload is None or newest is None or newest.phase not in STANDING:
            self._standing.forget(ref)
            return
        event = self._standing.look(workload, newest)
        if event is not None:
            self._act(self._apply(newest, event, policy), policy)

    def _attend(self, case: Case, policy: Policy) -> None:
        if self._room.attend(case, policy):
            self._attended()

    def _act(self, case: Case, policy: Policy) -> Case:
        """Carry out what is intended; each outcome is stored before the next effect begins."""
        for effect in case.pending:
            result = self._effects.perform(case, effect, policy)
            if result is not None:
                case = self._apply(case, result, policy)
        return case

    def _apply(self, case: Case, event: Event, policy: Policy) -> Case:
        after = advance(case, event, policy, self._clock.now())
        return self._save(case, after) if self._worth_saving(case, after) else after

    def _save(self, before: Case, after: Case) -> Case:
        try:
            stored = self._store.save(after)
        except Missing:
            # Deleted by hand: this look ends, so that no act rests on a case that is gone. The next look
            # opens the rollout again, unless another case covers what runs now.
            self._journal.lost(before)
            raise
        if stored.active:
            self._saved_at[stored.key] = self._clock.now()
        else:
            self._saved_at.pop(stored.key, None)
        self._journal.changed(before, stored)
        return stored

    def _worth_saving(self, before: Case, after: Case) -> bool:
        if before == after:
            return False
        old, new = before.status, after.status
        # What befell a pod is not seen again: a spell that is forgotten would join the next one.
        if (old.phase, old.verdict, old.effects, old.timeline, old.alerts, old.pods) != (
            new.phase,
            new.verdict,
            new.effects,
            new.timeline,
            new.alerts,
            new.pods,
        ):
            return True
        last = self._saved_at.get(after.key)
        return last is None or self._clock.now() - last >= SAVE_EVERY

    def _prune(self, cases: Sequence[Case], policy: Policy) -> None:
        """Delete the oldest finished cases beyond the policy's number, never the newest proven one."""
        finished = sorted(
            (case for case in cases if not case.active and not case.pending),
            key=lambda case: case.spec.opened_at,
        )
        healthy = [case for case in finished if case.phase is Phase.HEALTHY]
        proven = [case for case in healthy if case.status.proven]
        kept = {case.name for case in (*healthy[-1:], *proven[-1:])}
        lately = self._clock.now() - DAY
        for case in finished[: max(0, len(finished) - policy.keep)]:
            patched = case.status.patched_at
            # The rollbacks of a day are counted from their cases.
            if case.name not in kept and (patched is None or patched < lately):
                self._store.delete(case)

    def active(self) -> Sequence[Case]:
        """Cases with work left, over all workloads. Raises PortError."""
        return [case for case in self._store.cases() if case.active or case.pending]
