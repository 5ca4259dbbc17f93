"""Replicas, a lease, and between them requests that are late, lost, or carried out with their answer lost."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from msgspec.structs import replace

from daemon.core.election import (
    Candidate,
    Lease,
    Look,
    Timing,
    Wait,
    Write,
    after_failure,
    after_look,
    after_write,
    given_back,
    move,
    time_left,
)

TIMING = Timing()
TIMEOUT = 2.5
"""After which a replica gives a request up (seconds of its own clock); it may still arrive."""


class Lost(Exception):
    """No answer."""


class Stale(Exception):
    """The write is valid for another version."""


Answer = Lease | Exception | None


class Stored:
    """The lease at the API server."""

    def __init__(self) -> None:
        self.lease: Lease | None = Lease(duration=1.0, version="1")
        self._versions = itertools.count(2)

    def write(self, lease: Lease) -> Lease:
        if lease.version != (self.lease.version if self.lease is not None else ""):
            raise Stale
        self.lease = replace(lease, version=str(next(self._versions)))
        return self.lease


@dataclass
class Replica:
    """Its clock runs at a rate and from a zero of its own."""

    name: str
    rate: float
    zero: float
    me: Candidate = field(init=False)
    life: int = 0
    leaving: bool = False
    layout: str = ""
    """Where set, the lease is held by all replicas of this name together."""

    def clock(self, at: float) -> float:
        return self.zero + self.rate * at

    def allowed(self, at: float) -> bool:
        return time_left(self.me, self.clock(at), TIMING) > 0

    def born(self, *, housed: bool) -> None:
        self.life, self.leaving = self.life + 1, False
        if self.layout:
            self.me = Candidate(me=self.layout)
        else:
            self.me = Candidate(me=f"{self.name}_{self.life}", house=self.name if housed else "")


class World:
    """Events in true time. ``chaos`` makes requests late, lost, or carried out with their answer lost."""

    def __init__(self, replicas: list[Replica], luck: random.Random, *, chaos: bool) -> None:
        self.stored = Stored()
        self.replicas = replicas
        self.now = 0.0
        self._luck, self._chaos = luck, chaos
        self._numbers = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        for replica in replicas:
            replica.born(housed=luck.random() < 0.5)
            self.at(luck.uniform(0, 3), partial(self._go_on, replica, replica.life))

    def at(self, moment: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._numbers), event))

    def run(self, until: float) -> None:
        while self._events and self._events[0][0] <= until:
            self.now, _, event = heapq.heappop(self._events)
            event()
            self.check()
        self.now = until

    def check(self) -> None:
        acting = [replica.me.me for replica in self.replicas if replica.allowed(self.now)]
        together = any(replica.layout for replica in self.replicas)
        assert len(set(acting) if together else acting) <= 1, f"at {self.now:.2f} s these may act: {acting}"

    # ------------------------------------------------------------ a replica

    def _go_on(self, replica: Replica, life: int) -> None:
        if replica.life != life:
            return
        if replica.leaving:
            self._leave(replica)
            return
        now = replica.clock(self.now)
        step = move(replica.me, now, TIMING)
        if isinstance(step, Wait):
            self._later(replica, step.seconds)
            return
        there, back = self._travel(), self._travel()
        self.at(self.now + there, partial(self._arrive, replica, life, step, now, back))

    def _arrive(self, replica: Replica, life: int, step: Look | Write, began: float, back: float) -> None:
        """At the API server; one that is lost on the way never is."""
        lost = self._chaos and self._luck.random() < 0.2
        answer: Answer = Lost()
        if not (lost and self._luck.random() < 0.5):
            try:
                answer = self.stored.lease if isinstance(step, Look) else self.stored.write(step.lease)
            except Stale as error:
                answer = error
        if lost:
            answer = Lost()
        heard = self.now + back
        given_up = (began + TIMEOUT - replica.zero) / replica.rate
        if heard > given_up:
            answer, heard = Lost(), max(given_up, self.now)
        self.at(heard, partial(self._hear, replica, life, step, began, answer))

    def _hear(self, replica: Replica, life: int, step: Look | Write, began: float, answer: Answer) -> None:
        if replica.life != life:
            return
        now = replica.clock(self.now)
        if isinstance(answer, Exception):
            replica.me = after_failure(replica.me)
            self._later(replica, 0.0 if isinstance(answer, Stale) else 0.5)
            return
        if isinstance(step, Look):
            replica.me = after_look(replica.me, answer, now)
        else:
            assert answer is not None
            replica.me = after_write(replica.me, answer, began, now)
        self._later(replica, 0.0)

    def _later(self, replica: Replica, seconds: float) -> None:
        stall = self._luck.uniform(0, 12) if self._chaos and self._luck.random() < 0.03 else 0.001
        self.at(self.now + seconds / replica.rate + stall, partial(self._go_on, replica, replica.life))

    def _travel(self) -> float:
        if self._chaos and self._luck.random() < 0.15:
            return self._luck.uniform(0, 25)
        return self._luck.uniform(0.001, 0.05)

    # ------------------------------------------------------------ what befalls them

    def kill(self, replica: Replica) -> None:
        """And start it again, in the same house or without one."""
        replica.born(housed=self._luck.random() < 0.5)
        self.at(self.now + self._luck.uniform(0, 5), partial(self._go_on, replica, replica.life))

    def hand_over(self, replica: Replica) -> None:
        """It stops acting, hears what is under way, and gives the lease back."""
        replica.leaving = True

    def _leave(self, replica: Replica) -> None:
        lease = given_back(replica.me) if not replica.layout else None
        self.kill(replica)
        if lease is not None:
            self.at(self.now + self._travel(), partial(self._give_back, lease))

    def _give_back(self, lease: Lease) -> None:
        if self.stored.lease is not None and self.stored.lease.version == lease.version:
            self.stored.write(lease)

    def leader(self) -> Replica | None:
        return next((replica for replica in self.replicas if replica.allowed(self.now)), None)

    def until_one_leads(self, within: float, *, but: str = "") -> float:
        began = self.now
        while self.now < began + within:
            self.run(self.now + 0.05)
            leader = self.leader()
            if leader is not None and leader.me.me != but:
                return self.now - began
        raise AssertionError(f"nobody leads after {within:g} s")


def world_of(seed: int, *, chaos: bool, drift: float = 0.0, layouts: Sequence[str] = ("", "", "")) -> World:
    luck = random.Random(seed)
    replicas = [
        Replica(f"r{n}", rate=luck.uniform(1 - drift, 1 + drift), zero=luck.uniform(-1e6, 1e6), layout=layout)
        for n, layout in enumerate(layouts)
    ]
    return World(replicas, luck, chaos=chaos)
