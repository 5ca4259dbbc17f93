"""Whose memory a workload's case is worked on with: a desk for each shard and term."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from daemon.core.case import alerts as alert_matching
from daemon.core.case.case import Case, Phase
from daemon.core.model import Alert, Episode, WorkloadRef
from daemon.engine.evidence_store import EvidenceStore
from daemon.engine.leading import Division, Leadership, Termed, leads
from daemon.engine.reconciler import Policies, Reconciler
from daemon.engine.surroundings_cache import SurroundingsCache
from daemon.engine.views import Troubles
from daemon.ports import CaseStore, Cluster, PortError

AT_WORK = frozenset({Phase.FAILING, Phase.ROLLING_BACK, Phase.VERIFYING})
"""Phases in which a case stays with whoever began."""


class Desk:
    """All that is remembered of the cases of one shard in one term, beside the cases themselves.

    What an earlier term left in memory is not relied on: another replica may have acted since. So a desk acts
    in its own term alone, and the next term has another one, which begins as a daemon does that was started.
    """

    def __init__(self, reconciler: Reconciler, leadership: Termed, troubles: Sequence[Troubles]) -> None:
        self.reconciler = reconciler
        self.term = leadership.term
        self.retired = False
        """Whether its shard was given back."""
        self._leadership = leadership
        self._troubles = troubles
        self._turn = threading.Condition()
        self._inside = 0
        self._closed = False

    @property
    def leads(self) -> bool:
        return leads(self._leadership)

    def reconcile(self, ref: WorkloadRef) -> None:
        """Raises PortError."""
        with self._turn:
            closed = self._closed
            self._inside += not closed
        if closed:
            return
        with self._leaving():
            if self.leads:
                self.reconciler.reconcile(ref)

    def alert(self, ref: WorkloadRef, alerts: Sequence[Alert]) -> bool:
        """Raises PortError."""
        with self._turn:
            self._inside += 1
        with self._leaving():
            return self.reconciler.alert(ref, alerts)

    def close(self, timeout: float) -> bool:
        """Begin nothing any more; whether nothing is under way after at most ``timeout`` seconds."""
        with self._turn:
            self._closed = True
            return self._turn.wait_for(lambda: self._inside == 0, timeout)

    def reopen(self) -> None:
        with self._turn:
            self._closed = False

    def problems(self) -> Mapping[str, str]:
        return {subject: text for source in self._troubles for subject, text in source().items()}

    @contextmanager
    def _leaving(self) -> Iterator[None]:
        try:
            yield
        finally:
            with self._turn:
                self._inside -= 1
                self._turn.notify_all()


class Desks:
    """The desk of each shard's present term, made when it is first asked for."""

    def __init__(
        self,
        division: Division,
        make: Callable[[Termed], Desk],
        *,
        store: CaseStore,
        cluster: Cluster,
        policies: Policies,
        room: EvidenceStore,
        around: SurroundingsCache,
    ) -> None:
        self._division = division
        self._make = make
        self._store = store
        self._cluster = cluster
        self._policies = policies
        self._room = room
        self._around = around
        self._lock = threading.Lock()
        self._desks = [self._anew(leadership) for leadership in division.shards]

    def of(self, shard: int) -> Desk:
        leadership = self._division.shards[shard]
        with self._lock:
            desk = self._desks[shard]
            if desk.retired or desk.term != leadership.term:
                desk = self._desks[shard] = self._anew(leadership)
            return desk

    @property
    def acting(self) -> bool:
        """Whether this replica acts for any shard."""
        return bool(self._division.held)

    def reconcile(self, ref: WorkloadRef) -> None:
        """Does nothing for a shard of another replica. Raises PortError."""
        self._at(ref).reconcile(ref)

    def alert(self, ref: WorkloadRef, alerts: Sequence[Alert]) -> bool:
        """See :meth:`Reconciler.alert`; whoever has the shard. Raises PortError."""
        return self._at(ref).alert(ref, alerts)

    def episodes(self) -> Mapping[Episode, WorkloadRef]:
        """The episodes of alerts that the newest cases have, with their workloads. Raises PortError."""
        # Of a large fleet's cases few have any: only of these workloads it is asked which is the newest.
        noted = {one.ref for one in self._store.outlines() if one.alerted}
        return alert_matching.episodes(case for ref in noted for case in self._store.of(ref))

    def active(self) -> Sequence[Case]:
        """Cases with work left, of all shards that this replica acts for. Raises PortError."""
        found = [(self._at(case.ref), case) for case in self._store.unfinished()]
        return [case for desk, case in found if desk.leads and desk.reconciler.admits(case)]

    def attend_others(self) -> Sequence[str]:
        """Gather the evidence of cases under watch that other replicas act for; their keys.

        A failure that begins together with theirs is not attributed to one release, whoever judges it. Raises
        PortError.
        """
        if len(self._division.shards) == 1:
            return ()
        open_ones = [case for case in self._store.unfinished() if case.active and case.genuine]
        others = [case for case in open_ones if not self._at(case.ref).leads]
        for case in others:
            try:
                policy = self._policies(case.ref, self._cluster.workload(case.ref))
            except PortError:
                # Its namespace cannot be read now, which must not keep the others from being judged.
                continue
            self._room.attend(case, policy, self._store.of(case.ref))
            self._around.attend(case, policy)
        return [case.key for case in others]

    def quiet(self, shard: int) -> bool:
        """Whether nothing is being done about any case of a shard. Raises PortError."""
        own = [case for case in self._store.unfinished() if self._division.of(case.namespace) == shard]
        return not any(case.pending or case.phase in AT_WORK for case in own)

    def problems(self) -> Mapping[str, str]:
        found = [self.of(shard).problems() for shard in range(len(self._division.shards))]
        return {subject: text for one in found for subject, text in one.items()}

    def _at(self, ref: WorkloadRef) -> Desk:
        return self.of(self._division.of(ref.namespace))

    def _anew(self, leadership: Leadership) -> Desk:
        return self._make(Termed(leadership, leadership.term))
