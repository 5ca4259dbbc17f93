"""Who acts: the rules of the one lease that all replicas share. Values in, a decision out.

**At no time do two replicas have an allowance.** A holder's allowance ends ``deadline`` seconds after it
*began* the last write of the lease that was accepted. Nobody else takes the lease before it has stood
unchanged for ``duration`` seconds, counted from when that replica *first saw* it as it is, and nobody sees a
write before it was begun. So only ``deadline < duration`` matters, and not what any machine's time of day is:
the times that stand in the lease are for people. Two monotonic clocks may run at rates as far apart as the
two numbers, 10 to 7.

Each write is valid for the version that was read alone, so of two that take the lease one is refused, and a
write that comes late changes nothing that anybody relies on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from daemon.core.value import Value

RELEASED: Final = 1.0
"""Seconds that a lease without a holder states where it was given back, and not emptied by somebody's hand
while its holder still acts."""


class Timing(Value, frozen=True):
    """Seconds; ``deadline`` is less than ``duration``, and ``retry`` well below that."""

    duration: float = 10.0
    """How long a lease must have stood unchanged before another replica takes it."""
    deadline: float = 7.0
    """How long its holder acts after it began the last write that was accepted."""
    retry: float = 2.0
    """Between two writes of the holder."""
    look: float = 0.5
    """Between two looks of the others."""


class Lease(Value, frozen=True):
    """The lease as it is stored. ``duration`` is what its holder asked the others to wait (seconds)."""

    holder: str = ""
    duration: float | None = None
    transitions: int = 0
    """How often it was taken."""
    version: str = ""
    """That a write is valid for; empty for a lease that does not exist yet."""
    members: Mapping[str, str] | None = None
    """Replica → its last sign of life, on a lease that several hold together: see ``sharding.py``."""

    @property
    def free(self) -> bool:
        """Whether it was given back. One that is as new may have been made in place of one that was deleted
        while its holder acts."""
        return not self.holder and self.duration is not None and self.duration <= RELEASED


class Candidate(Value, frozen=True):
    """What one replica knows. Times are of its own monotonic clock."""

    me: str
    """Unique to this process: its house, an underscore, and something random."""
    house: str = ""
    """Where set, nobody else lives in it: whoever else holds the lease from there has died."""
    looked_at: float | None = None
    """``None``: it has to be looked at before anything else."""
    seen: Lease | None = None
    """As last seen; ``None`` before the first look."""
    since: float = 0.0
    """When it was first seen as it is."""
    term: int | None = None
    """The ``transitions`` of the lease that this replica took."""
    renewed: float = 0.0
    """When the last write of it that was accepted began."""
    lost: bool = False
    """Whether somebody else had it after this replica; what it remembers is not to be relied on any more."""


class Wait(Value, frozen=True):
    seconds: float


class Look(Value, frozen=True):
    """Read the lease."""


class Write(Value, frozen=True):
    """Take the lease, or renew it."""

    lease: Lease


Move = Wait | Look | Write


def move(candidate: Candidate, now: float, timing: Timing, *, wanted: bool = True) -> Move:
    """What to do now. Who has lost the lease waits: it is not to act in this life again.

    ``wanted``: whether the lease is meant for this replica; else it is not taken. Who holds it renews it all
    the same, until it is given back.
    """
    seen = candidate.seen
    if candidate.lost:
        return Wait(seconds=timing.retry)
    if seen is None or candidate.looked_at is None:
        return Look()
    if candidate.term is not None:
        due = candidate.renewed + timing.retry - now
        return Wait(seconds=due) if due > 0 else Write(lease=replace(seen, duration=timing.duration))
    if seen.holder == candidate.me:
        # A write whose answer was lost. Only one that is accepted from here on gives an allowance.
        return Write(lease=replace(seen, duration=timing.duration))
    if not seen.version:
        # Made without a holder, and taken once it has stood: absence has no version to rely on.
        return Write(lease=Lease(duration=timing.duration))
    if not wanted:
        return _until(candidate.looked_at + timing.retry, now)
    left = candidate.since + max(timing.duration, seen.duration or 0.0) - now
    if left <= 0 or seen.free or _lives_here(candidate, seen):
        taken = replace(seen, holder=candidate.me, duration=timing.duration, transitions=seen.transitions + 1)
        return Write(lease=taken)
    return _until(min(candidate.looked_at + timing.look, now + left), now)


def _until(moment: float, now: float) -> Move:
    """Wait for the moment of the next look."""
    return Wait(seconds=moment - now) if moment > now else Look()


def _lives_here(candidate: Candidate, seen: Lease) -> bool:
    return bool(candidate.house) and seen.holder.rpartition("_")[0] == candidate.house


# ------------------------------------------------------------ what came of it


def after_look(candidate: Candidate, lease: Lease | None, now: float) -> Candidate:
    """After a look; ``None``: there is no lease."""
    seen = lease or Lease()
    if seen != candidate.seen:
        candidate = replace(candidate, seen=seen, since=now)
    own = seen.holder == candidate.me and seen.transitions == candidate.term
    lost = candidate.lost or (candidate.term is not None and not own)
    return replace(candidate, looked_at=now, lost=lost)


def after_write(candidate: Candidate, lease: Lease, began: float, now: float) -> Candidate:
    """After a write that was accepted, as it is stored now; ``began``: just before it was sent."""
    if lease.holder != candidate.me:
        return after_look(candidate, lease, now)
    return replace(candidate, looked_at=began, seen=lease, since=began, term=lease.transitions, renewed=began)


def after_failure(candidate: Candidate) -> Candidate:
    """After a write that was not valid any more, or whose end is not known."""
    return replace(candidate, looked_at=None)


# ------------------------------------------------------------ what follows from it


def time_left(candidate: Candidate, now: float, timing: Timing) -> float:
    """For how many seconds the replica may act; what it does must be over then. 0 where it may not."""
    if candidate.term is None or candidate.lost:
        return 0.0
    return max(0.0, candidate.renewed + timing.deadline - now)


def given_back(candidate: Candidate) -> Lease | None:
    """The lease to write by a holder that has stopped acting; ``None`` where it has none to give back."""
    if candidate.term is None or candidate.lost or candidate.seen is None:
        return None
    return replace(candidate.seen, holder="", duration=RELEASED)


def after_giving_back(candidate: Candidate) -> Candidate:
    """After that was written, or tried: this replica does not hold it any more, and may take it again in
    another term. Where the write was not stored, the lease is still in its name, and so is the term."""
    return replace(candidate, term=None, looked_at=None)


def leader(candidate: Candidate) -> str:
    """Whoever the lease names, itself included; empty where it names nobody."""
    return candidate.seen.holder if candidate.seen is not None else ""
