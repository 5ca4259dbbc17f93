"""Answers that are kept for a while: bounded in time and in number."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Keeps each value for its seconds, and of all the ``most`` newest. Safe to use from several threads."""

    def __init__(self, monotonic: Callable[[], float], *, most: int) -> None:
        self._monotonic = monotonic
        self._most = most
        self._lock = threading.Lock()
        self._values: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def get(self, key: K) -> V | None:
        with self._lock:
            found = self._values.get(key)
            if found is not None and found[0] <= self._monotonic():
                del self._values[key]
                found = None
            return None if found is None else found[1]

    def put(self, key: K, value: V, seconds: float) -> None:
        with self._lock:
            self._put(key, value, seconds)

    def put_new(self, key: K, value: V, seconds: float) -> bool:
        """Put it, unless there is one already; whether there was none."""
        with self._lock:
            found = self._values.get(key)
            if found is not None and found[0] > self._monotonic():
                return False
            self._put(key, value, seconds)
            return True

    def drop(self, key: K) -> None:
        with self._lock:
            self._values.pop(key, None)

    def _put(self, key: K, value: V, seconds: float) -> None:
        self._values.pop(key, None)
        self._values[key] = (self._monotonic() + seconds, value)
        while len(self._values) > self._most:
            self._values.popitem(last=False)
