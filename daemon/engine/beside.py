"""What blocks is asked beside the worker: each question once, its answer kept until it is forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from daemon.core.model import WorkloadRef
from daemon.engine.defects import Defects
from daemon.ports import PortError

Subject = tuple[str, ...]
"""A case's key, then whatever tells its questions apart."""
T = TypeVar("T")


class Beside(Generic[T]):
    """``run`` starts what blocks (a pool's submit); ``later`` asks for a look at a workload."""

    def __init__(
        self,
        *,
        run: Callable[[Callable[[], None]], object],
        later: Callable[[WorkloadRef, float], None],
        defects: Defects,
        edge: str,
    ) -> None:
        self.run = run
        self.later = later
        self._defects = defects
        self._edge = edge
        self._lock = threading.Lock()
        self._under_way: set[Subject] = set()
        self._unheard: set[Subject] = set()
        self._answers: dict[Subject, T | PortError] = {}

    def ask(
        self, key: Subject, ref: WorkloadRef, question: Callable[[], T], *, broken: Callable[[str], T]
    ) -> T | PortError | None:
        """The answer, and the same one from then on; ``None`` until it is there.

        What a port raised is given once, and the next call asks again. ``broken`` is the answer where a
        defect of our own kept it away.
        """
        with self._lock:
            if (found := self._take(key)) is not None or key in self._under_way:
                return found
            self._under_way.add(key)
        self.run(lambda: self._answer(key, ref, question, broken))
        with self._lock:
            return self._take(key)

    def forget(self, *part: str) -> None:
        """Drop the answers to all questions whose keys begin so. What is under way goes on, unheard."""
        with self._lock:
            self._answers = {key: answer for key, answer in self._answers.items() if key[: len(part)] != part}
            self._unheard |= {key for key in self._under_way if key[: len(part)] == part}

    def _take(self, key: Subject) -> T | PortError | None:
        found = self._answers.get(key)
        if isinstance(found, PortError):
            del self._answers[key]
        return found

    def _answer(
        self, key: Subject, ref: WorkloadRef, question: Callable[[], T], broken: Callable[[str], T]
    ) -> None:
        found: T | PortError
        try:
            found = question()
        except PortError as error:
            found = error
        except Exception as defect:
            # The edge of the thread: what is not said here would never be said.
            self._defects.caught(defect, edge=self._edge, about=" ".join(key))
            found = broken(f"a defect of the daemon's: {defect!r}")
        with self._lock:
            self._under_way.discard(key)
            if key not in self._unheard:
                self._answers[key] = found
            self._unheard.discard(key)
        self.later(ref, 0.0)
