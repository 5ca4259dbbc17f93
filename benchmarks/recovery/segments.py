"""One run's moments, and what lies between them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Run:
    """Unix seconds. ``deciding`` is the newest scrape of a new pod that the decision could rest on."""

    rate: float
    gated: bool
    """Whether all that can be asked before a rollback was there to be asked, and had to be answered."""
    applied: float
    opened: float
    first_bad: float
    deciding: float
    decided: float
    patched: float
    gone: float
    recovered: float
    rolled_out: float


Segment = Callable[[Run], float]
SEGMENTS: tuple[tuple[str, Segment], ...] = (
    ("applied -> case opened", lambda r: r.opened - r.applied),
    ("applied -> first bad scrape", lambda r: r.first_bad - r.applied),
    ("first bad scrape -> decision", lambda r: r.decided - r.first_bad),
    ("deciding scrape -> patch", lambda r: r.patched - r.deciding),
    ("decision -> patch", lambda r: r.patched - r.decided),
    ("patch -> no bad pod left", lambda r: r.gone - r.patched),
    ("APPLIED -> NO BAD POD LEFT", lambda r: r.gone - r.applied),
    ("patch -> RolledBack", lambda r: r.recovered - r.patched),
    ("rollout complete -> RolledBack", lambda r: r.recovered - r.rolled_out),
    ("applied -> RolledBack", lambda r: r.recovered - r.applied),
)


def table(runs: Sequence[Run]) -> str:
    """Median, minimum and maximum of each segment in seconds; a block for each rate, and for all gates."""
    lines = []
    for gated, rate in sorted({(run.gated, run.rate) for run in runs}):
        chosen = [run for run in runs if (run.gated, run.rate) == (gated, rate)]
        what = ", with all gates on" if gated else ""
        lines.append(f"{rate:g} requests/s{what}, {len(chosen)} runs   median     min     max")
        for name, segment in SEGMENTS:
            values = [segment(run) for run in chosen]
            row = (statistics.median(values), min(values), max(values))
            lines.append(f"  {name:<32}" + "".join(f"{value:8.2f}" for value in row))
    return "\n".join(lines)
