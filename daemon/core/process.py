"""An e-process on a rate of bad events: evidence that the rate went over a bound, at whatever time.

It is a mixture over effect sizes (:data:`~daemon.core.evidence.EFFECTS`) and over the moment at which the
failure began. Most of the prior stands on "with the new pods' first request", for that is how releases
break; the rest is spread over later moments, nearly evenly over the first minutes and thinner after, so a
failure that begins late does not have to outweigh the good time before it. By Ville's inequality the process
exceeds 1/α with probability at most α under "the rate never exceeds the bound", however often one looks
(mixtures over the change point: Shin, Ramdas, Rinaldo, "E-detectors", 2024, New England J. Statistics in
Data Science).

A release that has begun well may still meet a burst that is none of its doing: a failover, a lost node. So
after the opening no single round of scrapes may bring more than ``CAP`` nats, whatever it shows, unless the
opening was bad already. A lower gain than the likelihood ratio's only lowers the process: the inequality
holds on. Whether it lasts is asked apart, in :mod:`daemon.core.lasting`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from math import exp
from operator import add, mul
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from daemon.core.evidence import EFFECTS, Ratio, log_sum
from daemon.core.model import Value

ROUND = 15.0
"""Seconds that count as one round of scrapes: the usual interval, and the least time that tells a failure
from a hiccup."""
JITTER = 1.0
"""Seconds by which scrapes may come early: the same pod's next one belongs to the next round."""
OPENING = 20.0
"""Seconds from the new pods' first request in which evidence is not capped: a first scrape is mostly a part
of an interval, and the first whole one must be able to decide."""
CAP = 3.4
"""Nats that one round may bring after the opening. Four bad rounds decide, three do not."""
BEGAN_BADLY = 2.5
"""How many times that one round may bring for a failure that the opening showed already: it is no burst."""
SPREAD = 20.0
"""Rounds after which half of the later moments' prior is spent."""
LONGEST = 2.0
"""Rounds that one scrape may count for, where scrapes are further apart than a round."""
AT_ONCE = 0.8
"""Prior of a failure that begins with the first request."""

_NONE = (0.0,) * len(EFFECTS)
_AT_ONCE = AT_ONCE / len(EFFECTS)
_LATER = (1 - AT_ONCE) / len(EFFECTS)
_HIGHEST = 690.0
"""Nats above which a number has no exponential any more."""
_MOST = math.exp(_HIGHEST)


class Scrape(Protocol):
    """Events of one scrape, in (``since``, ``at``] (Unix seconds)."""

    @property
    def at(self) -> float: ...
    @property
    def since(self) -> float: ...
    @property
    def bad(self) -> float: ...
    @property
    def total(self) -> float: ...


class Count(NamedTuple):
    """A scrape of nothing but its numbers."""

    at: float
    since: float
    bad: float
    total: float


class Process(Value, frozen=True):
    """The evidence so far, one number for each effect size."""

    first_at: float | None = None
    """When the first request was seen (Unix seconds)."""
    opened_at: float = math.inf
    """When the current round began; infinite in the opening."""
    until: float = -math.inf
    """A scrape from then on begins the next round."""
    left: float = 1.0
    """The part of the later moments' prior that had not begun when it did."""
    cap: float = CAP
    open: tuple[float, ...] = _NONE
    """What the current round brought so far (nats), uncapped."""
    closed: tuple[float, ...] = _NONE
    """Log likelihood ratios (nats) of failures that began with the first request, up to the current round."""
    closed_later: tuple[float, ...] = _NONE
    """Likelihood ratios of later failures, each the mixture over the moments that have passed."""
    opening: tuple[float, ...] = _NONE
    """What the opening alone brought to ``at_once``."""
    at_once: tuple[float, ...] = _NONE
    """As ``closed``, with the current round."""
    later: tuple[float, ...] = _NONE
    """As ``closed_later``, with the current round."""
    log_e: float = 0.0
    """Of the whole mixture, nats."""

    def holds(self, scrapes: Sequence[Scrape]) -> bool:
        """Whether these, oldest first, all belong to the current round, or all to the next one."""
        first, last = scrapes[0], scrapes[-1]
        if self.first_at is None or not first.total:
            return False
        return last.at < (self.until if first.at < self.until else first.at + ROUND - JITTER)


def follow(
    process: Process, scrapes: Iterable[Scrape], ratios: tuple[Ratio, ...], dispersion: float = 1.0
) -> Process:
    """The process after these scrapes, oldest first, each event being worth 1 / ``dispersion`` of one.

    ``ratios`` are those of the bound that held before them; it may differ from call to call. Whether the
    scrapes come in one call or in many makes no difference.
    """
    bad = total = longest = 0.0
    until = process.until
    for scrape in scrapes:
        if scrape.total <= 0:
            continue
        at = scrape.at
        if at >= until:
            process = _next_round(_booked(process, bad, total, longest, ratios, dispersion), at)
            bad = total = longest = 0.0
            until = process.until
        bad, total = bad + scrape.bad, total + scrape.total
        if at - scrape.since > longest:
            longest = at - scrape.since
    return _booked(process, bad, total, longest, ratios, dispersion)


def _next_round(process: Process, at: float) -> Process:
    """With the round before closed, and one begun at ``at``."""
    first_at = process.first_at
    if first_at is None:
        return replace(process, first_at=at, until=math.nextafter(at + OPENING, math.inf))
    left = 1 / (1 + max(0.0, at - first_at) / (SPREAD * ROUND))
    later = tuple(map(max(0.0, process.left - left).__add__, process.later))
    return Process(
        first_at=first_at,
        opened_at=at,
        until=at + ROUND - JITTER,
        left=left,
        closed=process.at_once,
        closed_later=later,
        opening=process.opening,
        at_once=process.at_once,
        later=later,
        log_e=process.log_e,
    )


def _booked(
    process: Process,
    bad: float,
    total: float,
    longest: float,
    ratios: tuple[Ratio, ...],
    dispersion: float,
) -> Process:
    """With these events in the current round, or in the opening; ``longest`` is their longest scrape's."""
    if total <= 0:
        return process
    bad, good = bad / dispersion, (total - bad) / dispersion
    gains = [bad * worse + good * better for worse, better in ratios]
    first_at, opened_at = process.first_at, process.opened_at
    if first_at is None or opened_at == math.inf:
        at_once = tuple(map(add, process.at_once, gains))
        return Process(
            first_at=first_at,
            until=process.until,
            opening=at_once,
            at_once=at_once,
            log_e=_log_e(at_once, _NONE, 1.0),
        )
    if process.open is not _NONE:
        gains = list(map(add, process.open, gains))
    cap = process.cap
    if longest > ROUND:
        cap = max(cap, CAP * min(longest / ROUND, LONGEST))
    at_once, later = _gained(process, gains, cap)
    return Process(
        first_at=first_at,
        opened_at=opened_at,
        until=process.until,
        left=process.left,
        cap=cap,
        open=tuple(gains),
        closed=process.closed,
        closed_later=process.closed_later,
        opening=process.opening,
        at_once=at_once,
        later=later,
        log_e=_log_e(at_once, later, process.left),
    )


Numbers = tuple[float, ...]


def _gained(process: Process, gains: list[float], cap: float) -> tuple[Numbers, Numbers]:
    """Failures at once and later ones with the current round's gains, as far as it may count.

    This is where a judgement spends its time, so the sums run in C.
    """
    if max(gains) < cap:
        at_once, later = map(add, process.closed, gains), map(exp, gains)
    else:
        wide = cap * BEGAN_BADLY
        most = [wide if begun > 0 else cap for begun in process.opening]
        at_once = map(add, process.closed, map(min, gains, most))
        later = map(exp, [min(gain, cap) for gain in gains])
    grown = tuple(map(mul, process.closed_later, later))
    if max(grown) > _MOST:
        grown = tuple([min(value, _MOST) for value in grown])
    return tuple(at_once), grown


def _log_e(at_once: Numbers, later: Numbers, left: float) -> float:
    """Of the mixture, with the failures that have not begun yet, whose ratio is 1."""
    if max(at_once) > _HIGHEST:
        return log_sum(at_once) + math.log(_AT_ONCE)
    return math.log(_AT_ONCE * sum(map(exp, at_once)) + _LATER * sum(later) + (1 - AT_ONCE) * left)
