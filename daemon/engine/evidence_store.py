"""The evidence of every case under watch: what was scraped since its rollout began, and before.

Filled by the poll, read by the reconciler. Nothing here is precious: after a restart it is read anew from
the metrics server's history, through the same fold.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

import msgspec

from daemon.core.case.case import Case
from daemon.core.judge.detection import SignalView
from daemon.core.judge.recovery import FreshView
from daemon.core.judge.verdict import alpha_of
from daemon.core.model import Revision, Workload
from daemon.core.policy import Policy, SignalPolicy
from daemon.core.rollout_facts.fleet_samples import FleetSamples
from daemon.core.rollout_facts.pod_owner import PodOwners
from daemon.core.rollout_facts.watch_rules import (
    Roles,
    ambiguous,
    made_since,
    starts_at_zero,
    state_from,
    unscraped,
    unusable,
)
from daemon.core.signals.counters import Book, observe
from daemon.core.signals.sample import Reading, Sample
from daemon.core.signals.state import Births, Side, SignalState, update
from daemon.engine import in_place_evidence
from daemon.ports import Clock, Metrics, PortError

TOLERATED_SKEW = 2.0
"""Seconds by which the metrics server's clock may differ from ours before it is allowed for: the answer's
time of travel looks like a difference, too."""


class Watch(msgspec.Struct, kw_only=True):
    """One case's evidence. Mutable, and only touched under the room's lock."""

    case: Case
    policy: Policy
    states: dict[str, SignalState]
    fresh: dict[str, Book]
    """Per signal what was scraped since the rollback's patch."""
    problems: dict[str, str]
    taken_at: float = 0.0
    polled_at: float | None = None
    """When the signals were last asked for (monotonic), whatever the answer."""
    skew: float = 0.0
    """Seconds that the metrics server's clock is ahead of ours."""


class _Asking(NamedTuple):
    """A watch that is judged by the signal that is being read."""

    watch: Watch
    workload: Workload
    signal: SignalPolicy


class EvidenceStore:
    """Holds a :class:`Watch` for each active case."""

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock
        self._lock = threading.Lock()
        self._watches: dict[str, Watch] = {}
        self._last: dict[str, str] = {}

    # ------------------------------------------------------------ the reconciler's side

    def attend(self, case: Case, policy: Policy) -> bool:
        """Gather evidence for a case from now on; tells whether it is new here."""
        key = case.key
        with self._lock:
            watch = self._watches.get(key)
            if watch is None:
                self._watches[key] = Watch(case=case, policy=policy, states={}, fresh={}, problems={})
                return True
            watch.case, watch.policy = case, policy
            return False

    def keep_only(self, keys: Iterable[str]) -> None:
        """Drop the evidence of every other case."""
        wanted = set(keys)
        with self._lock:
            self._watches = {key: watch for key, watch in self._watches.items() if key in wanted}

    def views(self, case: Case, workload: Workload) -> Mapping[str, SignalView]:
        """What the judge looks at."""
        with self._lock:
            watch = self._watches.get(case.key)
            if watch is None:
                return {}
            return {s.name: _view(watch, s.name, workload) for s in watch.policy.signals}

    def fresh_views(self, case: Case, workload: Workload) -> Mapping[str, FreshView]:
        """What the verification looks at: the target's pods since the patch."""
        with self._lock:
            watch = self._watches.get(case.key)
            if watch is None:
                return {}
            return {s.name: _fresh_view(watch, s.name, workload) for s in watch.policy.signals}

    def polled_ago(self, case: Case) -> float | None:
        """Seconds since the case's signals were asked for, by answers that could be used or could not;
        ``None`` while they were not. A case without signals has nothing to ask for."""
        with self._lock:
            watch = self._watches.get(case.key)
            if watch is None:
                return None
            if not watch.policy.signals:
                return 0.0
            return None if watch.polled_at is None else self._clock.monotonic() - watch.polled_at

    def last(self) -> Mapping[str, str]:
        """Signal → why its last reading could not be used, empty where it could."""
        with self._lock:
            return dict(self._last)

    # ------------------------------------------------------------ the poll's side

    def poll(self, find: Callable[[Case], Workload | None]) -> None:
        """Read every signal once for the whole fleet, and the history of cases that still lack it."""
        with self._lock:
            watches = list(self._watches.values())
            if not watches:
                # What nobody asks for is neither readable nor unreadable.
                self._last = dict.fromkeys(self._last, "")
        began = self._clock.monotonic()
        signals = dict.fromkeys(signal.name for watch in watches for signal in watch.policy.signals)
        for name in signals:
            reading = self._metrics.read(name)
            skew = reading.taken_at - self._clock.now().timestamp()
            with self._lock:
                self._last[name] = reading.problem
            asking = [found for watch in watches if (found := _asking(watch, name, find)) is not None]
            for one in asking:
                one.watch.skew = skew if abs(skew) > TOLERATED_SKEW and not reading.problem else 0.0
            past = self._past(name, [one.watch for one in asking if name not in one.watch.states], reading)
            present = FleetSamples(reading.samples)
            for one in asking:
                self._feed(one, reading, present, past)
                one.watch.polled_at = began

    def _past(self, name: str, new: Sequence[Watch], reading: Reading) -> FleetSamples | str:
        """The time before the rollouts of cases that lack it, read once for all of them; or why it could
        not be read."""
        if reading.problem or not new:
            return FleetSamples(())
        skew = timedelta(seconds=new[0].skew)
        start = min(_past_from(watch) for watch in new) + skew
        try:
            return FleetSamples(self._metrics.history(name, start, self._clock.now() + skew))
        except PortError as error:
            return f"the time before the rollout could not be read: {error}"

    def _feed(self, one: _Asking, reading: Reading, present: FleetSamples, past: FleetSamples | str) -> None:
        watch, workload, name = one.watch, one.workload, one.signal.name
        new = name not in watch.states
        problem = reading.problem or (past if new and isinstance(past, str) else "")
        with self._lock:
            owners, namespace = _owners(watch, workload), workload.ref.namespace
            if new and not problem and isinstance(past, FleetSamples):
                _begin(watch, workload, owners, one.signal, past.of(namespace, owners))
            watch.problems[name] = problem or _pod_problem(watch, owners, reading)
            if not problem:
                watch.taken_at = reading.taken_at
                _continue(watch, workload, owners, name, present.of(namespace, owners))


def _owners(watch: Watch, workload: Workload) -> PodOwners:
    spec = watch.case.spec
    return PodOwners(workload, spec.revision, spec.baseline, watch.case.status.target)


def _asking(watch: Watch, name: str, find: Callable[[Case], Workload | None]) -> _Asking | None:
    signal = next((signal for signal in watch.policy.signals if signal.name == name), None)
    workload = find(watch.case) if signal is not None else None
    if signal is None or workload is None:
        return None
    return _Asking(watch=watch, workload=workload, signal=signal)


def _past_from(watch: Watch) -> datetime:
    """The beginning of the time to compare with, by our clock."""
    return watch.case.spec.started_at - timedelta(seconds=watch.policy.baseline_window)


def _pod_problem(watch: Watch, owners: PodOwners, reading: Reading) -> str:
    return ambiguous(reading.problems, partial(owners.made, _served(watch)))


def _served(watch: Watch) -> Revision:
    """The revision whose pods matter now: the target after the patch, the judged one before."""
    status = watch.case.status
    return status.target if status.patched_at and status.target else watch.case.spec.revision


def _begin(
    watch: Watch, workload: Workload, owners: PodOwners, signal: SignalPolicy, history: list[Sample]
) -> None:
    """Split the history at the rollout's start: the baseline before it, the evidence after it."""
    spec, policy = watch.case.spec, watch.policy
    start = spec.started_at.timestamp() + watch.skew
    born, side = _births(workload, owners, spec.revision, spec.started_at), _sides(watch, workload, owners)
    before = in_place_evidence.beforehand(watch.case, workload, owners)
    watch.states[signal.name] = state_from(
        signal, alpha_of(policy), start, policy.baseline_window, history, born, side, before
    )
    watch.fresh[signal.name] = Book()
    _refresh(watch, workload, owners, signal.name, history)


def _sides(watch: Watch, workload: Workload, owners: PodOwners) -> Callable[[str], Side]:
    """Whose pods are whose."""
    spec = watch.case.spec
    if spec.in_place:
        return in_place_evidence.sides(watch.case, workload, partial(owners.made, spec.revision))
    before = spec.baseline.replica_set_uid if spec.baseline is not None else ""
    roles = Roles(judged=spec.revision.replica_set_uid, baseline=before)
    return lambda pod: roles.side(owners.of(pod))


def _continue(watch: Watch, workload: Workload, owners: PodOwners, name: str, samples: list[Sample]) -> None:
    spec = watch.case.spec
    born = _births(workload, owners, spec.revision, spec.started_at)
    watch.states[name] = update(watch.states[name], samples, born, _sides(watch, workload, owners))
    _refresh(watch, workload, owners, name, samples)


def _refresh(watch: Watch, workload: Workload, owners: PodOwners, name: str, samples: list[Sample]) -> None:
    """Count what was scraped since the patch, if there was one."""
    patched = watch.case.status.patched_at
    if patched is None:
        return
    # The patch was made by our clock, the scrapes by the metrics server's.
    edge = patched.timestamp() + watch.skew
    fresh = [sample for sample in samples if sample.at > edge]
    born = _births(workload, owners, None, patched)
    watch.fresh[name] = observe(watch.fresh[name], fresh, starts_at_zero=born)


def _births(workload: Workload, owners: PodOwners, made: Revision | None, since: datetime) -> Births:
    """Whether a pod's counters began at zero after ``since``, where the cluster's objects tell, or else the
    ReplicaSet that was ``made`` for the rollout."""
    known = {pod.name: pod.created_at.timestamp() for pod in (*workload.finished, *workload.pods)}
    began = since.timestamp()
    new_set = made is not None and made_since(made.created_at.timestamp(), began)

    def rule(pod: str) -> bool:
        of_new_set = new_set and made is not None and owners.made(made, pod)
        return starts_at_zero(known.get(pod), began, of_new_set=of_new_set)

    return rule


def _view(watch: Watch, name: str, workload: Workload) -> SignalView:
    problem = watch.problems.get(name, "the metrics were not polled yet")
    state = watch.states.get(name)
    if state is None:
        return SignalView(problem=problem)
    return SignalView(state=state, problem=problem or _unusable(watch, state.book, workload))


def _unusable(watch: Watch, book: Book, workload: Workload) -> str:
    judged = watch.case.spec.revision
    names = ", ".join(pod.name for pod in workload.pods_of(judged)) or f"{judged}, which has none"
    return unusable(
        book,
        partial(_owners(watch, workload).made, judged),
        watch.taken_at,
        watch.policy.stale_after,
        none=f"the metrics server has no samples of the new pods ({names})",
    )


def _fresh_view(watch: Watch, name: str, workload: Workload) -> FreshView:
    status = watch.case.status
    target, since = status.target, status.rolled_out_at
    book = watch.fresh.get(name)
    problem = watch.problems.get(name, "the metrics were not polled yet")
    if book is None or target is None:
        return FreshView(problem=problem or "no fresh samples yet")
    edge = since.timestamp() + watch.skew if since is not None else float("inf")
    theirs = partial(_owners(watch, workload).made, target)
    return FreshView(
        tally=book.tally(theirs),
        unscraped=unscraped(book, [pod.name for pod in workload.live_of(target)], edge),
        problem=problem or book.problem(theirs),
    )
