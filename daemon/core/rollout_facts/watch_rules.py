"""What a watch makes of scrapes: whose they are, what counts, and until when.

The live watch and the judgement of a record know different things of the same rollout: the one has the
cluster's objects, the other what its lines say. What follows from that knowledge is said here once, and both
go through it. Times are Unix seconds of one clock, durations seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from daemon.core.policy import Policy, SignalPolicy
from daemon.core.rollout_facts.pod_history import SLACK
from daemon.core.signals.counters import Book
from daemon.core.signals.sample import Sample
from daemon.core.signals.startup import Start
from daemon.core.signals.state import Births, Side, SignalState, initial_state, update
from daemon.core.value import Value

_SLACK = SLACK.total_seconds()


class Roles(Value, frozen=True):
    """Which revision is judged, and which one is the control group; empty: every other one."""

    judged: str
    baseline: str = ""

    def side(self, owner: str) -> Side:
        """That of a pod which this revision made; empty where nobody knows.

        A third revision's pods are not the control group: it may be failing by itself.

        >>> Roles(judged="v2", baseline="v1").side("v0")
        <Side.OTHER: 2>
        >>> Roles(judged="v2").side("v0")
        <Side.OLD: 0>
        """
        if owner == self.judged:
            return Side.NEW
        return Side.OLD if owner == self.baseline or not self.baseline else Side.OTHER


def made_since(made_at: float, since: float) -> bool:
    """Whether an object was made in the rollout that began at ``since``; its time is in whole seconds."""
    return made_at >= since - _SLACK


def starts_at_zero(born: float | None, since: float, *, of_new_set: bool) -> bool:
    """Whether a pod not scraped before began counting after ``since``.

    Where its birth is not known (it is gone, or the record does not tell), it did if its ReplicaSet was made
    for this rollout.
    """
    return of_new_set if born is None else made_since(born, since)


def state_from(
    signal: SignalPolicy,
    alpha: float,
    started_at: float,
    window: float,
    samples: Iterable[Sample],
    births: Births,
    side: Callable[[str], Side],
    before_side: Callable[[str], Side] | None = None,
    starts: Sequence[Start] = (),
) -> SignalState:
    """A signal's state from all that was scraped until now, before the rollout and after it.

    What was scraped in the ``window`` before its start is the baseline; from that moment on it is evidence.
    ``before_side``: whose pods were whose until then, where that is not what ``side`` says. ``starts``
    are those of proven releases, the newest last.
    """
    known = list(samples)
    before = [sample for sample in known if started_at - window <= sample.at < started_at]
    state = initial_state(signal, alpha, started_at, before, before_side or side, starts)
    return update(state, [sample for sample in known if not sample.at < started_at], births, side)


def unusable(book: Book, is_new: Callable[[str], bool], at: float, stale_after: float, *, none: str) -> str:
    """Why a signal says nothing at this time; empty: it does. ``none`` says it where no new pod was scraped.

    Silence of the new pods is no health, whatever the old ones say.
    """
    if problem := book.problem(is_new):
        return problem
    newest = book.newest_at(is_new)
    if newest is None:
        return none
    return _is_old(newest, at) if at >= stale_from(newest, stale_after) else ""


def _is_old(newest: float, at: float) -> str:
    return f"the newest sample of the new pods is {at - newest:.0f} s old"


def stale_from(newest: float, stale_after: float) -> float:
    """From when on a sample that was scraped at ``newest`` tells nothing of the present."""
    return newest + stale_after


def ambiguous(problems: Mapping[str, str], is_judged: Callable[[str], bool]) -> str:
    """The first problem with reading a pod that matters now; those of other pods are nobody's."""
    return next((text for pod, text in problems.items() if is_judged(pod)), "")


def unscraped(book: Book, pods: Iterable[str], since: float) -> tuple[str, ...]:
    """Those of the pods that were not scraped since then."""
    tracks = book.tracks
    return tuple(pod for pod in pods if pod not in tracks or not tracks[pod].newest.at >= since)


def is_over(watched: float, policy: Policy, asked_ago: float | None) -> bool:
    """Whether a watch is over: its time has passed since the rollout was complete, and the signals were asked
    for after its last moment. Silence until then is no health.

    ``asked_ago`` is how long ago that was, ``None`` where it never was.
    """
    return asked_ago is not None and watched - policy.watch >= asked_ago


def end_of(complete_at: float, policy: Policy) -> float:
    """The first moment at which a watch is over, where it is asked at that moment."""
    end = complete_at + policy.watch
    return end if is_over(end - complete_at, policy, 0.0) else math.nextafter(end, math.inf)
