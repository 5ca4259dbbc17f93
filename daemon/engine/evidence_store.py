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
from daemon.core.case.edits import change
from daemon.core.case.starts import predecessors, taught_by
from daemon.core.judge.detection import SignalView
from daemon.core.judge.recovery import FreshView
from daemon.core.judge.verdict import alpha_of, starts_of
from daemon.core.model import Revision, Workload
from daemon.core.policy import Policy, SignalPolicy
from daemon.core.rollout_facts.fleet_samples import FleetSamples
from daemon.core.rollout_facts.pod_owner import PodOwners
from daemon.core.rollout_facts.watch_rules import (
    ambiguous,
    state_from,
    unscraped,
    unusable,
)
from daemon.core.signals.counters import Book
from daemon.core.signals.sample import Reading, Sample
from daemon.core.signals.startup import Start
from daemon.core.signals.state import SignalState, update
from daemon.engine import in_place_evidence
from daemon.engine.fresh_evidence import Fresh
from daemon.engine.pod_roles import pod_births, pod_sides
from daemon.ports import Clock, Metrics, PortError

TOLERATED_SKEW = 2.0
"""Seconds by which the metrics server's clock may differ from ours before it is allowed for: the answer's
time of travel looks like a difference, too."""


class Watch(msgspec.Struct, kw_only=True):
    """One case's evidence. Mutable, and only touched under the room's lock."""

    case: Case
    policy: Policy
    states: dict[str, SignalState]
    earlier: tuple[Start, ...] = ()
    """How the pods of proven releases before it started, the newest last."""
    fresh: dict[str, Fresh]
    """Per signal what was scraped since the rollback's patch."""
    problems: dict[str, str]
    taken_at: float = 0.0
    polled_at: float | None = None
    """When the signals were last asked for, all of them (monotonic), whatever the answer."""
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

    def attend(self, case: Case, policy: Policy, cases: Sequence[Case] = ()) -> bool:
        """Gather evidence for a case from now on; tells whether it is new here.

        ``cases`` of its workload tell, when it is new, how the pods of proven releases before it started.
        """
        key = case.key
        with self._lock:
            watch = self._watches.get(key)
            if watch is None:
                earlier = predecessors(case, cases)
                self._watches[key] = Watch(
                    case=case, policy=policy, earlier=earlier, states={}, fresh={}, problems={}
                )
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

    def taught(self, before: Case, after: Case) -> Case:
        """With how its pods started, where the case has just ended as one that tells."""
        if not taught_by(before, after):
            return after
        with self._lock:
            watch = self._watches.get(after.key)
            return change(after, starts=starts_of(watch.states.values())) if watch is not None else after

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
        began, asked = self._clock.monotonic(), list[Watch]()
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
                asked.append(one.watch)
        for watch in asked:
            watch.polled_at = began

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
    born, side = (
        pod_births(workload, owners, spec.revision, spec.started_at),
        pod_sides(watch.case, workload, owners),
    )
    before = in_place_evidence.beforehand(watch.case, workload, owners)
    watch.states[signal.name] = state_from(
        signal, alpha_of(policy), start, policy.baseline_window, history, born, side, before, watch.earlier
    )
    watch.fresh[signal.name] = Fresh()
    _refresh(watch, workload, owners, signal.name, history)


def _continue(watch: Watch, workload: Workload, owners: PodOwners, name: str, samples: list[Sample]) -> None:
    spec = watch.case.spec
    born = pod_births(workload, owners, spec.revision, spec.started_at)
    watch.states[name] = update(watch.states[name], samples, born, pod_sides(watch.case, workload, owners))
    _refresh(watch, workload, owners, name, samples)


def _refresh(watch: Watch, workload: Workload, owners: PodOwners, name: str, samples: list[Sample]) -> None:
    """Count what was scraped since the patch, if there was one."""
    patched = watch.case.status.patched_at
    if patched is None:
        return
    # The patch was made by our clock, the scrapes by the metrics server's.
    edge = patched.timestamp() + watch.skew
    fresh = [sample for sample in samples if sample.at > edge]
    born = pod_births(workload, owners, None, patched)
    watch.fresh[name] = watch.fresh[name].with_samples(fresh, born)


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
    fresh, state = watch.fresh.get(name), watch.states.get(name)
    problem = watch.problems.get(name, "the metrics were not polled yet")
    if fresh is None or state is None or target is None:
        return FreshView(problem=problem or "no fresh samples yet")
    edge = since.timestamp() + watch.skew if since is not None else float("inf")
    theirs = partial(_owners(watch, workload).made, target)
    return FreshView(
        tally=fresh.book.tally(theirs),
        starting=fresh.starting(state.startup, state.policy, theirs),
        unscraped=unscraped(fresh.book, [pod.name for pod in workload.live_of(target)], edge),
        problem=problem or fresh.book.problem(theirs),
    )
