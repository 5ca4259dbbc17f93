"""What a family of scenarios is."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

import msgspec

from daemon.core.policy import Policy, SignalPolicy
from daemon.core.value import Value

from .effects import Effect, Flaw, Range


class Group(StrEnum):
    HEALTHY = "healthy"
    FAILING = "failing"
    INFRASTRUCTURE = "infrastructure"


ERROR_LIMIT = 0.05
LATENCY_LIMIT = 0.01
LATENCY_WARMUP = 60.0
"""Seconds; latency alone has a grace for cold caches."""


class Family(Value, frozen=True):
    """One kind of rollout. A seed makes it one record; the same seed always the same one.

    ``rate`` is the bad share before the rollout and, where ``new_rate`` is not given, after it.
    ``known_rate`` is that of a plain step, for which the best possible test can be computed.
    """

    name: str
    group: Group
    note: str
    traffic: float
    """Requests per second to the service as a whole."""
    rate: float
    new_rate: float | None = None
    signal: Literal["errors", "latency"] = "errors"
    beside: bool = False
    """Whether the other signal is recorded too, and is well."""
    effects: tuple[Effect, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    rollout: Literal["at once", "rolling", "canary"] = "at once"
    exposure: float = 0.0
    """The share of traffic that reaches the new pods of a canary."""
    pods: int = 3
    scaling: tuple[tuple[float, int], ...] = ()
    """When pods are added (+) or removed (-)."""
    even: bool = False
    """Requests go round robin instead of at random."""
    history: float = 1800.0
    watch: float = 600.0
    dependency: Range | None = None
    """When a dependency is reported unhealthy, in seconds from the onset; ``None``: never."""
    predecessors: int = 0
    """How many proven releases are known to have started as ``starts`` says."""
    starts: tuple[Effect, ...] = ()
    warmup: float | None = None
    """Seconds; ``None``: the example's."""
    known_rate: float | None = None
    promised: bool = True
    """Whether the promises hold for it. Else it shows a limit of what can be known; the note says why."""
    quick: bool = False
    """Whether it belongs to the quick form."""

    @property
    def limit(self) -> float:
        return ERROR_LIMIT if self.signal == "errors" else LATENCY_LIMIT

    def _signal(self, name: str) -> SignalPolicy:
        signal = SIGNALS[name]
        return signal if self.warmup is None else msgspec.structs.replace(signal, warmup=self.warmup)

    @property
    def policy(self) -> Policy:
        """How the daemon is told to judge it: the default policy, and the example's signals."""
        names = ("errors", "latency") if self.beside else (self.signal,)
        return Policy(
            signals=tuple(self._signal(name) for name in names),
            watch=self.watch,
            baseline_window=max(1800.0, self.history),
        )


SIGNALS = {
    "errors": SignalPolicy(name="errors", title="error rate", limit=ERROR_LIMIT),
    "latency": SignalPolicy(
        name="latency", title="slow requests", limit=LATENCY_LIMIT, warmup=LATENCY_WARMUP
    ),
}


def family(group: Group, name: str, note: str, traffic: float, rate: float, **rest: Any) -> Family:
    """A family whose name ends with its traffic; ``rest`` are fields of :class:`Family`."""
    plain = Family(name=f"{name}, {traffic:g}/s", group=group, note=note, traffic=traffic, rate=rate)
    return msgspec.structs.replace(plain, **rest)


def label(rate: float) -> str:
    """A rate as families' names have it: 0.002 → ``0.2%``."""
    return f"{rate * 100:.4g}%"
