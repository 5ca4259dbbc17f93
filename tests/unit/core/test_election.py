"""Replicas and a lease between which anything may go wrong: never two that may act, and soon one again."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from daemon.core.election import (
    Candidate,
    Lease,
    Look,
    Timing,
    Wait,
    Write,
    allowance,
    given_back,
    move,
    read,
    refused,
    written,
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

    def clock(self, at: float) -> float:
        return self.zero + self.rate * at

    def allowed(self, at: float) -> bool:
        return allowance(self.me, self.clock(at), TIMING) > 0

    def born(self, *, housed: bool) -> None:
        self.life, self.leaving = self.life + 1, False
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
        assert len(acting) <= 1, f"at {self.now:.2f} s these may act: {acting}"

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
            replica.me = refused(replica.me)
            self._later(replica, 0.0 if isinstance(answer, Stale) else 0.5)
            return
        if isinstance(step, Look):
            replica.me = read(replica.me, answer, now)
        else:
            assert answer is not None
            replica.me = written(replica.me, answer, began, now)
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
        lease = given_back(replica.me)
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


def world_of(seed: int, *, chaos: bool, drift: float = 0.0, number: int = 3) -> World:
    luck = random.Random(seed)
    replicas = [
        Replica(f"r{n}", rate=luck.uniform(1 - drift, 1 + drift), zero=luck.uniform(-1e6, 1e6))
        for n in range(number)
    ]
    return World(replicas, luck, chaos=chaos)


HAND = ("kill", "hand over", "delete", "empty", "wait", "wait")


@given(st.integers(0, 2**32), st.lists(st.tuples(st.sampled_from(HAND), st.floats(0, 20)), max_size=12))
def test_never_two_may_act(seed: int, story: list[tuple[str, float]]) -> None:
    """Whatever is late or lost, whoever is killed or stalls, whoever deletes the lease or empties it by hand,
    with clocks of any zero whose rates differ by a third."""
    world = world_of(seed, chaos=True, drift=0.14)
    for what, seconds in story:
        world.run(world.now + seconds)
        someone = world.leader() or world.replicas[seed % 3]
        match what:
            case "kill":
                world.kill(someone)
            case "hand over":
                world.hand_over(someone)
            case "delete":
                world.stored.lease = None
            case "empty" if world.stored.lease is not None:
                world.stored.write(replace(world.stored.lease, holder=""))
            case _:
                pass
        world.check()
    world.run(world.now + 40)


@given(st.integers(0, 2**32))
def test_terms_only_grow_and_are_one_replicas(seed: int) -> None:
    world = world_of(seed, chaos=True)
    seen: dict[int, str] = {}
    for _ in range(120):
        world.run(world.now + 1)
        leader = world.leader()
        if leader is not None:
            term = leader.me.term
            assert term is not None
            assert seen.setdefault(term, leader.me.me) == leader.me.me
            assert term == max(seen)


@given(st.integers(0, 2**32))
def test_another_leads_soon_after_the_leader_was_killed(seed: int) -> None:
    world = world_of(seed, chaos=False)
    world.until_one_leads(5)
    world.run(world.now + random.Random(seed).uniform(0, 10))
    leader = world.leader()
    assert leader is not None
    name = leader.me.me
    leader.born(housed=False)  # and nothing starts it again
    assert world.until_one_leads(13, but=name) <= 12.5


@given(st.integers(0, 2**32))
def test_a_hand_over_takes_a_moment(seed: int) -> None:
    world = world_of(seed, chaos=False)
    world.until_one_leads(5)
    world.run(world.now + random.Random(seed).uniform(0, 10))
    leader = world.leader()
    assert leader is not None
    name = leader.me.me
    world.hand_over(leader)
    # Up to a renewal's pause until it notices in this model, which has no way to wake it.
    assert world.until_one_leads(4, but=name) <= TIMING.retry + 1.0


def test_whoever_dies_at_home_is_followed_at_once() -> None:
    """A container that was started again in its pod need not wait for itself."""
    dead = Lease(holder="pod-7_a1", duration=10.0, transitions=3, version="9")
    child = read(Candidate(me="pod-7_b2", house="pod-7"), dead, 0.0)
    assert move(child, 0.0, TIMING) == Write(lease=replace(dead, holder="pod-7_b2", transitions=4))
    stranger = read(Candidate(me="pod-7_b2"), dead, 0.0)
    assert isinstance(move(stranger, 0.0, TIMING), Wait)
    neighbour = read(Candidate(me="pod-77_b2", house="pod-77"), dead, 0.0)
    assert isinstance(move(neighbour, 0.0, TIMING), Wait)


def test_the_longer_of_two_durations_is_waited_for() -> None:
    """Replicas of two releases of the daemon may have other times."""
    theirs = Lease(holder="old_1", duration=30.0, transitions=1, version="5")
    mine = read(Candidate(me="new_1"), theirs, 100.0)
    assert isinstance(move(mine, 129.0, TIMING), Look | Wait)
    assert isinstance(move(mine, 130.0, TIMING), Write)


@pytest.mark.parametrize("since", [0.0, 6.9, 7.0, 9.0])
def test_an_allowance_is_counted_from_before_the_write(since: float) -> None:
    leader = written(Candidate(me="a_1"), Lease(holder="a_1", transitions=1, version="2"), 50.0, 50.0)
    assert allowance(leader, 50.0 + since, TIMING) == pytest.approx(max(0.0, 7.0 - since))


def test_who_finds_another_in_its_place_never_acts_again() -> None:
    leader = written(Candidate(me="a_1"), Lease(holder="a_1", transitions=1, version="2"), 0.0, 0.0)
    after = read(leader, Lease(holder="b_1", duration=10.0, transitions=2, version="4"), 1.0)
    assert allowance(after, 1.0, TIMING) == 0.0
    assert given_back(after) is None
    freed = read(after, Lease(holder="", duration=1.0, transitions=2, version="5"), 2.0)
    assert isinstance(move(freed, 60.0, TIMING), Wait)
