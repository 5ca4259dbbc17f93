"""The best that any test of one per cent error could do, where the failure is a plain step.

Two oracles that both know the true rate and the moment at which the failure begins:

* :func:`power`: Neyman and Pearson's most powerful test of level α for a fixed number of requests. A test
  that looks at every scrape and keeps α over the whole watch cannot have decided more often by then, for
  "decided by now" is itself a test of level α at most. This is the bound that nothing passes at that level.
* :func:`wald`: the likelihood ratio against the limit with Wald's boundary 1/α, looked at after every scrape
  (Wald, Sequential Analysis, 1947): what one actually gets who knows the rate and may stop at any time.

The null is the worst healthy release: a rate exactly at the limit.
"""

from __future__ import annotations

import math

import numpy as np

from .record import Record
from .scene import NEW, SCRAPE, Floats

ALPHA = 0.01


def power(rate: float, limit: float, requests: int, alpha: float = ALPHA) -> float:
    """The chance to detect ``rate`` in so many requests, of the most powerful (randomized) test."""
    if requests <= 0:
        return alpha
    null, real = _tail(limit, requests), _tail(rate, requests)
    # Reject from `least` bad ones on, and with some chance at one fewer, so that alpha is used up.
    least = int(np.argmax(null <= alpha))
    if null[least] > alpha:
        least = requests + 1
    tail_null = null[least] if least <= requests else 0.0
    tail_real = real[least] if least <= requests else 0.0
    if least == 0:
        return float(tail_real)
    at_null, at_real = null[least - 1] - tail_null, real[least - 1] - tail_real
    chance = (alpha - tail_null) / at_null if at_null > 0 else 0.0
    return float(min(tail_real + chance * at_real, 1.0))


def _tail(rate: float, requests: int) -> Floats:
    """P(at least k bad), for each k from 0 to ``requests``."""
    if rate >= 1.0:
        return np.ones(requests + 1)
    k = np.arange(requests + 1)
    log_factorial = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, requests + 1)))))
    log_pmf = (
        log_factorial[-1]
        - log_factorial
        - log_factorial[::-1]
        + k * math.log(rate)
        + (requests - k) * math.log1p(-rate)
    )
    tail: Floats = np.cumsum(np.exp(log_pmf)[::-1])[::-1]
    return tail


def best_by(rate: float, limit: float, traffic: float, scrapes: int, alpha: float = ALPHA) -> float:
    """The share that the most powerful test has found by that many full scrapes."""
    return power(rate, limit, round(traffic * SCRAPE * scrapes), alpha)


def best_median(rate: float, limit: float, traffic: float, alpha: float = ALPHA) -> int | None:
    """By how many full scrapes the most powerful test has found half; ``None``: not within 10 minutes."""
    return next((k for k in range(1, 41) if best_by(rate, limit, traffic, k, alpha) >= 0.5), None)


def wald(record: Record) -> float | None:
    """When the likelihood ratio of the true rate to the limit passes 1/α, in the record's own samples."""
    rate, limit = record.family.known_rate, record.family.limit
    if rate is None:
        return None
    rate = min(rate, 1 - 1e-12)
    samples = record.samples
    at, bad, total = [], [], []
    for row, pod in enumerate(record.pods):
        if pod.revision == NEW:
            mine = samples.pod == row
            at.append(samples.at[mine])
            bad.append(np.diff(samples.bad[mine], prepend=0.0))
            total.append(np.diff(samples.total[mine], prepend=0.0))
    order = np.argsort(np.concatenate(at), kind="stable")
    wrong, good = np.concatenate(bad)[order], (np.concatenate(total) - np.concatenate(bad))[order]
    ratio = np.cumsum(wrong * math.log(rate / limit) + good * math.log((1 - rate) / (1 - limit)))
    found = np.flatnonzero(ratio >= math.log(1 / ALPHA))
    when = float(np.concatenate(at)[order][found[0]]) if found.size else None
    return when if when is not None and when <= record.end else None
