"""Who else began to fail at the same moment: what hits several workloads at once is seldom one's release."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from daemon.core.assessment import Verdict
from daemon.core.attribution.failure import Failure, earliest
from daemon.core.case.case import Case
from daemon.core.judge.detection import SignalView, detect_signal
from daemon.core.policy import Policy
from daemon.core.statistics.change_point import Onset
from daemon.core.thresholds import CLEAN, TOGETHER, VAGUE

Views = Callable[[Case], Mapping[str, SignalView]]


class CoincidentFailures:
    """Each workload is judged at most once in a poll, however many ask for it. Not thread-safe."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._turn = -1
        self._onsets: dict[str, Onset | None] = {}

    def of(
        self,
        case: Case,
        onset: tuple[float, float] | None,
        views: Mapping[str, SignalView],
        watched: Iterable[tuple[Case, Policy]],
        turn: int,
    ) -> tuple[str, ...]:
        """The workloads whose failure began when that of the case did (``onset``, Unix seconds).

        None for a release that fails from its first requests on: its start explains the moment, and what
        fails with it may do so because of it. Of two workloads that one of them broke, only the other is
        excused so.
        """
        states = [view.state for view in views.values() if view.state is not None]
        begun = min((state.new_steps[0].at for state in states if state.new_steps), default=None)
        if onset is None or begun is None or onset[0] - begun < CLEAN:
            return ()
        if turn != self._turn:
            self._turn, self._onsets = turn, {}
        found = {
            str(other.ref)
            for other, policy in watched
            if other.ref != case.ref and _together(onset, self._onset(other, policy))
        }
        return tuple(sorted(found))

    def _onset(self, case: Case, policy: Policy) -> Onset | None:
        if case.key not in self._onsets:
            self._onsets[case.key] = earliest(_bad(policy, self._views(case)))
        return self._onsets[case.key]


def _bad(policy: Policy, views: Mapping[str, SignalView]) -> Iterable[Failure]:
    """The signals that fail, or seem to: whether they do in the end may only come out later."""
    for signal in policy.signals:
        view = views.get(signal.name)
        if view is None or view.state is None:
            continue
        if detect_signal(signal, view).verdict >= Verdict.DEGRADED:
            yield Failure(view.state)


def _together(own: tuple[float, float], other: Onset | None) -> bool:
    low, high = own
    if other is None or max(high - low, other.high - other.low) > VAGUE:
        return False
    return low - other.high <= TOGETHER and other.low - high <= TOGETHER
