"""Families of services whose pods fail some requests in their first seconds, at every release."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from msgspec.structs import replace

from daemon.core.judge.recording import Recording
from daemon.core.signals.startup import Start

from .effects import Blip, Effect, Shift
from .families import Family, Group, family
from .generator import generate

_healthy = partial(family, Group.HEALTHY)
_failing = partial(family, Group.FAILING)
PREDECESSORS = 3
WATCH = 240.0
"""Seconds that a predecessor is recorded for: its start, and enough after it to show that it is well."""

LONG = Blip(rate=(0.12, 0.12), lasts=(24.0, 24.0))
SHORT = Blip(rate=(0.4, 0.4), lasts=(10.0, 10.0))
VARIED = Blip(rate=(0.08, 0.16), lasts=(18.0, 30.0))
MINUTE = Blip(rate=(0.3, 0.3), lasts=(60.0, 60.0))
SHAPES: tuple[tuple[str, Blip, float, bool], ...] = (
    ("12% for 24 s", LONG, 20.0, True),
    ("12% for 24 s", LONG, 200.0, False),
    ("40% for 10 s", SHORT, 20.0, True),
    ("40% for 10 s", SHORT, 2.0, False),
    ("12% for 24 s", LONG, 2.0, False),
    ("8 to 16% for 18 to 30 s", VARIED, 20.0, True),
    ("8 to 16% for 18 to 30 s", VARIED, 100.0, False),
    ("30% for a minute", MINUTE, 5.0, False),
)


def families() -> Iterator[Family]:
    yield from _well()
    yield from _broken()


def _well() -> Iterator[Family]:
    for name, blip, traffic, quick in SHAPES:
        for rollout in ("at once", "rolling"):
            yield _healthy(
                f"starts with {name}{_how(rollout)}, as three before",
                "each pod fails some requests in its first seconds, as in the releases before",
                traffic,
                0.002,
                rollout=rollout,
                effects=(blip,),
                starts=(blip,),
                predecessors=PREDECESSORS,
                quick=quick,
            )
    for name, blip in (("12% for 24 s", LONG), ("8 to 16% for 18 to 30 s", VARIED), ("40% for 10 s", SHORT)):
        yield _healthy(
            f"starts with {name}, as one before",
            "no more than one release is known that did the same",
            20.0,
            0.002,
            effects=(blip,),
            starts=(blip,),
            predecessors=1,
        )
    yield _healthy(
        "one pod, starts with 40% for 10 s, as three before",
        "a single pod is scraped at any moment of its start, and so were those before it",
        20.0,
        0.002,
        rollout="rolling",
        pods=1,
        effects=(SHORT,),
        starts=(SHORT,),
        predecessors=PREDECESSORS,
    )
    yield _healthy(
        "starts with 12% slow for 24 s, as three before",
        "caches are cold, and no warm-up is configured",
        20.0,
        0.002,
        signal="latency",
        warmup=0.0,
        effects=(LONG,),
        starts=(LONG,),
        predecessors=PREDECESSORS,
        quick=True,
    )


def _broken() -> Iterator[Family]:
    for traffic in (5.0, 10.0, 20.0, 50.0):
        yield _failing(
            "step 0.2% to 20% after three good starts",
            "the releases before started well, and this one is bad from the first request on",
            traffic,
            0.002,
            new_rate=0.2,
            predecessors=PREDECESSORS,
            known_rate=0.2,
            quick=traffic == 20.0,
        )
    for name, blip, rate, traffic in (
        ("12% for 24 s", LONG, 0.2, 20.0),
        ("12% for 24 s", LONG, 0.2, 50.0),
        ("12% for 24 s", LONG, 0.5, 20.0),
        ("40% for 10 s", SHORT, 0.2, 20.0),
        ("40% for 10 s", SHORT, 1.0, 20.0),
        ("8 to 16% for 18 to 30 s", VARIED, 0.2, 20.0),
        ("30% for a minute", MINUTE, 0.2, 20.0),
    ):
        yield _failing(
            f"step 0.2% to {rate:.0%} after three starts with {name}",
            "the releases before failed some requests while young, and this one fails all the time",
            traffic,
            0.002,
            new_rate=rate,
            starts=(blip,),
            predecessors=PREDECESSORS,
            known_rate=rate,
            quick=blip is LONG and rate == 0.2 and traffic == 20.0,
        )
    for rate, rollout in ((0.2, "at once"), (0.2, "rolling"), (0.12, "at once")):
        yield _failing(
            f"a start that goes on at {rate:.0%}{_how(rollout)}, after three that ended",
            "12 % for 24 s, as the releases before, and then it does not end; its delay counts from there",
            20.0,
            0.002,
            rollout=rollout,
            effects=(LONG, Shift(rate=(rate, rate), at=(24.0, 24.0))),
            starts=(LONG,),
            predecessors=PREDECESSORS,
            quick=rate == 0.2 and rollout == "at once",
        )
    yield _failing(
        "30% from the second minute on, after a start like three before",
        "the start is excused, and what comes later is not",
        20.0,
        0.002,
        effects=(LONG, Shift(rate=(0.3, 0.3), at=(90.0, 90.0))),
        starts=(LONG,),
        predecessors=PREDECESSORS,
    )


def _how(rollout: str) -> str:
    return "" if rollout == "at once" else f", {rollout}"


def starts_before(judged: Family, seed: int) -> list[Start]:
    """How the predecessors of that record started, each learnt from a record of its own."""
    effects: tuple[Effect, ...] = judged.starts
    before = replace(
        judged,
        name=f"{judged.name}: before",
        effects=effects,
        new_rate=None,
        flaws=(),
        known_rate=None,
        history=300.0,
        watch=WATCH,
    )
    found: list[Start] = []
    for number in range(judged.predecessors):
        recording = Recording(before.policy)
        for entry in generate(before, seed * judged.predecessors + number).entries():
            recording.take(entry)
        recording.close()
        found += recording.starts()
    return found
