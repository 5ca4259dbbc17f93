"""From cumulative counters, scrape by scrape, to increments that count each event once.

A :class:`Book` is a fold over samples: feeding it the same scrape twice, or scrapes of several pods in any
order, changes nothing. Rules, per pod:

* a pod born after the watch began starts at zero, so its first scrape is already an increment;
* any other pod's first scrape is only a reference;
* a counter that fell was reset with its process: its new value is the increment since;
* ``bad`` absent while ``total`` exists is zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from daemon.core.model import Sample, Value


class Tally(Value, frozen=True):
    """Bad events of all events, with the number of scrapes they were counted from."""

    bad: float = 0.0
    total: float = 0.0
    scrapes: int = 0

    @property
    def rate(self) -> float | None:
        return self.bad / self.total if self.total > 0 else None

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            bad=self.bad + other.bad, total=self.total + other.total, scrapes=self.scrapes + other.scrapes
        )

    def __str__(self) -> str:
        if self.rate is None:
            return "no requests"
        return f"{self.bad:.0f} of {self.total:.0f} ({percent(self.rate)})"


class Track(Value, frozen=True):
    """One pod's counters: the newest sample and what was counted so far."""

    newest: Sample
    tally: Tally = Tally()
    steps: tuple[Tally, ...] = ()
    """The increments one by one, newest last, at most ``KEPT_STEPS``."""
    problem: str = ""


KEPT_STEPS = 240


class Book(Value, frozen=True):
    """What was counted of one signal, pod by pod."""

    tracks: Mapping[str, Track] = {}

    def tally(self, wanted: Callable[[str], bool]) -> Tally:
        return sum((track.tally for pod, track in self.tracks.items() if wanted(pod)), Tally())

    def steps(self, wanted: Callable[[str], bool]) -> tuple[Tally, ...]:
        return tuple(step for pod, track in self.tracks.items() if wanted(pod) for step in track.steps)

    def newest_at(self, wanted: Callable[[str], bool]) -> float | None:
        return max((t.newest.at for pod, t in self.tracks.items() if wanted(pod)), default=None)

    def problem(self, wanted: Callable[[str], bool]) -> str:
        return next((t.problem for pod, t in self.tracks.items() if wanted(pod) and t.problem), "")


def percent(ratio: float) -> str:
    """A ratio as people read it: 0.2 → ``20 %``, 0.0034 → ``0.34 %``."""
    return f"{ratio * 100:.3g} %"


def observe(book: Book, samples: Iterable[Sample], *, starts_at_zero: Callable[[str], bool]) -> Book:
    """The book after these samples, which may be of any order and may repeat earlier ones.

    ``starts_at_zero`` tells of a pod not seen before whether its counters began within the watch.
    """
    tracks = dict(book.tracks)
    for sample in sorted(samples, key=lambda s: (s.at, s.pod)):
        track = tracks.get(sample.pod)
        if track is None:
            tracks[sample.pod] = _first(sample, starts_at_zero(sample.pod))
        elif sample.at > track.newest.at:
            tracks[sample.pod] = _next(track, sample)
    return Book(tracks=tracks)


def _first(sample: Sample, from_zero: bool) -> Track:
    problem = _problem(sample)
    if problem or not from_zero:
        return Track(newest=sample, problem=problem)
    return _counted(Track(newest=sample), sample, _bad(sample), sample.total)


def _next(track: Track, sample: Sample) -> Track:
    problem = _problem(sample)
    if problem:
        # Kept as it was: the next good scrape counts from the last good one.
        return Track(newest=track.newest, tally=track.tally, steps=track.steps, problem=problem)
    before = track.newest
    if _problem(before):
        return Track(newest=sample, tally=track.tally, steps=track.steps)
    bad, total = _bad(sample) - _bad(before), sample.total - before.total
    if bad < 0 or total < 0:
        bad, total = _bad(sample), sample.total
    if bad > total:
        return Track(newest=sample, tally=track.tally, steps=track.steps, problem=_exceeds(bad, total))
    return _counted(track, sample, bad, total)


def _counted(track: Track, sample: Sample, bad: float, total: float) -> Track:
    if bad > total:
        return Track(newest=sample, tally=track.tally, steps=track.steps, problem=_exceeds(bad, total))
    step = Tally(bad=bad, total=total, scrapes=1)
    return Track(newest=sample, tally=track.tally + step, steps=(*track.steps, step)[-KEPT_STEPS:])


def _bad(sample: Sample) -> float:
    return sample.bad if sample.bad is not None else 0.0


def _problem(sample: Sample) -> str:
    for name, value in (("bad", _bad(sample)), ("total", sample.total), ("timestamp", sample.at)):
        if not math.isfinite(value):
            return f"the {name} query answered {value} for pod {sample.pod}"
        if value < 0:
            return (
                f"the {name} query answered {value:g} for pod {sample.pod}, and a counter is never negative"
            )
    return ""


def _exceeds(bad: float, total: float) -> str:
    return f"more bad events than events ({bad:g} of {total:g}): check the signal's pair of queries"
