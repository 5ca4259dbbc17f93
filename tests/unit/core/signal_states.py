"""Courses made of plain numbers, for tests: scrapes of one interval, pods as many as asked."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import count

from daemon.core.policy import SignalPolicy
from daemon.core.signals.sample import Sample
from daemon.core.signals.startup import Start
from daemon.core.signals.state import Side, SignalState, initial_state, update

POLICY = SignalPolicy(name="errors", title="error rate", limit=0.05)
ALPHA = 0.005
START = 100_000.0
EVERY = 15.0

Scrape = tuple[float, float]
"""Bad events and all events between two scrapes."""


def side(pod: str) -> Side:
    return {"n": Side.NEW, "o": Side.OLD}.get(pod[0], Side.OTHER)


def counted(pod: str, scrapes: Sequence[Scrape], first: float, *, from_zero: bool) -> list[Sample]:
    """Cumulative samples; without ``from_zero`` a reference comes one interval before the first."""
    samples, bad, total, at = [], 0.0, 0.0, first
    if not from_zero:
        samples.append(Sample(namespace="", pod=pod, at=first - EVERY, bad=0.0, total=0.0))
    for more_bad, more in scrapes:
        bad, total = bad + more_bad, total + more
        samples.append(Sample(namespace="", pod=pod, at=at, bad=bad, total=total))
        at += EVERY
    return samples


def steady(rate: float, per_scrape: float, scrapes: int = 120) -> list[Scrape]:
    """A baseline without any chance in it: a bad event whenever one is due."""
    made, owed = [], 0.0
    for _ in range(scrapes):
        owed += rate * per_scrape
        made.append((float(int(owed)), per_scrape))
        owed -= int(owed)
    return made


def drawn(rate: float, per_scrape: int, scrapes: int, source: random.Random) -> list[Scrape]:
    return [
        (float(sum(source.random() < rate for _ in range(per_scrape))), float(per_scrape))
        for _ in range(scrapes)
    ]


def state(
    new: Sequence[Scrape],
    *,
    before: Sequence[Scrape] | None = None,
    beside: Sequence[Scrape] = (),
    policy: SignalPolicy = POLICY,
    starts: Sequence[Start] = (),
) -> SignalState:
    """One new pod's scrapes after the rollout, one old pod's before it and beside it; ``starts`` are those of
    its predecessors."""
    # Two that serve side by side share what one had before.
    usual = steady(0.01, 150.0 if beside else 75.0) if before is None else before
    old = counted("o-1", [*usual, *beside], START - EVERY * len(usual) + 1, from_zero=False)
    fresh = counted("n-1", new, START + EVERY, from_zero=True)
    begun = initial_state(policy, ALPHA, START, [s for s in old if s.at < START + 1], side, starts)
    for at in sorted({s.at for s in fresh} | {s.at for s in old if s.at >= START + 1}):
        now = [s for s in (*fresh, *old) if s.at == at]
        begun = update(begun, now, lambda _: True, side)
    return begun


_names = count(1)


def unique(prefix: str) -> str:
    return f"{prefix}-{next(_names)}"
