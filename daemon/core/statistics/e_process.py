"""E-processes on a rate of bad events: evidence that the rate went over a bound, at whatever time.

Each is a mixture over effect sizes (:data:`EFFECTS`, with their prior) and over the
moment at which the failure began. Most of the prior stands on "with the new pods' first request", for that is
how releases break; the rest is spread over later moments, nearly evenly over the first minutes and thinner
after, so a failure that begins late does not have to outweigh the good time before it. By Ville's inequality
the process exceeds 1/α with probability at most α under "the rate never exceeds the bound", however often one
looks (mixtures over the change point: Shin, Ramdas, Rinaldo, "E-detectors", 2024, New England J. Statistics
in Data Science).

A release that has begun well may still meet a burst that is none of its doing: a failover, a lost node. So
after the opening no single round of scrapes may bring more than ``CAP`` nats, whatever it shows, unless the
opening was bad already. A lower gain than the likelihood ratio's only lowers the process: the inequality
holds on. Whether it lasts is asked apart, in :mod:`daemon.core.attribution.bursts`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from math import exp
from operator import add, mul

from msgspec.structs import replace

from daemon.core.statistics.counts import Scrape
from daemon.core.statistics.likelihood import LOG_WEIGHTS, WEIGHTS, Ratio, log_sum
from daemon.core.value import Value

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

Numbers = tuple[float, ...]
_EFFECTS = len(WEIGHTS)
_HIGHEST = 690.0
"""Nats above which a number has no exponential any more."""
_MOST = math.exp(_HIGHEST)


class EProcess(Value, frozen=True):
    """The evidence so far, against one bound or several at once.

    All of the tuples of numbers have one for each effect size against the first bound, then one for each
    against the second, and so on. They are empty until the first request.
    """

    first_at: float | None = None
    """When the first request was seen (Unix seconds)."""
    opened_at: float = math.inf
    """When the current round began; infinite in the opening."""
    until: float = -math.inf
    """A scrape from then on begins the next round."""
    left: float = 1.0
    """The part of the later moments' prior that had not begun when it did."""
    cap: float = CAP
    open: Numbers = ()
    """What the current round brought so far (nats), uncapped; empty while it brought nothing."""
    closed: Numbers = ()
    """Log likelihood ratios (nats) of failures that began with the first request, up to the current round.

    Each with its effect's prior.
    """
    closed_later: Numbers = ()
    """The same of later failures, as ratios: each the mixture over the moments that have passed."""
    opening: Numbers = ()
    """What the opening alone brought to ``at_once``, without the prior."""
    at_once: Numbers = ()
    """As ``closed``, with the current round."""
    later: Numbers = ()
    """As ``closed_later``, with the current round."""
    evidence: Numbers = ()
    """Log e-values (nats), one for each bound."""

    def log_e(self, which: int = 0) -> float:
        """The evidence (nats) against that bound."""
        return self.evidence[which] if self.evidence else 0.0


def accumulate(
    process: EProcess, scrapes: Iterable[Scrape], ratios: Sequence[Ratio], dispersion: float = 1.0
) -> EProcess:
    """The process after these scrapes, oldest first, each event being worth 1 / ``dispersion`` of one.

    ``ratios`` are those of the bounds that held before them, one after the other: as many in each call, of
    whatever bounds. Whether the scrapes come in one call or in many makes no difference.
    """
    bad = total = longest = 0.0
    until = process.until
    for scrape in scrapes:
        more = scrape.total
        if more <= 0:
            continue
        at = scrape.at
        if at >= until:
            if total > 0:
                process = _booked(process, bad, total, longest, ratios, dispersion)
                bad = total = longest = 0.0
            process = _next_round(process, at)
            until = process.until
        bad, total = bad + scrape.bad, total + more
        if at - scrape.since > longest:
            longest = at - scrape.since
    return _booked(process, bad, total, longest, ratios, dispersion) if total > 0 else process


def _next_round(process: EProcess, at: float) -> EProcess:
    """With the round before closed, and one begun at ``at``."""
    first_at = process.first_at
    if first_at is None:
        return replace(process, first_at=at, until=math.nextafter(at + OPENING, math.inf))
    left = 1 / (1 + max(0.0, at - first_at) / (SPREAD * ROUND))
    begun = max(0.0, process.left - left)
    parts = [begun * weight for weight in WEIGHTS] * (len(process.at_once) // _EFFECTS)
    later = tuple(map(add, process.later, parts)) if process.later else tuple(parts)
    return EProcess(
        first_at=first_at,
        opened_at=at,
        until=at + ROUND - JITTER,
        left=left,
        closed=process.at_once,
        closed_later=later,
        opening=process.opening,
        at_once=process.at_once,
        later=later,
        evidence=process.evidence,
    )


def _booked(
    process: EProcess,
    bad: float,
    total: float,
    longest: float,
    ratios: Sequence[Ratio],
    dispersion: float,
) -> EProcess:
    """With these events in the current round, or in the opening; ``longest`` is their longest scrape's."""
    bad, good = bad / dispersion, (total - bad) / dispersion
    gains = tuple([bad * worse + good * better for worse, better in ratios])
    first_at, opened_at = process.first_at, process.opened_at
    if first_at is None or opened_at == math.inf:
        opening = tuple(map(add, process.opening, gains)) if process.opening else gains
        at_once = tuple(map(add, opening, LOG_WEIGHTS * (len(gains) // _EFFECTS)))
        return EProcess(
            first_at=first_at,
            until=process.until,
            opening=opening,
            at_once=at_once,
            evidence=_evidence(at_once, (), 1.0),
        )
    if process.open:
        gains = tuple(map(add, process.open, gains))
    cap = process.cap
    if longest > ROUND:
        cap = max(cap, CAP * min(longest / ROUND, LONGEST))
    at_once, later = _gained(process, gains, cap)
    return EProcess(
        first_at=first_at,
        opened_at=opened_at,
        until=process.until,
        left=process.left,
        cap=cap,
        open=gains,
        closed=process.closed,
        closed_later=process.closed_later,
        opening=process.opening,
        at_once=at_once,
        later=later,
        evidence=_evidence(at_once, later, process.left),
    )


def _gained(process: EProcess, gains: Numbers, cap: float) -> tuple[Numbers, Numbers]:
    """Failures at once and later ones with the current round's gains, as far as it may count.

    This is where a judgement spends its time, so the sums run in C.
    """
    highest = max(gains)
    if highest < cap:
        at_once, later = map(add, process.closed, gains), map(exp, gains)
    else:
        wide = cap * BEGAN_BADLY
        most = [wide if begun > 0 else cap for begun in process.opening]
        at_once = map(add, process.closed, map(min, gains, most))
        later = map(exp, [min(gain, cap) for gain in gains])
    grown = tuple(map(mul, process.closed_later, later))
    if highest > 0 and max(grown) > _MOST:
        grown = tuple([min(value, _MOST) for value in grown])
    return tuple(at_once), grown


def _evidence(at_once: Numbers, later: Numbers, left: float) -> Numbers:
    """Of the mixtures, each with the failures that have not begun yet, whose ratio is 1."""
    waiting, certain = (1 - AT_ONCE) * left, max(at_once) > _HIGHEST
    found = []
    for begin in range(0, len(at_once), _EFFECTS):
        end = begin + _EFFECTS
        mine = at_once[begin:end]
        if certain and max(mine) > _HIGHEST:
            found.append(log_sum(mine) + math.log(AT_ONCE))
        else:
            begun = AT_ONCE * sum(map(exp, mine)) + (1 - AT_ONCE) * sum(later[begin:end])
            found.append(math.log(begun + waiting))
    return tuple(found)
