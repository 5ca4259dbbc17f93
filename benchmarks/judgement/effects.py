"""What can happen to a service (`Effect`) and to its scraping (`Flaw`), as data.

Times are seconds from the rollout's start, negative before it. A pair is a range that each record draws from
evenly; ``(a, a)`` is a fixed value. Rates are shares of requests, 0 to 1.
"""

from __future__ import annotations

from enum import StrEnum

from daemon.core.value import Value

Range = tuple[float, float]


class Scope(StrEnum):
    """Whom an effect hits."""

    ALL = "all"
    NEW = "new"
    ONE_NEW = "one-new"


class Shift(Value, frozen=True):
    """The rate moves to a level between two moments, over ``ramp`` seconds from where it was."""

    rate: Range
    at: Range = (0.0, 0.0)
    lasts: Range = (1e9, 1e9)
    ramp: float = 0.0
    scope: Scope = Scope.NEW


class Bursts(Value, frozen=True):
    """The service is hit on and off, before the rollout and after it, old pods and new ones alike.

    Gaps are between half and one and a half times ``every``. One burst at least lies in the history, for what
    has never been seen cannot be told from the release's doing; ``unseen`` turns that off.
    """

    every: float
    lasts: float
    rate: Range
    unseen: bool = False


class Clumps(Value, frozen=True):
    """Errors of one scrape interval share their luck: beta-binomial, with ``dispersion`` times the variance.

    ``shared``: the luck is the service's and not each pod's own.
    """

    dispersion: float
    shared: bool = False


class Retries(Value, frozen=True):
    """Each failure is tried again so many times at once, and fails each time; the rate includes these."""

    least: int = 2
    most: int = 4


class Wander(Value, frozen=True):
    """The rate's logarithm wanders (AR(1), stationary), the same for all pods; ``memory`` in seconds."""

    deviation: float
    memory: float


class Tide(Value, frozen=True):
    """A sine of 24 hours in the traffic and the rate, rising at its steepest when the rollout begins."""

    traffic: float
    rate: float


class Rush(Value, frozen=True):
    """Once an hour traffic and rate jump (a cron job): after the rollout, and 3600 s before that."""

    at: Range
    lasts: float
    rate: float
    traffic: float = 1.0


class WarmUp(Value, frozen=True):
    """A pod is worse when young: the rate starts at ``peak`` and decays, to a twentieth after ``lasts``."""

    peak: Range
    lasts: Range


class Blip(Value, frozen=True):
    """Each new pod fails so many of its requests in its first seconds; both are drawn once for a release."""

    rate: Range
    lasts: Range


class Aged(Value, frozen=True):
    """Each new pod goes bad so many seconds after its own start, as when a pool fills."""

    rate: float
    after: Range


class Endpoint(Value, frozen=True):
    """One endpoint fails wholly on new pods; its share of the requests wanders about ``share``."""

    share: float


class Traffic(Value, frozen=True):
    """The traffic is multiplied from a moment on."""

    factor: Range
    at: Range


class Overload(Value, frozen=True):
    """Traffic beyond what the pods can serve: what is over ``capacity`` (times the usual traffic) fails."""

    factor: Range
    capacity: float
    at: Range


Effect = (
    Shift
    | Blip
    | Bursts
    | Clumps
    | Retries
    | Wander
    | Tide
    | Rush
    | WarmUp
    | Aged
    | Endpoint
    | Traffic
    | Overload
)


class Resets(Value, frozen=True):
    """Each pod's process restarts so many times within the watch: its counters begin anew."""

    times: int


class Gap(Value, frozen=True):
    """Prometheus scrapes nothing for a while."""

    at: Range
    lasts: Range


class Missed(Value, frozen=True):
    """This share of the scrapes is missing."""

    share: float


class PollsFail(Value, frozen=True):
    """Queries fail now and then, for 5 to 15 s each time, this many times; nothing scraped is lost."""

    times: int


class Outage(Value, frozen=True):
    """Prometheus is down: no scrapes and no answers."""

    at: Range
    lasts: Range


class Duplicated(Value, frozen=True):
    """Two servers scrape each pod, the second so many seconds after the first, under one name."""

    offset: Range


class ClockStep(Value, frozen=True):
    """Prometheus's clock jumps. What then seems older than the newest sample is refused, as it does."""

    at: Range
    by: Range


class LateCounter(Value, frozen=True):
    """A pod's counter of bad events exists only from its first bad event on."""


Flaw = Resets | Gap | Missed | PollsFail | Outage | Duplicated | ClockStep | LateCounter
