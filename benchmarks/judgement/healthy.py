"""Families of healthy releases, by how their services behave: none of them may be rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from .effects import (
    Bursts,
    Clumps,
    Retries,
    Rush,
    Tide,
    Wander,
)
from .families import Family, Group, family, label

TRAFFIC = (0.1, 0.5, 1.0, 5.0, 20.0, 50.0, 200.0, 1000.0)
RATES = (0.0, 0.002, 0.01, 0.04)


def families() -> Iterator[Family]:
    yield from _unchanged()
    yield from _under_the_limit()
    yield from _clumped()
    yield from _bursty()
    yield from _wandering()
    yield from _seasonal()


_family = partial(family, Group.HEALTHY)


def _unchanged() -> Iterator[Family]:
    for traffic in TRAFFIC:
        for rate in RATES:
            yield _family(
                f"unchanged {label(rate)}",
                "nothing changed",
                traffic,
                rate,
                quick=traffic in {0.5, 5.0, 50.0} and rate in {0.0, 0.01, 0.04},
            )
    for traffic in (1.0, 5.0, 50.0):
        yield _family(
            "unchanged 1%, short history",
            "nothing changed; only ten minutes are known of the time before",
            traffic,
            0.01,
            history=600.0,
            quick=traffic == 5.0,
        )
    for traffic in (0.5, 5.0, 50.0):
        yield _family(
            "unchanged 1%, rolling",
            "nothing changed; pods are replaced one by one",
            traffic,
            0.01,
            rollout="rolling",
            quick=traffic == 5.0,
        )
    yield _family(
        "unchanged 1%, canary",
        "nothing changed; a tenth goes to a new pod",
        20.0,
        0.01,
        rollout="canary",
        exposure=0.1,
    )


def _under_the_limit() -> Iterator[Family]:
    for worse in (0.03, 0.04):
        for traffic in (0.5, 1.0, 5.0, 20.0, 50.0, 200.0, 1000.0):
            yield _family(
                f"worse 1% to {label(worse)}",
                "the release is worse than before, and under the operator's limit",
                traffic,
                0.01,
                new_rate=worse,
                quick=traffic in {5.0, 50.0} and worse == 0.04,
            )
    for traffic in (0.5, 5.0, 20.0, 200.0):
        yield _family(
            "over the limit before, unchanged 8%",
            "the baseline is over the limit already, and the release changes nothing",
            traffic,
            0.08,
            quick=traffic == 5.0,
        )


def _clumped() -> Iterator[Family]:
    for dispersion in (4.0, 10.0):
        for traffic in (1.0, 5.0, 50.0):
            yield _family(
                f"clumped errors 1%, dispersion {dispersion:g}",
                "beta-binomial errors, each pod and scrape with a luck of its own",
                traffic,
                0.01,
                effects=(Clumps(dispersion=dispersion),),
                quick=traffic == 5.0,
            )
        yield _family(
            f"clumped errors 1%, dispersion {dispersion:g}, shared",
            "beta-binomial errors, the luck of a scrape interval being the service's",
            20.0,
            0.01,
            effects=(Clumps(dispersion=dispersion, shared=True),),
        )
    for traffic in (1.0, 5.0, 50.0):
        yield _family(
            "retry storms 1%",
            "each failure is tried again two to four times, and fails each time",
            traffic,
            0.01,
            effects=(Retries(),),
            quick=traffic == 5.0,
        )


def _bursty() -> Iterator[Family]:
    kinds = (
        (1.0, 300.0, 15.0, (0.5, 0.5), False),
        (1.0, 600.0, 45.0, (0.1, 0.5), False),
        (1.0, 1800.0, 30.0, (0.5, 0.5), False),
        (5.0, 300.0, 15.0, (0.5, 0.5), True),
        (5.0, 300.0, 30.0, (0.1, 0.1), False),
        (5.0, 300.0, 45.0, (0.1, 0.5), True),
        (5.0, 600.0, 30.0, (0.5, 0.5), False),
        (5.0, 600.0, 45.0, (0.2, 0.2), True),
        (5.0, 1800.0, 15.0, (0.1, 0.5), False),
        (5.0, 1800.0, 45.0, (0.5, 0.5), False),
        (20.0, 300.0, 30.0, (0.1, 0.5), False),
        (20.0, 600.0, 45.0, (0.2, 0.5), False),
        (50.0, 300.0, 15.0, (0.5, 0.5), False),
        (50.0, 300.0, 30.0, (0.1, 0.5), True),
        (50.0, 600.0, 30.0, (0.1, 0.1), False),
        (50.0, 600.0, 45.0, (0.5, 0.5), False),
        (50.0, 1800.0, 30.0, (0.1, 0.5), False),
        (200.0, 300.0, 30.0, (0.1, 0.5), False),
        (1000.0, 600.0, 45.0, (0.1, 0.5), False),
    )
    for traffic, every, lasts, rate, quick in kinds:
        span = label(rate[0]) if rate[0] == rate[1] else f"{label(rate[0])}-{label(rate[1])}"
        yield _family(
            f"bursts of {lasts:g} s, {span}, every {every / 60:g} min",
            "the service fails in bursts, before the rollout as after it; one at least lies in the history",
            traffic,
            0.005,
            effects=(Bursts(every=every, lasts=lasts, rate=rate),),
            quick=quick,
        )
    yield _family(
        "first burst ever seen",
        "bursts of 45 s at 50 % every half hour, perhaps none in the history: what lasts longer than 30 s as "
        "never before is taken for the release's, for waiting longer would delay all others",
        50.0,
        0.005,
        effects=(Bursts(every=1800.0, lasts=45.0, rate=(0.5, 0.5), unseen=True),),
        promised=False,
    )


def _wandering() -> Iterator[Family]:
    for traffic in (1.0, 5.0, 50.0, 200.0):
        yield _family(
            "wandering rate about 1%",
            "the rate's logarithm wanders: AR(1), standard deviation 0.4, memory 120 s",
            traffic,
            0.01,
            effects=(Wander(deviation=0.4, memory=120.0),),
            quick=traffic == 50.0,
        )


def _seasonal() -> Iterator[Family]:
    for traffic in (1.0, 20.0, 200.0):
        yield _family(
            "tide of 24 h",
            "traffic and errors rise with the day, at their steepest when the rollout begins",
            traffic,
            0.03,
            effects=(Tide(traffic=0.6, rate=0.6),),
            quick=traffic == 20.0,
        )
    for traffic in (5.0, 50.0):
        yield _family(
            "hourly rush to 4%",
            "a cron job each hour doubles the traffic and brings 4 % errors for 90 s, the limit being 5 %",
            traffic,
            0.005,
            effects=(Rush(at=(30.0, 450.0), lasts=90.0, rate=0.04, traffic=2.0),),
        )
        yield _family(
            "hourly rush to 12%, an hour known",
            "a cron job each hour brings 12 % errors for 60 s; the last one lies in the known history",
            traffic,
            0.005,
            effects=(Rush(at=(30.0, 450.0), lasts=60.0, rate=0.12, traffic=2.0),),
            history=4200.0,
        )
    yield _family(
        "hourly rush to 20% in a canary's watch",
        "a cron job's errors hit the old pods beside the new one just as well",
        50.0,
        0.005,
        effects=(Rush(at=(60.0, 400.0), lasts=90.0, rate=0.2, traffic=1.5),),
        rollout="canary",
        exposure=0.2,
    )
