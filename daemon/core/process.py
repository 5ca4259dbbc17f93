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
holds on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from daemon.core.evidence import EFFECTS, Ratio, log_sum
from daemon.core.model import Value

ROUND = 15.0
"""Seconds that count as one round of scrapes: the usual interval, and the least time that tells a failure
from a hiccup."""
OPENING = 20.0
"""Seconds from the new pods' first request in which evidence is not capped: a first scrape is mostly a part
of an interval, and the first whole one must be able to decide."""
CAP = 3.4
"""Nats that one round may bring after the opening. Four bad rounds decide, three do not: a burst of half a
minute passes."""
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
_LOWEST = -40.0
"""Nats below which an effect adds nothing to the sum."""
_HIGHEST = 690.0
"""Nats above which a number has no exponential any more."""
_MOST = math.exp(_HIGHEST)


class Count(NamedTuple):
    """Events of one scrape, in (``since``, ``at``] (Unix seconds)."""

    at: float
    since: float
    bad: float
    total: float


class Process(Value, frozen=True):
    """The evidence so far, one number for each effect size."""

    first_at: float | None = None
    """When the first request was seen (Unix seconds)."""
    at_once: tuple[float, ...] = _NONE
    """Log likelihood ratios (nats) of failures that began with it."""
    opening: tuple[float, ...] = _NONE
    """What the opening alone brought to them."""
    later: tuple[float, ...] = _NONE
    """Likelihood ratios of later failures, each the mixture over the moments that have passed."""
    open: tuple[float, ...] = _NONE
    """What the current round brought so far (nats)."""
    opened_at: float = math.inf
    cap: float = CAP
    log_e: float = 0.0
    """Of the whole mixture, nats."""


def follow(process: Process, counts: Iterable[Count], ratios: tuple[Ratio, ...]) -> Process:
    """The process after these scrapes, oldest first.

    ``ratios`` are those of the bound that held before them; it may differ from call to call. Whether the
    scrapes come in one call or in many makes no difference.
    """
    bad = good = 0.0
    for count in counts:
        if count.total <= 0:
            continue
        if process.first_at is None or _begins_round(process, count.at):
            process = _next_round(_booked(process, bad, good, ratios), count.at)
            bad = good = 0.0
        length = count.at - count.since
        if length > ROUND and process.opened_at < math.inf:
            process = replace(process, cap=max(process.cap, CAP * min(length / ROUND, LONGEST)))
        bad, good = bad + count.bad, good + count.total - count.bad
    return _weighed(_booked(process, bad, good, ratios)) if bad or good else process


def _begins_round(process: Process, at: float) -> bool:
    assert process.first_at is not None
    if process.opened_at == math.inf:
        return at > process.first_at + OPENING
    return at >= process.opened_at + ROUND


def _booked(process: Process, bad: float, good: float, ratios: tuple[Ratio, ...]) -> Process:
    """With these events in the current round, or in the opening."""
    if not bad and not good:
        return process
    gains = [bad * worse + good * better for worse, better in ratios]
    if process.opened_at == math.inf:
        at_once = tuple([have + gain for have, gain in zip(process.at_once, gains, strict=True)])
        return replace(process, at_once=at_once, opening=at_once)
    opened = tuple([have + gain for have, gain in zip(process.open, gains, strict=True)])
    return replace(process, open=opened)


def _next_round(process: Process, at: float) -> Process:
    """With the round before closed, and one begun at ``at``."""
    if process.first_at is None:
        return replace(process, first_at=at)
    opened_at = process.opened_at
    before = _prior_left(process.first_at, opened_at) if opened_at < math.inf else 1.0
    begun = max(0.0, before - _prior_left(process.first_at, at))
    later = _gained_later(process.later, process.open, process.cap)
    return Process(
        first_at=process.first_at,
        at_once=_gained_at_once(process.at_once, process.open, process.opening, process.cap),
        opening=process.opening,
        later=tuple([have + begun for have in later]),
        opened_at=at,
    )


def _weighed(process: Process) -> Process:
    first_at, opened, cap = process.first_at, process.open, process.cap
    assert first_at is not None
    if process.opened_at == math.inf:
        return replace(process, log_e=_log_e(process.at_once, _NONE, 1.0))
    at_once = _gained_at_once(process.at_once, opened, process.opening, cap)
    later = _gained_later(process.later, opened, cap)
    return replace(process, log_e=_log_e(at_once, later, _prior_left(first_at, process.opened_at)))


def _gained_at_once(
    at_once: tuple[float, ...], opened: tuple[float, ...], opening: tuple[float, ...], cap: float
) -> tuple[float, ...]:
    if max(opened) < cap:
        return tuple([have + gain for have, gain in zip(at_once, opened, strict=True)])
    wide = cap * BEGAN_BADLY
    return tuple(
        [
            have + (gain if gain < cap else min(gain, wide if begun > 0 else cap))
            for have, gain, begun in zip(at_once, opened, opening, strict=True)
        ]
    )


def _gained_later(later: tuple[float, ...], opened: tuple[float, ...], cap: float) -> tuple[float, ...]:
    exp, most = math.exp, math.exp(cap)
    gained = [have * (exp(gain) if gain < cap else most) for have, gain in zip(later, opened, strict=True)]
    return tuple(gained) if max(gained) < _MOST else tuple([min(value, _MOST) for value in gained])


def _prior_left(first_at: float, at: float) -> float:
    """The part of the later moments' prior that lies after ``at``."""
    return 1 / (1 + max(0.0, at - first_at) / (SPREAD * ROUND))


def _log_e(at_once: Sequence[float], later: Sequence[float], left: float) -> float:
    """Of the mixture, with the failures that have not begun yet, whose ratio is 1."""
    rest = _LATER * sum(later) + (1 - AT_ONCE) * left
    peak = max(at_once)
    if peak > _HIGHEST:
        return log_sum(at_once) + math.log(_AT_ONCE)
    exp = math.exp
    return math.log(_AT_ONCE * sum([exp(have) for have in at_once if have > _LOWEST]) + rest)
