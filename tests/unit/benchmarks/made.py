"""Records made by hand: one old pod that is well, one new pod with given counters, scraped every 15 s."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.judgement.families import Family, Group
from benchmarks.judgement.record import Record, Samples
from benchmarks.judgement.scene import NEW, OLD, Pod
from benchmarks.judgement.windows import Metrics

START = 1_750_000_000.0
FAMILY = Family(name="made by hand", group=Group.HEALTHY, note="for tests", traffic=10.0, rate=0.0)
Counter = Callable[[float], float]


def metrics(
    *, total: Counter, bad: Counter, phase: float = 0.0, unreachable: tuple[tuple[float, float], ...] = ()
) -> Metrics:
    """``total`` and ``bad``: the new pod's counters by the seconds since the rollout's start.

    The new pod is scraped from 15 s on; the old one had 10 requests a second, 1 % of them bad, until then.
    """
    before, after = np.arange(-1800.0, 15.0, 15.0), np.arange(15.0, 601.0, 15.0)
    at = np.concatenate((before, after))
    samples = Samples(
        at=START + at,
        pod=np.concatenate((np.zeros(before.size, dtype=np.int64), np.ones(after.size, dtype=np.int64))),
        total=np.concatenate((10 * (before + 1800), [total(second) for second in after.tolist()])),
        bad=np.concatenate((0.1 * (before + 1800), [bad(second) for second in after.tolist()])),
    )
    return Metrics(
        Record(
            family=FAMILY,
            seed=0,
            start=START,
            end=START + 600,
            pods=(Pod("old", OLD, -1800, 0, 0), Pod("new", NEW, 0, 630, 0)),
            signals={"errors": samples},
            onset=None,
            first_full=None,
            phase=phase,
            unreachable=tuple((START + begin, START + end) for begin, end in unreachable),
            dependency_at=None,
        )
    )


def per_second(rate: float) -> Counter:
    return lambda second: rate * second


def after(at: float | None) -> float | None:
    """Seconds since the rollout's start."""
    return None if at is None else round(at - START, 3)
