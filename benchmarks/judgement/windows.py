"""PromQL's ``rate()`` over raw samples, and the ratio that every peer's query computes.

Semantics (Prometheus 3, ``promql/functions.go`` ``extrapolatedRate``; https://prometheus.io/docs/prometheus/latest/
querying/functions/#rate): a range is open at its left end; a series needs two samples in it, else it gives
nothing; a value below its predecessor is a reset, and what was counted before it is added; the increase is
extrapolated to the range's ends, to half a sample's distance at most where the series begins or ends within,
and never to before the counter was zero. ``sum()`` of nothing is an empty result, and 0 / 0 is NaN.

The lookback of 5 minutes is a rule for instant selectors; none of the queries here has one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from .record import Record, Samples
from .scene import NEW, Floats, Whole

Flags = npt.NDArray[np.bool_]
Scope = Literal["new", "service"]


class Answer(NamedTuple):
    """A query's answer at several times: ``exists`` is false where the result is empty."""

    value: Floats
    exists: Flags


@dataclass(frozen=True)
class Series:
    """One counter of one pod; ``grown`` is the counter without its resets."""

    at: Floats
    value: Floats
    grown: Floats

    @classmethod
    def of(cls, at: Floats, value: Floats) -> Series:
        fell = np.concatenate(([0.0], np.where(np.diff(value) < 0, value[:-1], 0.0))) if value.size else value
        return cls(at=at, value=value, grown=value + np.cumsum(fell))


class Matrix:
    """Many series, laid end to end so that all are asked at once."""

    def __init__(self, series: Sequence[Series]) -> None:
        self._series = series
        # What has too few samples points at the zero behind the last.
        self._at, self._value, self._grown = (
            np.concatenate((*parts, [0.0]))
            for parts in (
                [one.at for one in series],
                [one.value for one in series],
                [one.grown for one in series],
            )
        )
        sizes = [one.at.size for one in series]
        self._begins = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int64)[:, None]

    def rate(self, times: Floats, window: float) -> Answer:
        """``rate(series[window])``: a row for each series, a column for each time."""
        first, last = self._spans(times, window)
        enough = last > first
        nothing = self._at.size - 1
        one, other = (np.where(enough, index + self._begins, nothing) for index in (first, last))
        first_at, last_at, from_ = self._at[one], self._at[other], self._value[one]
        increase = self._grown[other] - self._grown[one]
        sampled = np.where(enough, last_at - first_at, 1.0)
        distance = sampled / np.maximum(last - first, 1)
        before, after = first_at - (times - window), times - last_at
        before = np.where(before >= distance * 1.1, distance / 2, before)
        after = np.where(after >= distance * 1.1, distance / 2, after)
        to_zero = sampled * from_ / np.where(increase > 0, increase, 1.0)
        before = np.where(increase > 0, np.minimum(before, to_zero), before)
        rate = increase * (sampled + before + after) / sampled / window
        return Answer(np.where(enough, rate, 0.0), enough)

    def _spans(self, times: Floats, window: float) -> tuple[Whole, Whole]:
        """Each range's first and last sample; a pod's two counters mostly have the same times."""
        known: dict[int, tuple[Whole, Whole]] = {}
        for one in self._series:
            if id(one.at) not in known:
                first = np.searchsorted(one.at, times - window, side="right")
                known[id(one.at)] = first, np.searchsorted(one.at, times, side="right") - 1
        spans = [known[id(one.at)] for one in self._series]
        return np.array([first for first, _ in spans]), np.array([last for _, last in spans])


@dataclass(frozen=True)
class Pods:
    """Some pods' counters: as many series of bad requests, then as many of all."""

    counters: Matrix
    count: int

    @classmethod
    def of(cls, samples: Samples, rows: Sequence[int]) -> Pods:
        bad, total = [], []
        for row in rows:
            mine = samples.pod == row
            at, wrong = samples.at[mine], samples.bad[mine]
            known = ~np.isnan(wrong)
            total.append(Series.of(at, samples.total[mine]))
            bad.append(Series.of(at if known.all() else at[known], wrong[known]))
        return cls(counters=Matrix([*bad, *total]), count=len(rows))

    def sums(self, times: Floats, window: float) -> tuple[Answer, Answer]:
        """``sum(rate(bad[window]))`` and ``sum(rate(total[window]))``; of nothing it is an empty result."""
        rates = self.counters.rate(times, window)
        return _summed(rates, slice(0, self.count)), _summed(rates, slice(self.count, None))


class Metrics:
    """A record as Prometheus would answer for it."""

    def __init__(self, record: Record) -> None:
        self.record = record
        new = [row for row, pod in enumerate(record.pods) if pod.revision == NEW]
        self._pods = {
            "new": Pods.of(record.samples, new),
            "service": Pods.of(record.samples, range(len(record.pods))),
        }
        self._asked: dict[tuple[str, float, bytes], Answer] = {}

    def ratio(self, scope: Scope, times: Floats, window: float) -> Answer:
        """``sum(rate(bad[window])) / sum(rate(total[window]))`` of the new pods or the whole service."""
        query = (scope, window, times.tobytes())
        if query not in self._asked:
            bad, total = self._pods[scope].sums(times, window)
            self._asked[query] = _divided(bad, total)
        return self._asked[query]

    def long_ratio(self, times: Floats, window: float) -> Answer:
        """The service's ratio over a window that reaches beyond the record's beginning.

        What is not known of the window is taken to be like the known time before the rollout.
        """
        history = self.record.family.history
        begin = self.record.start - history
        service = self._pods["service"]
        bad, total = service.sums(times, window)
        past_bad, past_total = service.sums(np.array([self.record.start]), history)
        unknown = np.clip((window - (times - begin)) / history, 0.0, None)
        wrong = bad.value * window + past_bad.value * history * unknown
        all_ = total.value * window + past_total.value * history * unknown
        return _divided(Answer(wrong, bad.exists), Answer(all_, total.exists))

    def answered(self, times: Floats) -> Flags:
        """Whether a query at that time is answered at all."""
        down = np.zeros(times.size, dtype=np.bool_)
        for begin, end in self.record.unreachable:
            down |= (times >= begin) & (times < end)
        return ~down


def _summed(rates: Answer, rows: slice) -> Answer:
    some: Flags = np.logical_or.reduce(rates.exists[rows], axis=0)
    return Answer(rates.value[rows].sum(axis=0), some)


def _divided(bad: Answer, total: Answer) -> Answer:
    with np.errstate(divide="ignore", invalid="ignore"):
        return Answer(bad.value / total.value, bad.exists & total.exists)
