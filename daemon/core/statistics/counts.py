"""Counts of bad events among all events, and the scrapes that they come from."""

from __future__ import annotations

from typing import Protocol

from daemon.core.value import Value


class Tally(Value, frozen=True):
    """Bad events of all events, with the number of scrapes they were counted from.

    ``unclear`` events may or may not be bad: ``bad`` <= truth <= ``bad + unclear``.
    """

    bad: float = 0.0
    total: float = 0.0
    scrapes: int = 0
    unclear: float = 0.0

    @property
    def rate(self) -> float | None:
        return self.bad / self.total if self.total > 0 else None

    @property
    def at_worst(self) -> Tally:
        """With every unclear event taken for bad."""
        if not self.unclear:
            return self
        return Tally(bad=min(self.bad + self.unclear, self.total), total=self.total, scrapes=self.scrapes)

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            bad=self.bad + other.bad,
            total=self.total + other.total,
            scrapes=self.scrapes + other.scrapes,
            unclear=self.unclear + other.unclear,
        )

    def without(self, part: Tally) -> Tally:
        """The rest, of which the part was a part."""
        return Tally(
            bad=max(0.0, self.bad - part.bad),
            total=max(0.0, self.total - part.total),
            scrapes=max(0, self.scrapes - part.scrapes),
            unclear=max(0.0, self.unclear - part.unclear),
        )

    def __str__(self) -> str:
        bad, total = self.bad, self.total
        if total <= 0:
            return "no requests"
        if self.unclear > 0:
            return f"{bad:.0f} to {self.at_worst.bad:.0f} of {total:.0f} ({percent(bad / total)} or more)"
        return f"{bad:.0f} of {total:.0f} ({percent(bad / total)})"


def percent(ratio: float) -> str:
    """A ratio as people read it: 0.2 → ``20 %``, 0.0034 → ``0.34 %``."""
    return f"{ratio * 100:.3g} %"


def thinned(tally: Tally, factor: float) -> Tally:
    """The tally as that many fewer independent events: what overdispersed counts are worth."""
    if factor == 1:
        return tally
    return Tally(
        bad=tally.bad / factor,
        total=tally.total / factor,
        scrapes=tally.scrapes,
        unclear=tally.unclear / factor,
    )


class Scrape(Protocol):
    """Events of one scrape, in (``since``, ``at``] (Unix seconds)."""

    @property
    def at(self) -> float: ...
    @property
    def since(self) -> float: ...
    @property
    def bad(self) -> float: ...
    @property
    def total(self) -> float: ...
