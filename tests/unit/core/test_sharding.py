"""Namespaces, shards and replicas: everything is somebody's, evenly, and as little moves as must."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.sharding import MOST, Roster, alive, assigned, heard, member, shard_of

namespaces = st.text(st.characters(codec="ascii", categories=("Ll", "Nd")), min_size=1, max_size=20)
numbers = st.integers(1, MOST)
replicas = st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=6, unique=True)
ELSEWHERE = ("", "gone")


@st.composite
def divisions(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """Who holds each shard, some of them dead or nobody, and which replicas there are."""
    there = draw(replicas)
    return draw(st.lists(st.sampled_from([*there, *ELSEWHERE]), min_size=1, max_size=MOST)), there


def load(found: Sequence[str], there: Sequence[str]) -> list[int]:
    counted = Counter(found)
    return [counted[name] for name in there]


@given(namespaces, numbers)
def test_a_namespace_is_of_one_shard(namespace: str, shards: int) -> None:
    found = shard_of(namespace, shards)
    assert 0 <= found < shards
    shard_of.cache_clear()
    assert shard_of(namespace, shards) == found


@given(namespaces, st.integers(1, MOST - 1))
def test_with_another_shard_a_namespace_moves_to_that_one_or_stays(namespace: str, shards: int) -> None:
    assert shard_of(namespace, shards + 1) in (shard_of(namespace, shards), shards)


def test_namespaces_are_spread_and_few_move() -> None:
    names = [f"team-{number}" for number in range(1000)]
    before = [shard_of(name, 4) for name in names]
    assert all(200 <= count <= 300 for count in Counter(before).values())
    moved = sum(shard_of(name, 5) != shard for name, shard in zip(names, before, strict=True))
    assert 150 <= moved <= 250


@given(divisions())
def test_every_shard_is_meant_for_one_that_is_there_and_all_for_equally_many(
    division: tuple[list[str], list[str]],
) -> None:
    holders, there = division
    found = assigned(holders, there)
    assert len(found) == len(holders)
    assert set(found) <= set(there)
    assert max(load(found, there)) - min(load(found, there)) <= 1


@given(divisions())
def test_what_is_even_stays_as_it_is(division: tuple[list[str], list[str]]) -> None:
    holders, there = division
    found = assigned(holders, there)
    assert assigned(found, there) == found


@given(divisions())
def test_no_more_is_taken_from_anybody_than_is_too_much(division: tuple[list[str], list[str]]) -> None:
    holders, there = division
    found = assigned(holders, there)
    fair = len(holders) // len(there)
    for name, had in zip(there, load(holders, there), strict=True):
        kept = sum(now == before == name for now, before in zip(found, holders, strict=True))
        assert kept >= min(had, fair)


@given(divisions(), st.randoms())
def test_all_replicas_come_to_the_same_division_shard_by_shard(
    division: tuple[list[str], list[str]],
    luck: random.Random,
) -> None:
    """However the shards change hands one by one, each towards whom it was meant for when it did."""
    holders, there = division
    for _ in range(4 * len(holders)):
        meant = assigned(holders, there)
        apart = [shard for shard, name in enumerate(holders) if meant[shard] != name]
        if not apart:
            break
        shard = luck.choice(apart)
        # A holder gives it up, or nobody has it and it is taken.
        holders[shard] = "" if holders[shard] in there else meant[shard]
    assert assigned(holders, there) == tuple(holders)


@given(replicas)
def test_the_order_in_which_replicas_are_seen_tells_nothing(there: list[str]) -> None:
    holders = ["", there[0], "gone", "", there[-1]]
    assert assigned(holders, there) == assigned(holders, sorted(there))


def test_a_holder_is_known_by_its_house() -> None:
    assert member("pod-7_a1b2", ("pod-7", "pod-8")) == "pod-7"
    assert member("host_a1b2", ("host_a1b2", "host_c3d4")) == "host_a1b2"
    assert member("pod-9_a1b2", ("pod-7", "pod-8")) == ""
    assert member("", ("pod-7",)) == ""


# ------------------------------------------------------------ who is alive


def test_whoever_gives_no_sign_is_gone_after_a_while() -> None:
    roster = Roster()
    for second in range(12):
        roster = heard(roster, {"me": f"{second}", "dead": "1", "lives": f"{second // 2}"}, float(second))
    assert alive(roster, "me", 11.0, 10.0) == ("lives", "me")
    assert alive(roster, "me", 9.0, 10.0) == ("dead", "lives", "me")


def test_that_nobody_answered_is_nobodys_death() -> None:
    signs = {"one": "1", "two": "1"}
    roster = heard(heard(Roster(), signs, 0.0), signs, 60.0)
    assert alive(roster, "one", 60.0, 10.0) == ("one", "two")
    for second in range(1, 11):
        roster = heard(roster, signs, 60.0 + second)
    assert alive(roster, "one", 70.0, 10.0) == ("one",)


def test_whoever_took_itself_off_is_gone_at_once() -> None:
    roster = heard(heard(Roster(), {"one": "1", "two": "1"}, 0.0), {"one": "2"}, 1.0)
    assert alive(roster, "one", 1.0, 10.0) == ("one",)
