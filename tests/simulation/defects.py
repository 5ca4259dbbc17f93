"""A reporter that keeps the defects it hears of."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.ports import PortError


@dataclass(frozen=True)
class Report:
    error: str
    """The exception's type."""
    edge: str
    about: str


class MemoryDefects:
    """Implements :class:`daemon.ports.DefectReporter`. ``refusal`` is what it raises, where set."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.refusal: PortError | None = None

    def report(self, error: Exception, *, edge: str, about: str) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.reports.append(Report(type(error).__name__, edge, about))
