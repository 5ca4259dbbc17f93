"""The edge of the engine's loops, where an exception that nobody expected ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import PurePath
from traceback import walk_tb

from prometheus_client import CollectorRegistry, Counter

from daemon import logs
from daemon.ports import DefectReporter, PortError

Place = tuple[str, ...]
"""What tells one defect from another: the exception's type, our innermost line and the innermost of all."""
_OWN = PurePath(__file__).parents[1]


class LogOnly:
    """Implements :class:`daemon.ports.DefectReporter` where there is nobody to report to."""

    def report(self, error: Exception, *, edge: str, about: str) -> None:
        """The log has it already."""


class Defects:
    """Logs and counts each defect, and has each distinct place reported once.

    ``run`` starts the reporting, so that neither the worker nor the poll waits for it. A report that fails is
    made again when the same place fails next. Used from several threads.
    """

    def __init__(
        self,
        reporter: DefectReporter,
        run: Callable[[Callable[[], None]], object],
        registry: CollectorRegistry,
    ) -> None:
        self._reporter = reporter
        self._run = run
        self._log = logs.get()
        self._count = Counter(
            "rollbackd_defects",
            "Unexpected exceptions at the edge of a loop; the log has each",
            ("edge",),
            registry=registry,
        )
        self._lock = threading.Lock()
        self._reported: set[Place] = set()

    def caught(self, error: Exception, *, edge: str, about: str = "") -> None:
        """To be called where ``error`` is handled. ``edge`` names the loop, ``about`` the case or
        workload."""
        self._count.labels(edge).inc()
        self._log.exception(f"a defect of the daemon's: {error!r}", edge=edge, about=about)
        place = place_of(error)
        with self._lock:
            known = place in self._reported
            self._reported.add(place)
        if known:
            return
        try:
            self._run(lambda: self._report(error, place, edge, about))
        except RuntimeError:
            # The pool takes no more: the daemon is stopping, and the log has the defect.
            return

    def _report(self, error: Exception, place: Place, edge: str, about: str) -> None:
        try:
            self._reporter.report(error, edge=edge, about=about)
        except Exception as refusal:
            # Whatever it is: reporting a defect must not make another one.
            with self._lock:
                self._reported.discard(place)
            why = str(refusal) if isinstance(refusal, PortError) else repr(refusal)
            self._log.warning(f"a defect could not be reported: {why}", edge=edge, about=about)


def place_of(error: Exception) -> Place:
    """Where it was raised. The lines of two exceptions are equal where the same code failed alike."""
    lines = [(frame.f_code.co_filename, number) for frame, number in walk_tb(error.__traceback__)]
    own = [line for line in lines if PurePath(line[0]).is_relative_to(_OWN)]
    ends = (found[-1] for found in (own, lines) if found)
    return (type(error).__qualname__, *(f"{file}:{number}" for file, number in ends))
