"""Families of releases that broke the service: each should be found, and soon."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from .effects import Aged, Bursts, Endpoint, Gap, LateCounter, Missed, Range, Resets, Shift, WarmUp
from .families import Family, Group, family, label

_family = partial(family, Group.FAILING)


def families() -> Iterator[Family]:
    yield from _steps()
    yield from _later()
    yield from _slowly()
    yield from _in_part()
    yield from _while_rolling()
    yield from _slower()
    yield from _under_bad_conditions()


def step_name(rate: float, traffic: float, before: float) -> str:
    """The name of a plain step's family, which the figures that must be reached go by."""
    return f"step {label(before)} to {label(rate)}, {traffic:g}/s"


STEPS: tuple[tuple[float, tuple[float, ...]], ...] = (
    (0.06, (20.0, 50.0, 200.0, 1000.0)),
    (0.08, (5.0, 20.0, 50.0, 200.0)),
    (0.1, (1.0, 5.0, 20.0, 50.0, 200.0)),
    (0.2, (1.0, 5.0, 10.0, 20.0, 50.0, 200.0, 1000.0)),
    (0.5, (0.5, 1.0, 5.0, 50.0)),
    (1.0, (0.1, 0.5, 1.0, 5.0, 50.0)),
)
BOTH = {(0.06, 20.0), (0.06, 50.0), (0.1, 5.0), (0.1, 20.0), (0.2, 5.0), (0.2, 10.0), (0.5, 1.0), (1.0, 0.5)}
"""Steps from either baseline: those that must be found so and so fast."""


def _steps() -> Iterator[Family]:
    for rate, levels in STEPS:
        for traffic in levels:
            for before in (0.002, 0.01) if (rate, traffic) in BOTH else (0.01,):
                yield _family(
                    f"step {label(before)} to {label(rate)}",
                    "bad from the first request on",
                    traffic,
                    before,
                    new_rate=rate,
                    known_rate=rate,
                    quick=before == 0.01 and (rate, traffic) in BOTH,
                )


def _later() -> Iterator[Family]:
    for rate, traffic in (
        (0.1, 5.0),
        (0.1, 50.0),
        (0.2, 5.0),
        (0.2, 20.0),
        (0.5, 1.0),
        (0.5, 20.0),
        (1.0, 0.5),
        (1.0, 50.0),
    ):
        yield _family(
            f"later to {label(rate)}",
            "well at first, bad from a moment between 60 and 400 s on",
            traffic,
            0.01,
            effects=(Shift(rate=(rate, rate), at=(60.0, 400.0)),),
            quick=(rate, traffic) in {(0.2, 20.0), (1.0, 50.0)},
        )


def _slowly() -> Iterator[Family]:
    for traffic in (5.0, 50.0):
        yield _family(
            "ramp to 20% in 2 min",
            "the rate climbs; its delay counts from when it crosses the limit",
            traffic,
            0.01,
            effects=(Shift(rate=(0.2, 0.2), ramp=120.0),),
            quick=traffic == 5.0,
        )
    for traffic in (1.0, 20.0, 200.0):
        yield _family(
            "leak to 30% in 8 min",
            "the rate climbs slowly; its delay counts from when it crosses the limit",
            traffic,
            0.005,
            effects=(Shift(rate=(0.3, 0.3), ramp=480.0),),
            quick=traffic == 20.0,
        )


def _in_part() -> Iterator[Family]:
    for exposure, rate, traffic in (
        (0.05, 0.5, 20.0),
        (0.05, 1.0, 50.0),
        (0.1, 0.2, 50.0),
        (0.1, 0.5, 20.0),
        (0.1, 0.2, 200.0),
    ):
        yield _family(
            f"canary with {label(exposure)} of the traffic, {label(rate)}",
            "one new pod gets a small part of the traffic, and fails",
            traffic,
            0.01,
            new_rate=rate,
            rollout="canary",
            exposure=exposure,
            quick=traffic == 20.0 and exposure == 0.1,
        )
    for traffic in (5.0, 50.0):
        yield _family(
            "one endpoint fails wholly",
            "the endpoint gets a fifth of the requests, more or less by the minute",
            traffic,
            0.005,
            effects=(Endpoint(share=0.2),),
        )
    for traffic in (0.5, 5.0, 20.0, 50.0):
        yield _family(
            "rolling, 20%" if traffic > 1 else "rolling, 100%",
            "pods are replaced one by one, and the new ones are bad",
            traffic,
            0.01,
            new_rate=0.2 if traffic > 1 else 1.0,
            rollout="rolling",
            quick=traffic == 20.0,
        )


def _while_rolling() -> Iterator[Family]:
    """What begins well: the last old pods go before it shows."""
    for rate, traffic in ((0.2, 5.0), (0.2, 20.0), (0.2, 50.0), (1.0, 1.0)):
        yield _family(
            f"rolling, {label(rate)} from some age on",
            "each new pod is well for its first 20 to 40 s, and bad from then on",
            traffic,
            0.01,
            rollout="rolling",
            effects=(Aged(rate=rate, after=(20.0, 40.0)),),
            quick=traffic == 20.0,
        )
    for rate, ramp, traffic in ((0.2, 120.0, 5.0), (0.2, 120.0, 50.0), (0.3, 480.0, 20.0)):
        yield _family(
            f"rolling, {'ramp' if ramp < 300 else 'leak'} to {label(rate)} in {ramp / 60:g} min",
            "the rate climbs while pods are replaced; its delay counts from when it crosses the limit",
            traffic,
            0.005,
            rollout="rolling",
            effects=(Shift(rate=(rate, rate), ramp=ramp),),
            quick=traffic == 20.0,
        )


def _slower() -> Iterator[Family]:
    for slow, traffic in ((0.05, 5.0), (0.05, 50.0), (0.2, 1.0), (0.2, 20.0), (0.6, 1.0), (0.6, 50.0)):
        yield _family(
            f"slow share 0.5% to {label(slow)}",
            "slower from the first request on; the limit is 1 %, and a minute of a pod's life is grace",
            traffic,
            0.005,
            signal="latency",
            new_rate=slow,
            quick=traffic == 20.0,
        )
    yield _family(
        "slow share 1% to 20%",
        "the baseline lies at the limit",
        20.0,
        0.01,
        signal="latency",
        effects=(Shift(rate=(0.2, 0.2)),),
    )
    for traffic in (5.0, 50.0):
        yield _family(
            "slow share 20%, errors well",
            "errors and latency are watched; the release is slow and correct",
            traffic,
            0.005,
            signal="latency",
            beside=True,
            new_rate=0.2,
        )


def _under_bad_conditions() -> Iterator[Family]:
    bursts = Bursts(every=300.0, lasts=30.0, rate=(0.1, 0.5))
    for rate, traffic in ((0.2, 5.0), (0.5, 5.0), (0.2, 50.0)):
        yield _family(
            f"bursty before, then {label(rate)}",
            "a service that fails in bursts of 30 s, and a release that fails all the time",
            traffic,
            0.005,
            effects=(bursts, Shift(rate=(rate, rate))),
            quick=(rate, traffic) == (0.2, 50.0),
        )
    spoiled = (
        ("scrape gap", "nothing is scraped for 60 to 90 s", Gap(at=(20.0, 60.0), lasts=(60.0, 90.0)), 0.2),
        ("restarts", "the bad pods restart four times", Resets(times=4), 0.2),
        ("missed scrapes", "a fifth of the scrapes is missing", Missed(share=0.2), 0.2),
        ("late counters", "the error counter exists only from a pod's first error on", LateCounter(), 0.5),
    )
    for name, note, flaw, rate in spoiled:
        yield _family(
            f"{label(rate)} and {name}",
            note,
            5.0,
            0.01,
            flaws=(flaw,),
            new_rate=rate,
            quick=name == "restarts",
        )
    for traffic in (5.0, 50.0):
        yield _family(
            "30% from the second minute on",
            "well while young, bad for good after that",
            traffic,
            0.005,
            effects=(Shift(rate=(0.3, 0.3), at=(90.0, 90.0)),),
        )
    young: Range = (0.05, 0.4)
    for traffic, rate in ((1.0, 1.0), (5.0, 1.0), (50.0, 0.9)):
        yield _family(
            f"slow share {label(rate)} while young and after",
            "an outage inside of the grace for young pods: it must be found, and not waited for",
            traffic,
            0.003,
            signal="latency",
            effects=(Shift(rate=(rate, rate)), WarmUp(peak=young, lasts=(15.0, 60.0))),
            quick=traffic == 5.0,
        )
