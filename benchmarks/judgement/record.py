"""One record: what Prometheus scraped of one rollout, and the truth about it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from .families import Family
from .scene import NEW, OLD, Floats, Pod, Whole

if TYPE_CHECKING:
    from daemon.core.judge.record_entries import RecordEntry

POLL = 5.0
"""Seconds between two polls of the daemon; a failed one is told of in this rhythm."""


@dataclass(frozen=True)
class Samples:
    """One signal's samples in the order of their times. ``bad`` is NaN while the series does not exist."""

    at: Floats
    pod: Whole
    total: Floats
    bad: Floats


@dataclass(frozen=True)
class Record:
    """``start`` is the rollout's start in Unix seconds; all other times are Unix seconds too.

    ``first_full`` is when the slowest of the new pods that serve then has been scraped over a whole interval
    after the onset. ``phase`` (0 to 1) says when in its interval each rule has its ticks.
    """

    family: Family
    seed: int
    start: float
    end: float
    pods: tuple[Pod, ...]
    signals: dict[str, Samples]
    onset: float | None
    first_full: float | None
    phase: float
    unreachable: tuple[tuple[float, float], ...]
    """When queries are not answered."""
    dependency_at: float | None

    @property
    def samples(self) -> Samples:
        """Of the signal that the family is about."""
        return self.signals[self.family.signal]

    def entries(self) -> Iterator[RecordEntry]:
        """The record as the offline judgement takes it, in the order of time."""
        from daemon.core.judge.record_entries import DependencyChanged, RolloutStarted, Sampled, ScrapeFailed

        names = [pod.name for pod in self.pods]
        revisions = [pod.revision for pod in self.pods]
        streams: list[list[RecordEntry]] = [[RolloutStarted(at=self.start, revision=NEW, baseline=OLD)]]
        for signal, samples in self.signals.items():
            streams.append(
                [
                    Sampled(
                        at=at,
                        signal=signal,
                        pod=names[pod],
                        revision=revisions[pod],
                        total=total,
                        bad=None if math.isnan(bad) else bad,
                    )
                    for at, pod, total, bad in zip(
                        samples.at.tolist(),
                        samples.pod.tolist(),
                        samples.total.tolist(),
                        samples.bad.tolist(),
                        strict=True,
                    )
                ]
            )
        streams.append(
            [
                ScrapeFailed(at=float(at))
                for begin, end in self.unreachable
                for at in np.arange(begin + POLL / 2, end, POLL)
            ]
        )
        if self.dependency_at is not None:
            streams.append([DependencyChanged(at=self.dependency_at, name="postgresql", healthy=False)])
        return merge(*streams, key=self._seen_at if self.unreachable else attrgetter("at"))

    def _seen_at(self, entry: RecordEntry) -> float:
        """When a reader learns of it: a sample scraped while queries failed is seen after that."""
        if not hasattr(entry, "total"):
            return entry.at
        return max((end for begin, end in self.unreachable if begin <= entry.at < end), default=entry.at)

    def unanswered(self, at: float) -> bool:
        """Whether a query at that time fails."""
        return any(begin <= at < end for begin, end in self.unreachable)
