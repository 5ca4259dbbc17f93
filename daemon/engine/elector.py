"""Carries the rules of the lease out (:mod:`daemon.core.election`), in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from daemon import logs
from daemon.core import election
from daemon.core.election import Candidate, Lease, Look, Timing, Wait, Write
from daemon.engine.leading import leads
from daemon.ports import Conflict, Leases, PortError

TIMING: Final = Timing()
AFTER_FAILURE: Final = 0.5
"""Seconds until what failed is tried again: within the holder's deadline there must be several tries."""


class Elector:
    """Implements :class:`daemon.engine.leading.Leadership`.

    ``lead`` is called when this replica begins to act, and when it does again after it could not renew;
    ``lost`` when another has acted since, once: what the process remembers is worth nothing then.
    """

    def __init__(
        self,
        leases: Leases,
        *,
        me: str,
        house: str = "",
        monotonic: Callable[[], float],
        lead: Callable[[], None],
        lost: Callable[[], None],
        wanted: Callable[[], bool] = lambda: True,
        about: str = "lease",
        timing: Timing = TIMING,
    ) -> None:
        """``wanted``: whether the lease is meant for this replica now; ``about``: what it is called."""
        self._leases = leases
        self._candidate = Candidate(me=me, house=house)
        """Replaced as a whole by the one thread, for others read it."""
        self._monotonic = monotonic
        self._lead, self._lost = lead, lost
        self._wanted, self._about = wanted, about
        self._timing = timing
        self._log = logs.get()
        self._acting = False
        self._trouble = ""
        self._resigned = False
        self._stopping = threading.Event()
        self._handing_over = False
        self._stepped = monotonic()
        self._thread = threading.Thread(target=self._work, name=f"elector of the {about}", daemon=True)

    # ------------------------------------------------------------ for every thread

    def allowance(self) -> float:
        if self._resigned or self._handing_over:
            return 0.0
        return election.time_left(self._candidate, self._monotonic(), self._timing)

    @property
    def term(self) -> str:
        candidate = self._candidate
        return f"{candidate.term}/{candidate.me}" if candidate.term is not None else ""

    @property
    def follows(self) -> str:
        candidate = self._candidate
        leader = election.leader(candidate)
        return leader if leader != candidate.me else ""

    @property
    def holder(self) -> str:
        """Whoever the lease names, this replica included."""
        return election.leader(self._candidate)

    def alive(self, within: float) -> bool:
        """Whether the thread came round within so many seconds."""
        return self._monotonic() - self._stepped < within

    def hand_over(self) -> None:
        """Act no more from now on, and give the lease back, for nothing of ours is under way any more. This
        replica may take it again, in another term."""
        self._handing_over = True

    # ------------------------------------------------------------ life

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float, *, idle: bool) -> list[str]:
        """End the election, and act no more. The lease is given back where nothing of ours is under way any
        more (``idle``); else the others wait until it has run out. Names the thread where it would not end.
        """
        self._resigned = True
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        if self._thread.is_alive():
            return [self._thread.name]
        lease = election.given_back(self._candidate) if idle else None
        if lease is not None:
            try:
                self._leases.write(lease)
                self._log.info(f"gave the {self._about} back")
            except PortError as error:
                self._log.warning(f"the {self._about} was not given back, and runs out by itself: {error}")
        return []

    def _work(self) -> None:
        while not self._stopping.wait(self.step()):
            pass

    # ------------------------------------------------------------ a step

    def step(self) -> float:
        """Do what is to be done now; seconds until the next. Raises nothing."""
        self._stepped = self._monotonic()
        if self._handing_over:
            self._attempt(self._give_back)
            self._handing_over = self._acting = False
            return 0.0
        match election.move(self._candidate, self._monotonic(), self._timing, wanted=self._wanted()):
            case Wait(seconds=seconds):
                pause = seconds
            case Look():
                pause = self._attempt(self._look)
            case Write(lease=lease):
                pause = self._attempt(lambda: self._write(lease))
        self._notice()
        return pause

    def _look(self) -> None:
        lease = self._leases.read()
        self._candidate = election.after_look(self._candidate, lease, self._monotonic())

    def _write(self, lease: Lease) -> None:
        began = self._monotonic()
        stored = self._leases.write(lease)
        if not leads(self):
            # What fell due while too little time was left was passed over: all is looked at again.
            self._acting = False
        self._candidate = election.after_write(self._candidate, stored, began, self._monotonic())

    def _give_back(self) -> None:
        lease = election.given_back(self._candidate)
        # Before the write: whatever becomes of it, what was true in this term is not relied on any more.
        self._candidate = election.after_giving_back(self._candidate)
        if lease is not None:
            self._leases.write(lease)
            self._log.info(f"gave the {self._about} to another replica")

    def _attempt(self, act: Callable[[], None]) -> float:
        try:
            act()
        except Conflict:
            self._candidate = election.after_failure(self._candidate)
            return 0.0
        except PortError as error:
            self._candidate = election.after_failure(self._candidate)
            self._complain(f"the {self._about} cannot be read or written: {error}")
            return AFTER_FAILURE
        except Exception:
            # The edge of the thread: without it the lease would never be renewed again.
            self._candidate = election.after_failure(self._candidate)
            self._log.exception("a defect of the daemon's in the election")
            return AFTER_FAILURE
        self._complain("")
        return 0.0

    def _notice(self) -> None:
        """Say and pass on what changed."""
        if self._candidate.lost:
            if not self._resigned:
                self._resigned = True
                gone = f"the {self._about} is gone"
                self._log.error(f"another replica has acted meanwhile: {self.follows or gone}")
                self._lost()
            return
        acting = self.allowance() > 0
        if acting and not self._acting:
            acting = self._begin()
        elif self._acting and not acting and not self._resigned:
            self._log.error(f"the {self._about} could not be renewed in time: nothing is done until it is")
        self._acting = acting

    def _begin(self) -> bool:
        """Whether it was passed on that this replica acts; else that is tried again at the next step."""
        self._log.info(f"this replica leads by the {self._about}", term=self.term)
        try:
            self._lead()
        except Exception:
            # The edge of the thread, as above.
            self._log.exception("a defect of the daemon's as it begins to lead")
            return False
        return True

    def _complain(self, trouble: str) -> None:
        """Once for each trouble."""
        if trouble and trouble != self._trouble:
            self._log.warning(trouble)
        self._trouble = trouble
