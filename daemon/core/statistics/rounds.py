"""Rounds of scrapes: which scrapes count together, and how much of a failure's prior begins with each.

The time is cut here once, for every test of a signal; the tests weigh what each round brought
(:mod:`daemon.core.statistics.e_process`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from daemon.core.statistics.counts import Scrape
from daemon.core.thresholds import CAP, HALF_SPENT, JITTER, LONGEST_ROUNDS, OPENING, ROUND
from daemon.core.value import Value


class Rounds(Value, frozen=True):
    """Where in time a watch is. Times are Unix seconds."""

    first_at: float | None = None
    """When the first request was seen."""
    until: float = -math.inf
    """A scrape from then on begins the next round."""
    waiting: float = 1.0
    """The part of the later moments' prior that has not begun yet."""
    cap: float = math.inf
    """Nats that the current round may bring; infinite in the opening."""


class Portion(Value, frozen=True, kw_only=False):
    """Events of one round, or of the opening, that were seen together."""

    bad: float
    total: float
    cap: float
    begins: float | None
    """The part of the later moments' prior that begins with this round; ``None`` where the round goes on."""
    waiting: float


def cut(rounds: Rounds, scrapes: Iterable[Scrape]) -> tuple[Rounds, list[Portion]]:
    """The scrapes, oldest first, by the rounds that they belong to; those without events are left out.

    Whether they come in one call or in many makes no difference to what the tests make of them.
    """
    portions: list[Portion] = []
    first_at, until, waiting, cap = rounds.first_at, rounds.until, rounds.waiting, rounds.cap
    bad = total = 0.0
    begins: float | None = None
    for scrape in scrapes:
        events, at = scrape.total, scrape.at
        if events <= 0:
            continue
        if at >= until:
            if total > 0:
                portions.append(Portion(bad, total, cap, begins, waiting))
                bad = total = 0.0
            if first_at is None:
                first_at, until = at, math.nextafter(at + OPENING, math.inf)
            else:
                left = 1 / (1 + max(0.0, at - first_at) / HALF_SPENT)
                begins, waiting = max(0.0, waiting - left), left
                until, cap = at + ROUND - JITTER, CAP
        bad, total = bad + scrape.bad, total + events
        length = at - scrape.since
        if length > ROUND and cap < math.inf:
            cap = max(cap, CAP * min(length / ROUND, LONGEST_ROUNDS))
    if total <= 0:
        return rounds, portions
    portions.append(Portion(bad, total, cap, begins, waiting))
    return Rounds(first_at=first_at, until=until, waiting=waiting, cap=cap), portions
