"""The part of one replica in the work of several: the shards that it acts for, takes and gives up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from daemon import logs
from daemon.core import sharding
from daemon.engine.desks import Desks
from daemon.engine.elector import TIMING, Elector
from daemon.engine.leading import Division, Within
from daemon.engine.members import Members
from daemon.ports import Leases, PortError

EVERY: Final = 1.0
"""Seconds between two looks whether a shard is to be given up."""
CLOSING: Final = 5.0
"""Seconds for what is under way in a shard to end, before it is kept for now."""
AGAIN: Final = 60.0
"""Seconds for which it is kept then: while its end is waited for nothing is begun in it."""


@dataclass(frozen=True, kw_only=True)
class Self:
    """Who this replica is: unique to the process, and its house as in :class:`election.Candidate`."""

    me: str
    house: str

    @property
    def member(self) -> str:
        """Its name among the replicas. A container that is started again in its pod is the same replica."""
        return self.house or self.me


class Shards:
    """One elector for the layout and one for each shard, in threads of their own: a request that hangs for
    one lease must not cost another. ``lead`` and ``lost`` as in :class:`Elector`."""

    def __init__(
        self,
        layout: Leases,
        shards: Sequence[Leases],
        *,
        this: Self,
        monotonic: Callable[[], float],
        lead: Callable[[], None],
        lost: Callable[[], None],
    ) -> None:
        self._me = this.member
        self._members = Members(
            layout, me=self._me, monotonic=monotonic, within=TIMING.duration, sound=self._sound
        )
        self.layout = Elector(
            self._members,
            me=sharding.layout(len(shards)),
            monotonic=monotonic,
            lead=lead,
            lost=lost,
            about="lease of the layout",
        )
        self.electors = tuple(
            Elector(
                leases,
                me=this.me,
                house=this.house,
                monotonic=monotonic,
                lead=lead,
                lost=lost,
                wanted=partial(self.wanted, number),
                about=f"lease of shard {number}",
            )
            for number, leases in enumerate(shards)
        )
        self.division = Division(tuple(Within(elector, self.layout) for elector in self.electors))
        self._log = logs.get()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="shards", daemon=True)
        self._desks: Desks | None = None
        self._monotonic, self._lead = monotonic, lead
        self._kept_until: dict[int, float] = {}
        """Shard → when to try again to give it up (monotonic)."""

    def wanted(self, shard: int) -> bool:
        """Whether a shard is meant for this replica, by what it sees now."""
        if self.layout.allowance() <= 0:
            return False
        replicas = self._members.alive()
        holders = [sharding.member(elector.holder, replicas) for elector in self.electors]
        return sharding.assigned(holders, replicas)[shard] == self._me

    def rebalance(self, desks: Desks) -> None:
        """Give a shard up that is meant for another replica, where nothing is being done in it."""
        for shard in self.division.held:
            if self.wanted(shard) or self._monotonic() < self._kept_until.get(shard, 0.0):
                continue
            try:
                if desks.quiet(shard) and self._give_up(shard, desks):
                    return
            except PortError as error:
                self._log.warning(f"shard {shard} is kept for now: {error}")

    def _give_up(self, shard: int, desks: Desks) -> bool:
        desk = desks.of(shard)
        try:
            if desk.close(CLOSING) and desks.quiet(shard):
                # In this order: the next desk is made once this term may act no more.
                self.electors[shard].hand_over()
                desk.retired = True
        finally:
            if not desk.retired:
                # What fell due meanwhile was passed over.
                desk.reopen()
                self._kept_until[shard] = self._monotonic() + AGAIN
                self._lead()
        return desk.retired

    def _sound(self) -> bool:
        return all(elector.alive(TIMING.duration) for elector in self.electors)

    # ------------------------------------------------------------ life

    def start(self, desks: Desks) -> None:
        self._desks = desks
        for elector in (self.layout, *self.electors):
            elector.start()
        self._thread.start()

    def stop(self, timeout: float, *, idle: bool) -> list[str]:
        """Act no more, and give the shards back where nothing is under way any more (``idle``). The layout is
        never given back: other replicas may act by it. Names the threads that would not end."""
        self._stopping.set()
        stops = [partial(elector.stop, timeout, idle=idle) for elector in self.electors]
        left = _together(stops, timeout) + self.layout.stop(timeout, idle=False)
        if not left:
            self._members.leave()
        return left

    def _work(self) -> None:
        while not self._stopping.wait(EVERY):
            try:
                if self._desks is not None:
                    self.rebalance(self._desks)
            except Exception:
                # The edge of the thread: without it no shard would ever be given up again.
                self._log.exception("a defect of the daemon's in the division of the shards")


def _together(stops: Sequence[Callable[[], list[str]]], timeout: float) -> list[str]:
    """Each waits for the API server, and the pod's grace period is one for all."""
    left: list[str] = []
    threads = [threading.Thread(target=lambda stop=stop: left.extend(stop()), daemon=True) for stop in stops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout)
    return left
