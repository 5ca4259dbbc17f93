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

from daemon.core.statistics.likelihood import Ratio
from daemon.core.statistics.rounds import Portion
from daemon.core.thresholds import AT_ONCE, BEGAN_BADLY, LARGEST_RATIO, LATER, WEIGHTS
from daemon.core.value import Value

Numbers = tuple[float, ...]
NONE: Numbers = (0.0,) * len(WEIGHTS)
_HIGHEST = math.log(LARGEST_RATIO)


class EProcess(Value, frozen=True):
    """The evidence so far against one bound. All tuples have one number for each effect size.

    Ratios are likelihood ratios times the effect's prior.
    """

    opening: Numbers = ()
    """What the opening brought (nats), uncapped."""
    open: Numbers = ()
    """What the current round brought so far (nats), uncapped."""
    closed: Numbers = ()
    """Ratios of failures that began with the first request, up to the current round."""
    closed_later: Numbers = ()
    """The same of later failures: each the mixture over the moments that have passed."""
    begins: float = 0.0
    """The part of the later moments' prior that began with the current round."""
    at_once: Numbers = ()
    """As ``closed``, with the current round."""
    later: Numbers = ()
    """As ``closed_later``, with the current round."""
    log_e: float = 0.0
    """The log e-value (nats)."""


def accumulate(
    process: EProcess, portions: Iterable[Portion], ratios: Sequence[Ratio], dispersion: float = 1.0
) -> EProcess:
    """The process after these rounds, each event being worth 1 / ``dispersion`` of one.

    ``ratios`` are those of the bound that held before them, one for each of the effects.

    Five scrapes by hand, 15 s apart, each of 100 requests, against a bound of 5 %. Of the seven effects take
    the one of six times the bound's odds: its rate is 24 %, and a bad request speaks for it with
    log(0.24 / 0.05) = 1.57 nats, a good one against it with log(0.76 / 0.95) = -0.22.

    >>> from types import SimpleNamespace
    >>> from daemon.core.statistics.likelihood import ratios
    >>> from daemon.core.statistics.rounds import Rounds, cut
    >>> [round(nats, 2) for nats in ratios(0.05)[4]]
    [1.57, -0.22]
    >>> def after(rounds: Rounds, process: EProcess, at: int, bad: int) -> tuple[Rounds, EProcess]:
    ...     scrape = SimpleNamespace(at=at, since=at - 15, bad=bad, total=100)
    ...     rounds, portions = cut(rounds, [scrape])
    ...     return rounds, accumulate(process, portions, ratios(0.05))

    The first two lie in the opening, and have 4 bad requests each: 4 · 1.57 - 96 · 0.22 = -15 nats apiece.
    The mixture cannot fall far, for 0.2 of it waits for failures that begin later.

    >>> rounds, process = after(Rounds(), EProcess(), 15, 4)
    >>> rounds, process = after(rounds, process, 30, 4)
    >>> round(process.opening[4]), round(process.log_e, 2)
    (-30, -1.12)

    The third has 40 bad ones, 40 · 1.57 - 60 · 0.22 = 49 nats, and it counts for 3.4, a factor of 30. With it
    begins 1 - 1 / (1 + 30 / 300) = 0.091 of the later prior, of which this effect has 0.06:
    0.091 · 0.06 · 30 = 0.16.

    >>> rounds, process = after(rounds, process, 45, 40)
    >>> round(process.open[4]), round(process.later[4], 2), round(process.log_e, 2)
    (49, 0.16, 1.5)

    From here each bad round brings 3.4 more. The fifth scrape, the third bad one, passes the 6 nats that a
    watch of two signals asks for; that a burst has not passed is asked elsewhere.

    >>> rounds, process = after(rounds, process, 60, 40)
    >>> round(process.log_e, 2)
    4.86
    >>> rounds, process = after(rounds, process, 75, 40)
    >>> round(process.log_e, 2)
    8.26
    """
    for portion in portions:
        bad, good = portion.bad / dispersion, (portion.total - portion.bad) / dispersion
        if portion.cap == math.inf:
            process = _opened(process, bad, good, ratios)
        else:
            process = _gained(process, portion, bad, good, ratios)
    return process


def _opened(process: EProcess, bad: float, good: float, ratios: Sequence[Ratio]) -> EProcess:
    """In the opening no failure has begun later, and nothing is capped."""
    before = process.opening or NONE
    opening = tuple(
        [gain + bad * worse + good * better for gain, (worse, better) in zip(before, ratios, strict=True)]
    )
    at_once = tuple(
        [weight * exp(min(gain, _HIGHEST)) for weight, gain in zip(WEIGHTS, opening, strict=True)]
    )
    return EProcess(
        opening=opening, at_once=at_once, later=NONE, log_e=math.log(AT_ONCE * sum(at_once) + LATER)
    )


def _gained(
    process: EProcess, portion: Portion, bad: float, good: float, ratios: Sequence[Ratio]
) -> EProcess:
    """With these events in the current round, as far as it may count.

    One plain loop over the effects, without a check that hardly ever matters: this is where a judgement
    spends its time.
    """
    cap = portion.cap
    if portion.begins is None:
        begins, before, closed, closed_later = (
            process.begins,
            process.open,
            process.closed,
            process.closed_later,
        )
    else:
        begins, before, closed, closed_later = portion.begins, NONE, process.at_once, process.later
    gains, at_once, later = [], [], []
    for (worse, better), gain, once, after, weight in zip(  # noqa: B905 (a tenth of the loop's time)
        ratios, before, closed, closed_later, WEIGHTS
    ):
        gain += bad * worse + good * better
        factor = exp(gain if gain < cap else cap)
        gains.append(gain)
        at_once.append(once * factor)
        later.append((after + begins * weight) * factor)
    if max(gains) > cap:
        at_once = _widened(process.opening, closed, gains, cap)
    mixture = AT_ONCE * sum(at_once) + LATER * (sum(later) + portion.waiting)
    if mixture > LARGEST_RATIO:
        at_once, later = _bounded(at_once), _bounded(later)
        mixture = AT_ONCE * sum(at_once) + LATER * (sum(later) + portion.waiting)
    return EProcess(
        opening=process.opening,
        open=tuple(gains),
        closed=closed,
        closed_later=closed_later,
        begins=begins,
        at_once=tuple(at_once),
        later=tuple(later),
        log_e=math.log(mixture),
    )


def _widened(opening: Numbers, closed: Numbers, gains: Sequence[float], cap: float) -> list[float]:
    """``at_once`` where a round brings more than the cap: an effect that the opening showed may have more."""
    return [
        once * exp(min(gain, cap * BEGAN_BADLY if begun > 0 else cap))
        for once, gain, begun in zip(closed, gains, opening, strict=True)
    ]


def _bounded(ratios: Sequence[float]) -> list[float]:
    return [min(ratio, LARGEST_RATIO) for ratio in ratios]
