"""Families of healthy releases that something else disturbs: youth, scraping, scaling, traffic."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from .effects import (
    ClockStep,
    Duplicated,
    Effect,
    Flaw,
    Gap,
    LateCounter,
    Missed,
    Outage,
    PollsFail,
    Resets,
    Scope,
    Shift,
    Traffic,
    WarmUp,
)
from .families import Family, Group, family, label

_family = partial(family, Group.HEALTHY)


def families() -> Iterator[Family]:
    yield from _young()
    yield from _scraped_badly()
    yield from _scaled()
    yield from _in_other_ways()


def _young() -> Iterator[Family]:
    for traffic in (0.5, 5.0, 50.0, 200.0):
        yield _family(
            "slow while young",
            "cold caches: 5 to 40 % of a new pod's first requests are slow, decaying within 15 to 60 s",
            traffic,
            0.003,
            signal="latency",
            effects=(WarmUp(peak=(0.05, 0.4), lasts=(15.0, 60.0)),),
            quick=traffic in {5.0, 50.0},
        )
    yield _family(
        "slow while young, rolling",
        "the same, pods being replaced one by one",
        20.0,
        0.003,
        signal="latency",
        rollout="rolling",
        effects=(WarmUp(peak=(0.05, 0.4), lasts=(15.0, 60.0)),),
    )
    for traffic, share in ((0.5, 0.005), (5.0, 0.005), (20.0, 0.005), (20.0, 0.01), (50.0, 0.005)):
        yield _family(
            f"slow share unchanged {label(share)}",
            "nothing changed",
            traffic,
            share,
            signal="latency",
            quick=traffic == 5.0,
        )
    for rate, traffic in ((0.1, 1.0), (0.06, 5.0), (0.06, 50.0)):
        yield _family(
            f"{label(rate)} errors in the first 15 s",
            "each new pod fails some of its first scrape interval's requests, and is well from then on",
            traffic,
            0.005,
            effects=(Shift(rate=(rate, rate), lasts=(15.0, 15.0)),),
            quick=traffic == 5.0,
        )
    yield _family(
        "10% errors in the first 15 s",
        "the same; but 12 bad ones of 75 come up in 7 % of these, and a rule that wanted 13 would miss a "
        "quarter of the releases that fail 20 % for good at their first scrape",
        5.0,
        0.005,
        effects=(Shift(rate=(0.1, 0.1), lasts=(15.0, 15.0)),),
        promised=False,
    )
    for traffic in (1.0, 5.0, 20.0, 50.0):
        yield _family(
            "total outage of 30 s",
            "every request fails for 30 s at some time after the first minute, as never before",
            traffic,
            0.005,
            effects=(Shift(rate=(1.0, 1.0), at=(60.0, 500.0), lasts=(30.0, 30.0)),),
            quick=traffic == 50.0,
        )
    for traffic in (1.0, 5.0, 20.0):
        yield _family(
            "blip of 20 s",
            "20 to 30 % errors for 20 s at some time within the watch, gone by themselves",
            traffic,
            0.005,
            effects=(Shift(rate=(0.2, 0.3), at=(45.0, 500.0), lasts=(20.0, 20.0), scope=Scope.ALL),),
            quick=traffic == 5.0,
        )


def _scraped_badly() -> Iterator[Family]:
    kinds: tuple[tuple[str, str, Flaw], ...] = (
        ("restarts", "each new pod's counters start anew twice within the watch", Resets(times=2)),
        ("scrape gap", "nothing is scraped for 60 to 120 s", Gap(at=(20.0, 400.0), lasts=(60.0, 120.0))),
        ("missed scrapes", "a fifth of the scrapes is missing", Missed(share=0.2)),
        ("failed polls", "queries fail eight times, for 5 to 15 s", PollsFail(times=8)),
        (
            "monitoring outage",
            "Prometheus is down for 2 to 5 minutes",
            Outage(at=(5.0, 240.0), lasts=(120.0, 300.0)),
        ),
        ("scraped twice", "a pair of Prometheus servers, read under one name", Duplicated(offset=(3.0, 8.0))),
        (
            "clock forward",
            "Prometheus's clock jumps 30 s ahead",
            ClockStep(at=(60.0, 400.0), by=(30.0, 30.0)),
        ),
        ("clock back", "Prometheus's clock jumps 30 s back", ClockStep(at=(60.0, 400.0), by=(-30.0, -30.0))),
        ("late counters", "a pod's error counter exists only from its first error on", LateCounter()),
    )
    for name, note, flaw in kinds:
        for traffic in (
            (1.0, 50.0) if name not in {"late counters", "monitoring outage"} else (0.5, 5.0, 50.0)
        ):
            yield _family(
                name,
                note,
                traffic,
                0.01,
                flaws=(flaw,),
                quick=traffic in {5.0, 50.0}
                and name in {"restarts", "monitoring outage", "scraped twice", "late counters"},
            )


def _scaled() -> Iterator[Family]:
    scaling = ((-1200.0, 2), (-600.0, -2), (120.0, 2), (360.0, -2))
    for traffic in (1.0, 20.0):
        yield _family(
            "autoscaled",
            "pods come and go before the rollout and after it",
            traffic,
            0.01,
            scaling=scaling,
            quick=traffic == 20.0,
        )
    for pods in (1, 12):
        yield _family(f"unchanged 1%, {pods} pods", "nothing changed", 20.0, 0.01, pods=pods)
    yield _family("unchanged 1%, round robin", "requests are dealt out in turn", 20.0, 0.01, even=True)


def _in_other_ways() -> Iterator[Family]:
    yield _family("no traffic", "not one request, before the rollout or after it", 0.0, 0.0, quick=True)
    changes: tuple[tuple[str, str, tuple[Effect, ...]], ...] = (
        (
            "traffic stops",
            "the requests end within the watch",
            (Traffic(factor=(0.0, 0.0), at=(60.0, 300.0)),),
        ),
        (
            "traffic fivefold",
            "five times the requests, and no more errors",
            (Traffic(factor=(5.0, 5.0), at=(30.0, 300.0)),),
        ),
    )
    for name, note, effects in changes:
        for traffic in (1.0, 20.0):
            yield _family(name, note, traffic, 0.01, effects=effects, quick=traffic == 1.0)
    for traffic in (1.0, 50.0):
        yield _family(
            "two signals, unchanged",
            "errors and latency are watched, nothing changed",
            traffic,
            0.01,
            beside=True,
        )
