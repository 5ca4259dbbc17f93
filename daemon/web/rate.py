"""How often one sender may do something: a bucket for each address that fills by and by."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

MOST_SENDERS = 4096


class RateLimit:
    """``burst`` at once, then ``rate`` a second. Of senders the newest are remembered."""

    def __init__(self, monotonic: Callable[[], float], *, rate: float, burst: float) -> None:
        self._monotonic = monotonic
        self._rate = rate
        self._burst = burst
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Sender → what was left, and when."""

    def allows(self, sender: str) -> bool:
        """Whether it has anything left; takes nothing."""
        with self._lock:
            return self._now(sender) >= 1.0

    def take(self, sender: str) -> bool:
        """Take one, if there is one."""
        with self._lock:
            left = self._now(sender)
            taken = left >= 1.0
            self._left.pop(sender, None)
            self._left[sender] = (left - taken, self._monotonic())
            while len(self._left) > MOST_SENDERS:
                self._left.popitem(last=False)
            return taken

    def _now(self, sender: str) -> float:
        left, at = self._left.get(sender, (self._burst, self._monotonic()))
        return min(self._burst, left + (self._monotonic() - at) * self._rate)
