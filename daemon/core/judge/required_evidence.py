"""What it would have taken to decide on a signal, from the judge's own likelihood ratios.

It is worked out for a failure that begins with the new pods' first request and stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from msgspec.structs import replace

from daemon.core.assessment import SignalEvidence
from daemon.core.policy import SignalPolicy
from daemon.core.signals.baseline import bounds_of
from daemon.core.statistics.counts import Tally, percent, thinned
from daemon.core.statistics.likelihood import log_worse
from daemon.core.thresholds import AT_ONCE, MOST_REQUESTS


def required_evidence(signal: SignalEvidence, policy: SignalPolicy) -> str:
    """How far the evidence went, and what would have decided."""
    if signal.limit_line <= 0:
        return ""
    enough = _enough(signal, policy)
    new, outage = signal.new, _least(MOST_REQUESTS, lambda n: enough(n, n))
    if new.total <= 0 and outage < MOST_REQUESTS:
        return f"To decide, {outage:,} requests have to reach the new pods, if all of them are bad."
    came = f"The evidence came to {_pair(signal, signal.over_limit, signal.over_baseline)}."
    if outage >= MOST_REQUESTS:
        return came
    if outage > new.total:
        return f"{came} So few requests ({new.total:,.0f}) cannot decide: it takes {outage:,}, all bad."
    fewest = _least(math.floor(new.total), lambda bad: enough(bad, new.total))
    about = f"About {fewest:,} of the {new.total:,.0f} events ({percent(fewest / new.total)})"
    were = f"{new.bad:,.0f} {'was' if round(new.bad) == 1 else 'were'}"
    warm = f" In a pod's first {policy.warmup:.0f} s only an outage counts." if policy.warmup > 0 else ""
    return f"{came} {about} would have decided, had they been bad evenly from the first on; {were}.{warm}"


def _pair(signal: SignalEvidence, over_limit: float, over_baseline: float) -> str:
    limit = f"{e_value(over_limit)} against the limit (needs {e_value(signal.limit_line)})"
    if signal.baseline_line <= 0:
        return limit
    baseline = f"{e_value(over_baseline)} against the baseline (needs {e_value(signal.baseline_line)})"
    return f"{limit} and {baseline}"


def _enough(signal: SignalEvidence, policy: SignalPolicy) -> Callable[[float, float], bool]:
    """Whether so many bad events of so many would convince both tests."""
    compared = signal.baseline_line > 0
    alpha = 2 * _inverse(signal.baseline_line) if compared else _inverse(signal.limit_line)
    asked = replace(policy, limit=signal.limit, baseline="compare" if compared else "ignore")
    at_first, bounds = (
        bounds_of(asked, before, signal.dispersion, min(alpha, 0.5))
        for before in (signal.baseline, signal.baseline + signal.old)
    )
    at_once = math.log(AT_ONCE)

    def enough(bad: float, total: float) -> bool:
        seen = thinned(Tally(bad=bad, total=total), signal.dispersion)
        if log_worse(seen, at_first.bound) + at_once < bounds.limit_level:
            return False
        return not compared or log_worse(seen, bounds.upper) + at_once >= bounds.baseline_level

    return enough


def _inverse(line: float) -> float:
    return 10 ** -min(line, 300.0)


def _least(most: int, holds: Callable[[int], bool]) -> int:
    """The least number up to ``most`` for which it holds; it holds for all above it, and for ``most``."""
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def e_value(power: float) -> str:
    """10 to the ``power``, short: ``400``, ``1,600``, ``10^14``, ``0.03``, ``10^-5``."""
    if not -2 <= power < 6:
        return f"10^{power:.0f}"
    value = float(f"{10**power:.2g}")
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
