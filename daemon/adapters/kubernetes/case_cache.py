"""The newest known state of each case, known from a watch and from our own writes in any order."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping

from daemon.core.case.case import Case
from daemon.core.case.outline import Outline, outline
from daemon.core.model import WorkloadRef

AT_HAND = 32
"""Workloads whose cases stay decoded: those that are under watch are looked at again and again."""


class CaseCache:
    """Thread-safe, keyed by UID. An older state never replaces a newer one. Finished ones are kept packed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Outline] = {}
        self._of: dict[WorkloadRef, dict[str, Outline]] = {}
        """The same by workload: each is looked at alone, many times a minute."""
        self._unfinished: dict[str, Outline] = {}
        self._at_hand: OrderedDict[WorkloadRef, dict[str, tuple[Outline, Case]]] = OrderedDict()
        self._unreadable: dict[str, tuple[str, str]] = {}
        self._deleted: set[str] = set()
        """What we deleted and the watch has not reported as deleted yet."""

    def outlines(self, ref: WorkloadRef | None = None) -> tuple[Outline, ...]:
        """Of all, or of one workload's."""
        with self._lock:
            return tuple((self._known if ref is None else self._of.get(ref, {})).values())

    def of(self, ref: WorkloadRef) -> tuple[Case, ...]:
        with self._lock:
            outlines = self._of.get(ref, {}).copy()
            before = self._at_hand.get(ref, {})
        cases = {uid: (one, _decoded(one, before.get(uid))) for uid, one in outlines.items()}
        with self._lock:
            self._at_hand[ref] = cases
            self._at_hand.move_to_end(ref)
            while len(self._at_hand) > AT_HAND:
                self._at_hand.popitem(last=False)
        return tuple(case for _, case in cases.values())

    def unfinished(self) -> tuple[Outline, ...]:
        with self._lock:
            return tuple(self._unfinished.values())

    def unreadable(self) -> Mapping[str, str]:
        with self._lock:
            return dict(self._unreadable.values())

    def put(self, case: Case) -> WorkloadRef | None:
        """The workload that is to be looked at: of a case not known before, or of a spec that was changed.

        The status is written by the daemon alone, which need not be woken by its own writes.
        """
        with self._lock:
            if case.uid in self._deleted:
                return None
            known = self._known.get(case.uid)
            if known is not None and not _newer(case.resource_version, known.resource_version):
                return None
            self._unreadable.pop(case.uid, None)
            self._keep(outline(case, packed=not case.unfinished))
            return case.ref if known is None or known.whole().spec != case.spec else None

    def put_unreadable(self, uid: str, key: str, problem: str) -> WorkloadRef | None:
        """The workload that the case was of, while it could be read."""
        with self._lock:
            self._unreadable[uid] = (key, problem)
            return self._drop(uid)

    def gone(self, uid: str) -> WorkloadRef | None:
        """The workload that the case was of, where its deletion is news."""
        with self._lock:
            self._deleted.discard(uid)
            self._unreadable.pop(uid, None)
            return self._drop(uid)

    def deleted_by_us(self, uid: str) -> None:
        with self._lock:
            if self._drop(uid) is not None:
                self._deleted.add(uid)

    def _keep(self, one: Outline) -> None:
        known = self._known.get(one.uid)
        if known is not None and known.ref != one.ref:
            self._drop(one.uid)
        self._known[one.uid] = one
        self._of.setdefault(one.ref, {})[one.uid] = one
        if one.unfinished:
            self._unfinished[one.uid] = one
        else:
            self._unfinished.pop(one.uid, None)

    def _drop(self, uid: str) -> WorkloadRef | None:
        known = self._known.pop(uid, None)
        if known is None:
            return None
        self._unfinished.pop(uid, None)
        of = self._of[known.ref]
        del of[uid]
        if not of:
            del self._of[known.ref]
        return known.ref


def _decoded(one: Outline, known: tuple[Outline, Case] | None) -> Case:
    return known[1] if known is not None and known[0] is one else one.whole()


def _newer(version: str, known: str) -> bool:
    """Versions of one object are compared as numbers, which Kubernetes guarantees since 1.35 and etcd always
    did; should they ever be something else, what comes later is newer."""
    if version.isdigit() and known.isdigit():
        return int(version) > int(known)
    return version != known
