"""Families of incidents that the release did not cause: a rollback would not help, and hides the cause."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from .effects import Overload, Scope, Shift
from .families import Family, Group, family, label

_family = partial(family, Group.INFRASTRUCTURE)


def families() -> Iterator[Family]:
    yield from _beside_old_pods()
    yield from _before_the_rollout()
    yield from _dependencies()
    yield from _nodes()
    yield from _overloads()


def _beside_old_pods() -> Iterator[Family]:
    for rate, traffic in ((0.2, 5.0), (0.2, 50.0), (0.5, 5.0), (0.5, 500.0), (1.0, 1.0), (1.0, 50.0)):
        yield _family(
            f"incident of {label(rate)} while rolling",
            "at some moment, while old pods serve, old and new ones fail alike, for good",
            traffic,
            0.005,
            rollout="rolling",
            effects=(Shift(rate=(rate, rate), at=(5.0, 40.0), scope=Scope.ALL),),
            quick=traffic == 50.0,
        )
    yield _growing(0.5, 50.0, "the same, and it takes a minute to grow")
    for traffic in (5.0, 20.0):
        yield _growing(
            0.2,
            traffic,
            "the same; but at so few requests a chance error of a new pod looks like the beginning, and the "
            "old pods go before theirs show",
            promised=False,
        )
    for rate, traffic in ((0.2, 50.0), (0.5, 200.0)):
        yield _family(
            f"incident of {label(rate)} in a canary's watch",
            "old pods and the new one fail alike at some time within the watch",
            traffic,
            0.005,
            rollout="canary",
            exposure=0.2,
            effects=(Shift(rate=(rate, rate), at=(60.0, 300.0), scope=Scope.ALL),),
            quick=traffic == 50.0,
        )


def _growing(rate: float, traffic: float, note: str, *, promised: bool = True) -> Family:
    return _family(
        f"incident growing to {label(rate)} while rolling",
        note,
        traffic,
        0.005,
        rollout="rolling",
        effects=(Shift(rate=(rate, rate), at=(5.0, 25.0), ramp=60.0, scope=Scope.ALL),),
        promised=promised,
    )


def _before_the_rollout() -> Iterator[Family]:
    for rate, traffic in ((0.2, 5.0), (0.2, 50.0), (0.5, 5.0), (0.5, 500.0)):
        yield _family(
            f"incident of {label(rate)} from before",
            "the service fails since 60 to 300 s before the rollout, and goes on to",
            traffic,
            0.005,
            effects=(Shift(rate=(rate, rate), at=(-300.0, -60.0), scope=Scope.ALL),),
            quick=traffic == 5.0,
        )
    yield _family(
        "incident of 50% from before, rolling",
        "the same, pods being replaced one by one",
        20.0,
        0.005,
        rollout="rolling",
        effects=(Shift(rate=(0.5, 0.5), at=(-300.0, -60.0), scope=Scope.ALL),),
    )


def _dependencies() -> Iterator[Family]:
    for rate, traffic in ((0.2, 5.0), (0.5, 5.0), (0.5, 50.0), (1.0, 1.0), (1.0, 500.0)):
        yield _family(
            f"dependency down, {label(rate)}",
            "when only new pods are left, a dependency fails; its gauge says so 10 s before to 5 s after",
            traffic,
            0.005,
            effects=(Shift(rate=(rate, rate), at=(60.0, 300.0), scope=Scope.ALL),),
            dependency=(-10.0, 5.0),
            quick=(rate, traffic) == (0.5, 50.0),
        )


def _nodes() -> Iterator[Family]:
    for pods, rate, traffic in (
        (3, 1.0, 5.0),
        (3, 0.5, 50.0),
        (4, 0.3, 50.0),
        (6, 1.0, 5.0),
        (6, 0.5, 200.0),
    ):
        yield _family(
            f"one bad pod of {pods}, {label(rate)}",
            "one new pod fails (its node), the others are well",
            traffic,
            0.005,
            pods=pods,
            effects=(Shift(rate=(rate, rate), scope=Scope.ONE_NEW),),
            quick=(pods, traffic) == (6, 5.0),
        )
    yield _family(
        "one bad pod of 4 later, 100%",
        "one new pod begins to fail within the watch, the others stay well",
        20.0,
        0.005,
        pods=4,
        effects=(Shift(rate=(1.0, 1.0), at=(60.0, 300.0), scope=Scope.ONE_NEW),),
    )


def _overloads() -> Iterator[Family]:
    for traffic in (1.0, 5.0, 50.0):
        yield _family(
            "overload",
            "five to eight times the traffic; what is beyond three times fails, good answers are threefold",
            traffic,
            0.005,
            effects=(Overload(factor=(5.0, 8.0), capacity=3.0, at=(60.0, 300.0)),),
            quick=traffic == 5.0,
        )
