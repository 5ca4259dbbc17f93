"""From cumulative counters, scrape by scrape, to increments that count each event once.

A :class:`Book` is a fold over samples: feeding it the same scrape twice, or scrapes of several pods in any
order, changes nothing. Rules, per pod:

* a pod born after the watch began starts at zero, so its first scrape is already an increment;
* any other pod's first scrape is only a reference;
* a counter that fell was reset with its process: its new value is the increment since;
* counters that fell by a little, both of them, are an older scrape that comes late (by another replica of the
  metrics server, say): nothing happened;
* where only the bad events fell, a part of the series is gone: counting goes on from there;
* ``bad`` absent while ``total`` exists is zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter

from daemon.core.signals.sample import Sample
from daemon.core.statistics.counts import Tally
from daemon.core.thresholds import NEWEST_STEPS, NOT_RESET, OVERDUE
from daemon.core.value import Value


class Step(Value, frozen=True, order=True, kw_only=False):
    """What one scrape of one pod added. Times are Unix seconds, ``age`` seconds.

    The events happened in (``since``, ``at``]; ``age`` is ``since`` less the pod's first scrape, and
    negative where this is the first. Ordered by time.
    """

    at: float
    since: float
    bad: float
    total: float
    unclear: float
    pod: str
    age: float

    def overdue(self, now: float) -> bool:
        """Whether the pod's next scrape should have come by ``now``: its own interval is over."""
        return now >= self.at + min(self.at - self.since, OVERDUE)


def serving(steps: Sequence[Step], now: float) -> dict[str, Step]:
    """The newest scrape of each pod whose next one is not overdue."""
    newest = {step.pod: step for step in steps[-NEWEST_STEPS:]}
    return {pod: step for pod, step in newest.items() if not step.overdue(now)}


class Track(Value, frozen=True):
    """One pod's counters: the first and the newest sample's time, and what was counted so far."""

    newest: Sample
    first_at: float
    tally: Tally = Tally()
    problem: str = ""


class Book(Value, frozen=True):
    """What was counted of one signal, pod by pod."""

    tracks: Mapping[str, Track] = {}

    def tally(self, wanted: Callable[[str], bool]) -> Tally:
        return sum((track.tally for pod, track in self.tracks.items() if wanted(pod)), Tally())

    def newest_at(self, wanted: Callable[[str], bool]) -> float | None:
        return max((t.newest.at for pod, t in self.tracks.items() if wanted(pod)), default=None)

    def problem(self, wanted: Callable[[str], bool]) -> str:
        return next((t.problem for pod, t in self.tracks.items() if t.problem and wanted(pod)), "")

    def reference(self) -> Book:
        """The same pods with nothing counted yet: what comes next is counted from here."""
        return Book(
            tracks={
                pod: Track(newest=track.newest, first_at=track.first_at) for pod, track in self.tracks.items()
            }
        )


def observe(book: Book, samples: Iterable[Sample], *, starts_at_zero: Callable[[str], bool]) -> Book:
    """The book after these samples, which may be of any order and may repeat earlier ones.

    ``starts_at_zero`` tells of a pod not seen before whether its counters began within the watch.
    """
    return read(book, samples, starts_at_zero=starts_at_zero)[0]


_BY_TIME = attrgetter("at", "pod")


def read(
    book: Book, samples: Iterable[Sample], *, starts_at_zero: Callable[[str], bool]
) -> tuple[Book, list[Step]]:
    """As :func:`observe`, with the increments that these samples brought, oldest first."""
    tracks: dict[str, Track] = {}
    known, steps = book.tracks, []
    ordered = list(samples)
    if len(ordered) > 1:
        ordered.sort(key=_BY_TIME)
    for sample in ordered:
        track = tracks.get(sample.pod) or known.get(sample.pod)
        if track is None:
            after, step = _first(sample, starts_at_zero(sample.pod))
        elif sample.at > track.newest.at:
            after, step = _next(track, sample)
        else:
            continue
        tracks[sample.pod] = after
        if step is not None:
            steps.append(step)
    return (Book(tracks={**known, **tracks}), steps) if tracks else (book, steps)


def _first(sample: Sample, from_zero: bool) -> tuple[Track, Step | None]:
    problem = _problem(sample)
    if not math.isfinite(sample.at):
        # Nothing is later than NaN: whatever comes next has to be.
        sample = Sample(namespace=sample.namespace, pod=sample.pod, at=0.0, total=math.nan)
    track = Track(newest=sample, first_at=sample.at, problem=problem)
    if problem or not from_zero:
        return track, None
    return _counted(track, sample, sample.bad or 0.0, sample.total, sample.unclear)


def _next(track: Track, sample: Sample) -> tuple[Track, Step | None]:
    problem = _problem(sample)
    if problem:
        # Kept as it was: the next good scrape counts from the last good one.
        return _moved(track, track.newest, problem), None
    before = track.newest
    if track.problem and _problem(before):
        return _moved(track, sample), None
    now_bad, was_bad = sample.bad or 0.0, before.bad or 0.0
    bad, total, unclear = now_bad - was_bad, sample.total - before.total, sample.unclear - before.unclear
    if total < 0:
        if bad <= 0 and sample.total >= NOT_RESET * before.total and now_bad >= NOT_RESET * was_bad:
            return track, None
        bad, total, unclear = now_bad, sample.total, sample.unclear
    elif bad < 0 or unclear < 0:
        return _moved(track, sample), None
    return _counted(track, sample, bad, total, unclear)


def _counted(
    track: Track, sample: Sample, bad: float, total: float, unclear: float
) -> tuple[Track, Step | None]:
    if bad > total:
        return _moved(track, sample, _exceeds(bad, total)), None
    since = track.newest.at
    if unclear > total - bad:
        unclear = total - bad
    # In the fields' order: this is the hot path.
    step = Step(sample.at, since, bad, total, unclear, sample.pod, since - track.first_at)
    old = track.tally
    tally = Tally(
        bad=old.bad + bad, total=old.total + total, scrapes=old.scrapes + 1, unclear=old.unclear + unclear
    )
    return Track(newest=sample, first_at=track.first_at, tally=tally), step


def _moved(track: Track, newest: Sample, problem: str = "") -> Track:
    return Track(newest=newest, first_at=track.first_at, tally=track.tally, problem=problem)


def _problem(sample: Sample) -> str:
    bad = sample.bad or 0.0
    # One comparison for the usual case: NaN and infinity fail it as well.
    if 0 <= bad < math.inf and 0 <= sample.total < math.inf and 0 <= sample.unclear < math.inf:
        return "" if 0 <= sample.at < math.inf else f"a scrape of pod {sample.pod} has the time {sample.at}"
    for name, value in (("bad", bad), ("total", sample.total), ("unclear", sample.unclear)):
        if not math.isfinite(value):
            return f"the {name} query answered {value} for pod {sample.pod}"
        if value < 0:
            return (
                f"the {name} query answered {value:g} for pod {sample.pod}, and a counter is never negative"
            )
    return ""


def _exceeds(bad: float, total: float) -> str:
    return f"more bad events than events ({bad:g} of {total:g}): check the signal's pair of queries"
