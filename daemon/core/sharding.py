"""How several replicas divide the namespaces among them. Values in, a division out.

A namespace belongs to one shard, and a shard to whoever holds its lease. What is said here is which shard a
namespace belongs to, which replicas there are, and which of them each shard is meant for. **Nothing of it is
relied on for safety**: replicas that see different things contend for a lease, and one of them gets it.

How many shards there are is no matter of opinion: with another number a namespace belongs to another shard.
So replicas act only while they hold, together, the lease of their *layout*: its holder is the number of
shards, every replica with that number renews it, and each acts for no longer than its own renewal allows. To
a replica with another number they are one holder, by the rules of ``election.py``.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Final

import msgspec

from daemon.core.value import Value

MOST: Final = 16
"""Shards. Each costs every replica some requests to its lease."""
FORGOTTEN: Final = 60.0
"""Seconds without a sign of life after which a replica's name is taken off."""
SILENCE: Final = 5.0
"""Seconds without an answer after which nobody is held to be dead for a missing sign."""


def layout(shards: int) -> str:
    """The holder of the layout's lease."""
    return f"{shards}-shards"


@lru_cache(maxsize=4096)
def shard_of(namespace: str, shards: int) -> int:
    """By rendezvous hashing: with one shard more or less a namespace moves to the new one, or from the old
    one, and no other does.

    >>> shard_of("payments", 4), shard_of("payments", 5), shard_of("payments", 1)
    (2, 2, 0)
    """
    return max(range(shards), key=lambda shard: _weight(namespace, str(shard)))


def _weight(thing: str, taker: str) -> bytes:
    return hashlib.sha256(f"{thing}\n{taker}".encode()).digest()


# ------------------------------------------------------------ which replicas there are


class Sign(Value, frozen=True):
    """A replica's last sign of life. It is another one each time; ``since``: when it was first seen."""

    text: str
    since: float


class Roster(Value, frozen=True):
    """What one replica knows of all of them. Times are of its own monotonic clock."""

    signs: Mapping[str, Sign] = msgspec.field(default_factory=dict)
    heard_at: float | None = None


def heard(roster: Roster, members: Mapping[str, str], now: float) -> Roster:
    """After the layout's lease was seen. Whoever is new there counts as alive, and everybody does where it
    could not be seen for a while: that the API server was silent is nobody's death."""
    silent = roster.heard_at is None or now - roster.heard_at > SILENCE

    def sign(name: str, text: str) -> Sign:
        known = roster.signs.get(name)
        same = known is not None and known.text == text and not silent
        return known if known is not None and same else Sign(text=text, since=now)

    return Roster(signs={name: sign(name, text) for name, text in members.items()}, heard_at=now)


def alive(roster: Roster, me: str, now: float, within: float) -> tuple[str, ...]:
    """The replicas with a sign of life ``within`` so many seconds, and this one, sorted."""
    return tuple(sorted({me, *(name for name, sign in roster.signs.items() if now - sign.since < within)}))


# ------------------------------------------------------------ whose the shards are


def member(holder: str, replicas: Collection[str]) -> str:
    """Which of the replicas a shard's lease names; empty for none of them."""
    house = holder.rpartition("_")[0]
    return next((name for name in (holder, house) if name in replicas), "")


def assigned(holders: Sequence[str], replicas: Sequence[str]) -> tuple[str, ...]:
    """Shard → the replica that it is meant for. ``holders``: shard → who has it, empty for nobody.

    Every replica's share is the same but for one shard. Whoever has a shard keeps it within its share, so a
    division that is even stays as it is, and a shard moves only where another replica has too few. The others
    go by rendezvous hashing to whoever has room.

    >>> assigned(("a", "a", "a", "a"), ("a", "b"))
    ('a', 'a', 'b', 'b')
    >>> assigned(("a", "a", "b", "b"), ("a", "b", "c"))
    ('a', 'a', 'b', 'c')
    >>> assigned(("a", "c", "b", "c"), ("a", "b"))
    ('a', 'a', 'b', 'b')
    """
    fair, more = divmod(len(holders), len(replicas))
    load: Counter[str] = Counter()

    def has_room(name: str) -> bool:
        larger = sum(load[other] > fair for other in replicas)
        return load[name] < fair or (load[name] == fair and larger < more)

    found = [""] * len(holders)
    for shard, name in enumerate(holders):
        if name in replicas and has_room(name):
            found[shard] = name
            load[name] += 1
    for shard, name in enumerate(found):
        if not name:
            free = [one for one in replicas if has_room(one)]
            found[shard] = max(free, key=lambda one, shard=shard: _weight(str(shard), one))  # type: ignore[misc]
            load[found[shard]] += 1
    return tuple(found)
