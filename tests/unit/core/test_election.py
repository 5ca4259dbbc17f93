"""Replicas and a lease between which anything may go wrong: never two that may act, and soon one again."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from daemon.core.election import (
    Candidate,
    Lease,
    Look,
    Wait,
    Write,
    after_giving_back,
    after_look,
    after_write,
    given_back,
    move,
    time_left,
)
from tests.unit.core.election_world import TIMING, Replica, World, world_of

HAND = ("kill", "hand over", "delete", "empty", "wait", "wait")
Story = list[tuple[str, float]]


def befall(world: World, seed: int, story: Story) -> None:
    """What happens after so many seconds each, to whoever leads or to one by the seed."""
    for what, seconds in story:
        world.run(world.now + seconds)
        someone = world.leader() or world.replicas[seed % len(world.replicas)]
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


@given(st.integers(0, 2**32), st.lists(st.tuples(st.sampled_from(HAND), st.floats(0, 20)), max_size=12))
def test_never_two_may_act(seed: int, story: Story) -> None:
    """Whatever is late or lost, whoever is killed or stalls, whoever deletes the lease or empties it by hand,
    with clocks of any zero whose rates differ by a third."""
    world = world_of(seed, chaos=True, drift=0.14)
    befall(world, seed, story)


@given(st.integers(0, 2**32), st.lists(st.tuples(st.sampled_from(HAND), st.floats(0, 20)), max_size=12))
def test_never_two_layouts_may_act(seed: int, story: Story) -> None:
    """Replicas of one layout hold its lease together, and never beside those of another, or one alone."""
    world = world_of(seed, chaos=True, drift=0.14, layouts=("4-shards", "4-shards", "8-shards", ""))
    befall(world, seed, story)


@given(st.integers(0, 2**32))
def test_all_replicas_of_a_layout_may_act(seed: int) -> None:
    world = world_of(seed, chaos=False, layouts=("4-shards", "4-shards", "4-shards"))
    world.run(20)
    for _ in range(100):
        world.run(world.now + 0.5)
        assert all(replica.allowed(world.now) for replica in world.replicas)


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


def led(seed: int) -> tuple[World, Replica]:
    """A world in which one has led for a while, and that one."""
    world = world_of(seed, chaos=False)
    world.until_one_leads(5)
    world.run(world.now + random.Random(seed).uniform(0, 10))
    leader = world.leader()
    assert leader is not None
    return world, leader


@given(st.integers(0, 2**32))
def test_another_leads_soon_after_the_leader_was_killed(seed: int) -> None:
    world, leader = led(seed)
    name = leader.me.me
    leader.born(housed=False)  # and nothing starts it again
    assert world.until_one_leads(13, but=name) <= 12.5


@given(st.integers(0, 2**32))
def test_a_hand_over_takes_a_moment(seed: int) -> None:
    world, leader = led(seed)
    name = leader.me.me
    world.hand_over(leader)
    # Up to a renewal's pause until it notices in this model, which has no way to wake it.
    assert world.until_one_leads(4, but=name) <= TIMING.retry + 1.0


def test_whoever_dies_at_home_is_followed_at_once() -> None:
    """A container that was started again in its pod need not wait for itself."""
    dead = Lease(holder="pod-7_a1", duration=10.0, transitions=3, version="9")
    child = after_look(Candidate(me="pod-7_b2", house="pod-7"), dead, 0.0)
    assert move(child, 0.0, TIMING) == Write(lease=replace(dead, holder="pod-7_b2", transitions=4))
    stranger = after_look(Candidate(me="pod-7_b2"), dead, 0.0)
    assert isinstance(move(stranger, 0.0, TIMING), Wait)
    neighbour = after_look(Candidate(me="pod-77_b2", house="pod-77"), dead, 0.0)
    assert isinstance(move(neighbour, 0.0, TIMING), Wait)


def test_the_longer_of_two_durations_is_waited_for() -> None:
    """Replicas of two releases of the daemon may have other times."""
    theirs = Lease(holder="old_1", duration=30.0, transitions=1, version="5")
    mine = after_look(Candidate(me="new_1"), theirs, 100.0)
    assert isinstance(move(mine, 129.0, TIMING), Look | Wait)
    assert isinstance(move(mine, 130.0, TIMING), Write)


@pytest.mark.parametrize("since", [0.0, 6.9, 7.0, 9.0])
def test_an_allowance_is_counted_from_before_the_write(since: float) -> None:
    leader = after_write(Candidate(me="a_1"), Lease(holder="a_1", transitions=1, version="2"), 50.0, 50.0)
    assert time_left(leader, 50.0 + since, TIMING) == pytest.approx(max(0.0, 7.0 - since))


def test_who_finds_another_in_its_place_never_acts_again() -> None:
    leader = after_write(Candidate(me="a_1"), Lease(holder="a_1", transitions=1, version="2"), 0.0, 0.0)
    after = after_look(leader, Lease(holder="b_1", duration=10.0, transitions=2, version="4"), 1.0)
    assert time_left(after, 1.0, TIMING) == 0.0
    assert given_back(after) is None
    freed = after_look(after, Lease(holder="", duration=1.0, transitions=2, version="5"), 2.0)
    assert isinstance(move(freed, 60.0, TIMING), Wait)


def test_a_lease_that_is_meant_for_another_is_not_taken() -> None:
    free = Lease(duration=1.0, transitions=4, version="9")
    candidate = after_look(Candidate(me="a_1"), free, 0.0)
    assert isinstance(move(candidate, 0.0, TIMING), Write)
    for now in (0.0, 1.9, 3600.0):
        assert not isinstance(move(candidate, now, TIMING, wanted=False), Write)


def test_whoever_gave_a_lease_back_acts_in_another_term_or_still_has_it() -> None:
    held = Lease(holder="a_1", transitions=3, version="2")
    leader = after_giving_back(after_write(Candidate(me="a_1"), held, 0.0, 0.0))
    assert time_left(leader, 0.0, TIMING) == 0.0
    assert isinstance(move(leader, 0.0, TIMING), Look)
    back = after_look(leader, Lease(duration=1.0, transitions=3, version="3"), 0.1)
    assert not back.lost
    taken = move(back, 0.1, TIMING)
    assert isinstance(taken, Write)
    assert (taken.lease.holder, taken.lease.transitions) == ("a_1", 4)
    # The write was not stored after all: nobody can have acted since.
    again = move(after_look(leader, held, 0.1), 0.1, TIMING)
    assert isinstance(again, Write)
    assert (again.lease.holder, again.lease.transitions) == ("a_1", 3)
