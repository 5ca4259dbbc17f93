"""One case at a time: look, decide, write down, act, write down.

Of one workload everything here is called by one thread at a time, so a case is never advanced twice at once;
several workloads may be looked at together. What cannot be done now raises nothing: the workload is asked for
again after a pause that grows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from daemon.core.case import rollback_target as target
from daemon.core.case.case import Case, Phase, Status
from daemon.core.case.edits import change
from daemon.core.case.events import Alerted, Event, Instructed, Observed
from daemon.core.case.keeping import outlived
from daemon.core.case.lifecycle import advance
from daemon.core.case.resting import told_by
from daemon.core.model import Alert, Workload, WorkloadRef
from daemon.core.policy import Policy
from daemon.engine.admission import admit
from daemon.engine.attention import Attention
from daemon.engine.between_rollouts import BetweenRollouts
from daemon.engine.case_opening import opening, refuse_unopened
from daemon.engine.configuration import ConfigurationLook
from daemon.engine.configuration_changes import ChangeWatch
from daemon.engine.configuration_contents import ContentLook
from daemon.engine.database_version import VersionLook
from daemon.engine.effects import Effects
from daemon.engine.evidence_store import EvidenceStore
from daemon.engine.journal import Journal
from daemon.engine.leading import Leadership, LedCases, leads
from daemon.engine.log_reading import LogReading
from daemon.engine.observer import Observer
from daemon.engine.owners import OwnerLook
from daemon.engine.saving import Saving, left_to_do
from daemon.ports import CaseStore, Clock, Cluster, Conflict, Missing, Rejected

Policies = Callable[[WorkloadRef, Workload | None], Policy]
MOST_STEPS = 12
"""No chain of transitions on one observation is longer than the number of phases."""


class Reconciler:
    """Brings every case of a workload as far as the world allows."""

    def __init__(
        self,
        *,
        cluster: Cluster,
        store: CaseStore,
        room: EvidenceStore,
        observer: Observer,
        configuration: ConfigurationLook,
        logs: LogReading,
        contents: ContentLook,
        changes: ChangeWatch,
        owners: OwnerLook,
        effects: Effects,
        clock: Clock,
        policies: Policies,
        journal: Journal,
        versions: VersionLook,
        attended: Callable[[], None],
        leadership: Leadership,
    ) -> None:
        self._cluster = cluster
        self._store = LedCases(store, leadership)
        self._leadership = leadership
        self._room = room
        self._observer = observer
        self._configuration = configuration
        self._logs = logs
        self._contents = contents
        self._changes = changes
        self._owners = owners
        self._effects = effects
        self._clock = clock
        self._policies = policies
        self._journal = journal
        self._versions = versions
        self._attended = attended
        self._between = BetweenRollouts(clock, versions, self._apply, self._act)
        self._attention = Attention(clock)
        self._saving = Saving(clock, effects.telling)
        self._refused: dict[WorkloadRef, Mapping[str, str]] = {}
        """Cases that are not acted upon, by key → why. Replaced as a whole, for other threads read it."""

    def reconcile(self, ref: WorkloadRef) -> None:
        """Raises PortError when something has to be asked again; whatever was done until then is stored."""
        workload = self._cluster.workload(ref)
        policy = self._policies(ref, workload)
        if workload is not None and self._rests(workload, policy):
            return
        cases = self._admitted(ref, workload)
        if workload is not None:
            made = self._open(workload, cases) or self._open_in_place(workload, cases)
            cases = cases if made is None else [*cases, made]
        elif not self._cluster.fresh():
            # What a silent watch does not show may not have been shown yet.
            return
        for case in cases:
            self._obey(case, workload, cases, policy)
        for case in self._own(ref):
            if case.unfinished:
                self._carry(case, workload, policy)
        if workload is not None:
            self._between.remember_version(workload, self._own(ref), policy)
        self._between.look(ref, workload, self._own(ref), policy)
        self._prune(self._own(ref), policy)

    def alert(self, ref: WorkloadRef, alerts: Sequence[Alert]) -> bool:
        """Record a delivery's alerts on the case of what runs now, durably and at once.

        A rollout that has no case yet gets one: it must not miss what fires in its first seconds. Returns
        whether there was a case. Raises PortError when they could not be stored.
        """
        workload = self._cluster.workload(ref)
        if workload is None:
            return False
        cases = self._own(ref)
        if not leads(self._leadership):
            refuse_unopened(self._cluster, workload, cases, self._clock.now())
        case = self._open(workload, cases) or target.newest(workload, cases)
        if case is None:
            return False
        self._apply(case, Alerted(alerts=tuple(alerts)), self._policies(ref, workload))
        return True

    # ------------------------------------------------------------ steps

    def _rests(self, workload: Workload, policy: Policy) -> bool:
        """Look at a workload for which nothing is left to do; whether that was all there is to look at."""
        told = told_by(workload, self._store.outlines(workload.ref), policy.keep)
        if told is None:
            return False
        cases = [one.whole() for one in told]
        if self._open_in_place(workload, cases) or self._between.remember_version(workload, cases, policy):
            return False
        self._refused.pop(workload.ref, None)
        self._between.look(workload.ref, workload, cases, policy)
        return True

    def _own(self, ref: WorkloadRef) -> list[Case]:
        return [case for case in self._store.of(ref) if self.admits(case)]

    def _admitted(self, ref: WorkloadRef, workload: Workload | None) -> list[Case]:
        """The cases that may be acted upon, those left half written completed first."""
        found = sorted(self._store.of(ref), key=lambda case: case.status == Status())
        admitted: list[Case] = []
        refused: dict[str, str] = {}
        for case in found:
            answer = admit(self._cluster, workload, case, admitted, self._clock.now())
            if answer.replaced:
                self._journal.trouble(f"case {case.key} is replaced by the daemon's own: {answer.problem}")
                self._store.delete(case)
            elif answer.case is None:
                refused[case.key] = answer.problem
            elif answer.case.status != case.status:
                admitted.append(self._save(case, self._configured(answer.case, workload)))
            else:
                admitted.append(case)
        self._refused[ref] = refused
        return admitted

    def problems(self) -> Mapping[str, str]:
        """Case → why it is not acted upon, and what to do."""
        found = [refused for refused in tuple(self._refused.values()) if refused]
        return {f"case {key}": why for refused in found for key, why in refused.items()}

    def _open(self, workload: Workload, cases: Sequence[Case]) -> Case | None:
        case = opening(self._cluster, workload, cases, self._clock.now())
        if case is None:
            return None
        policy = self._policies(case.ref, workload)
        # What the pods logged that its revision is about to replace.
        case = change(case, logs_before=self._logs.before(workload, case.spec.revision, policy))
        return self._create(case, workload)

    def _open_in_place(self, workload: Workload, cases: Sequence[Case]) -> Case | None:
        """The case of configuration that was changed with no rollout."""
        case = self._changes.opening(workload, cases, self._policies(workload.ref, workload))
        if case is None:
            return None
        try:
            return self._create(case, workload)
        except Rejected as error:
            # A schema that is older than the daemon must not keep it from the workload's other cases.
            self._changes.unrecorded(case, str(error))
            return None

    def _create(self, case: Case, workload: Workload) -> Case | None:
        """The case as it is stored; ``None`` where one of its name is there already."""
        try:
            stored = self._store.create(self._configured(case, workload))
        except Conflict:
            return None
        self._saving.saved(stored)
        self._journal.opened(stored)
        return stored

    def _configured(self, case: Case, workload: Workload | None) -> Case:
        """A case at its opening, with the configuration that its revision began with, and its owners."""
        if workload is not None:
            case = change(case, ownership=self._owners.at(workload))
        policy = self._policies(case.ref, workload)
        case = change(case, configuration=self._configuration.at(case.ref, case.spec.revision))
        return self._contents.opened(case, workload, policy, self._own(case.ref))

    def _obey(self, case: Case, workload: Workload | None, cases: Sequence[Case], policy: Policy) -> None:
        order = case.spec.instruction
        if order is not None and order != case.status.last_instruction:
            choice = target.asked_for(order, workload, case.spec.revision, cases)
            known = self._versions.recorded(choice.revision if choice is not None else None, cases, policy)
            vouched = self._store.vouched(case)
            asked = Instructed(
                instruction=order, choice=choice, recorded=known, workload=workload, vouched=vouched
            )
            self._apply(case, asked, policy)

    def _carry(self, case: Case, workload: Workload | None, policy: Policy) -> None:
        if not self._store.own(case):
            case = self._save(case, case)
        cases, elapsed = self._own(case.ref), self._attention.look(case.key)
        if case.active and self._room.attend(case, policy, cases):
            self._attended()
        for _ in range(MOST_STEPS):
            before = case
            seen = self._observer.observe(
                case, workload, cases, policy, now=self._clock.now(), elapsed=elapsed
            )
            elapsed = 0.0
            case = self._act(self._apply(case, seen, policy), policy)
            if left_to_do(case) == left_to_do(before):
                return

    def _act(self, case: Case, policy: Policy) -> Case:
        """Carry out what is intended; each step's outcome is stored before the next one begins."""
        for effect in case.pending:
            result = self._effects.perform(case, effect, policy)
            if result is not None:
                case = self._apply(case, result, policy)
        return case

    def _apply(self, case: Case, event: Event, policy: Policy) -> Case:
        after = advance(case, event, policy, self._clock.now())
        told = self._effects.told(after)
        for one in told:
            after = advance(after, one.result, policy, one.at)
        if after.phase is Phase.HEALTHY and case.phase is not Phase.HEALTHY:
            after = self._contents.healthy(after, policy, self._clock.now())
        after = self._room.taught(case, after)
        if not self._saving.worthwhile(case, after):
            return after
        stored = self._save(case, after, record=isinstance(event, Alerted))
        self._effects.stored(told)
        if isinstance(event, Observed) or stored.phase is not case.phase:
            self._attention.stored(stored.key)
        return stored

    def _save(self, before: Case, after: Case, *, record: bool = False) -> Case:
        try:
            stored = self._store.record(after) if record else self._store.save(after)
        except Missing:
            # Deleted by hand: this look ends, so that no act rests on a case that is gone. The next look
            # opens the rollout again, unless another case covers what runs now.
            self._journal.lost(before)
            raise
        self._saving.saved(stored)
        if not stored.active:
            self._attention.forget(stored.key)
            self._observer.forget(stored.key)
        self._journal.changed(before, stored)
        return stored

    def _prune(self, cases: Sequence[Case], policy: Policy) -> None:
        for case in outlived(cases, policy.keep, self._clock.now()):
            self._contents.forget(case, cases)
            self._store.delete(case)

    def admits(self, case: Case) -> bool:
        """Whether it may be acted upon, by the last look."""
        return case.genuine and case.key not in self._refused.get(case.ref, {})
