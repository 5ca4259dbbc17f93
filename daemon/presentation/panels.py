"""How a picture of evidence is laid out and painted. The only module that knows matplotlib."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, MaxNLocator

from daemon.core.assessment import SignalEvidence
from daemon.core.statistics.counts import percent
from daemon.core.text import printable, truncated
from daemon.presentation.figure import Figure
from daemon.presentation.words import duration

# Okabe and Ito's palette: told apart with any kind of colour vision. The line styles differ, too.
SHARE, LIMIT, BASELINE, ONSET, DECISION = "#000000", "#0072B2", "#D55E00", "#E69F00", "#CC79A7"
STYLE = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 9,
    "grid.alpha": 0.25,
    "savefig.dpi": 120,
    "svg.fonttype": "none",
    "svg.hashsalt": "rollbackd",
}
SHARE_AXIS, EVIDENCE_AXIS, TIME_AXIS = "bad share", "evidence (odds)", "time since"
"""The same in every picture; the page has them in ``picture.js``."""
WIDTH, SHARE_HEIGHT, EVIDENCE_HEIGHT, FRAME = 4.6, 2.0, 1.7, 1.3
"""Inches: of a column, of the two panels of a signal, and of titles and legend."""
LONGEST_TITLE = 44
SEEN = 4.0
"""Evidence is shown up to so many times the line that decides, on a logarithmic scale."""


def paint(figures: Sequence[Figure], path: Path) -> None:
    """Raises OSError where the file cannot be written."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)  # type: ignore[arg-type]
        canvas = _canvas(figures)
        kind = path.suffix.lower().removeprefix(".")
        canvas.savefig(path, format=kind, metadata={"Date": None} if kind == "svg" else {"Software": None})


def _canvas(figures: Sequence[Figure]) -> Canvas:
    rows = max(1, *(len(figure.signals) for figure in figures)) if figures else 1
    heights = (SHARE_HEIGHT, EVIDENCE_HEIGHT) * rows
    size = (max(WIDTH * len(figures), 7.0), sum(heights) + FRAME)
    canvas = Canvas(figsize=size, layout="constrained")
    grid = canvas.subplots(2 * rows, len(figures), squeeze=False, height_ratios=heights)
    legend: dict[str, Artist] = {}
    for column, figure in enumerate(figures):
        axes = [grid[row, column] for row in range(2 * rows)]
        for handle in _column(figure, axes):
            legend.setdefault(str(handle.get_label()), handle)
    across = 4 if len(figures) > 1 else 3
    canvas.legend(
        handles=list(legend.values()), loc="outside lower center", ncols=across, frameon=False, fontsize=8
    )
    return canvas


def _column(figure: Figure, axes: Sequence[Axes]) -> Iterator[Artist]:
    span = _span(figure)
    for index, ax in enumerate(axes):
        if index // 2 >= max(1, len(figure.signals)):
            ax.set_axis_off()
    for index, signal in enumerate(figure.signals):
        share, evidence = axes[2 * index], axes[2 * index + 1]
        yield from _share(share, figure, signal)
        yield from _evidence(evidence, figure, signal)
        for ax in (share, evidence):
            yield from _moments(ax, figure)
            ax.set_xlim(span)
            ax.xaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10]))
        share.tick_params(labelbottom=False)
    last = axes[2 * max(1, len(figure.signals)) - 1]
    last.set_xlabel(f"{TIME_AXIS} {figure.beginning} (min)")
    _decision(axes[0], figure)
    axes[0].set_title(_title(figure), parse_math=False, fontsize=10, fontweight="bold", pad=22)


def _title(figure: Figure) -> str:
    return printable(truncated(figure.title, LONGEST_TITLE), kept="")


def _minutes(figure: Figure, at: float) -> float:
    return (at - figure.started_at) / 60


def _span(figure: Figure) -> tuple[float, float]:
    """The minutes from the rollout (or an earlier onset) to the newest point, with some air."""
    times = [point.at for signal in figure.signals for point in signal.trail]
    times += [at for at in (figure.decided_at, *(figure.onset or ())) if at is not None]
    seen = [_minutes(figure, at) for at in times]
    first, last = min(0.0, *seen, 0.0), max(1.0, *seen, 1.0)
    air = (last - first) * 0.04
    return first - air, last + air


def _share(ax: Axes, figure: Figure, signal: SignalEvidence) -> Iterator[Artist]:
    """The share of bad events, scrape by scrape, beside the limit and what was usual before."""
    minutes = [_minutes(figure, point.at) for point in signal.trail]
    shares = [point.bad / point.total if point.total > 0 else math.nan for point in signal.trail]
    (line,) = ax.plot(minutes, shares, color=SHARE, marker="o", markersize=3, linewidth=1)
    line.set_label("share of bad events in a scrape, new pods")
    yield line
    limit = ax.axhline(signal.limit, color=LIMIT, linestyle="--", linewidth=1.2, label="limit")
    yield limit
    before = (signal.baseline + signal.old).rate
    _beside(ax, signal.limit, LIMIT, above=before is None or before <= signal.limit)
    if before is not None:
        _beside(ax, before, BASELINE, above=before > signal.limit)
        yield ax.axhline(before, color=BASELINE, linestyle=":", linewidth=1.6, label="before, and old pods")
    highest = max([signal.limit, before or 0.0, *(share for share in shares if share == share)])
    top = min(highest * 1.25, 1.05)
    ax.set_ylim(-0.03 * top, top)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=5))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda share, _: percent(share)))
    ax.set_ylabel(f"{signal.name}\n{SHARE_AXIS}", parse_math=False)


def _beside(ax: Axes, share: float, colour: str, *, above: bool) -> None:
    """A line's value at its right end; of two lines the upper one's stands above, so that they never meet."""
    side = "bottom" if above else "top"
    where = ax.get_yaxis_transform()
    ax.text(1.01, share, percent(share), transform=where, color=colour, va=side, fontsize=8)


def _evidence(ax: Axes, figure: Figure, signal: SignalEvidence) -> Iterator[Artist]:
    """Both tests' e-values with the lines at which they decide. A test without a line was not asked."""
    tests = [
        ("over the limit", LIMIT, "--", signal.limit_line, [p.over_limit for p in signal.trail]),
        ("worse than before", BASELINE, ":", signal.baseline_line, [p.over_baseline for p in signal.trail]),
    ]
    asked = [test for test in tests if test[3] > 0]
    minutes = [_minutes(figure, point.at) for point in signal.trail]
    top, bottom = _range([test[3] for test in asked], [value for test in asked for value in test[4]])
    for words, colour, dashes, needed, values in asked:
        shown = [min(max(value, bottom), top) for value in values]
        (line,) = ax.plot(minutes, shown, color=colour, marker="o", markersize=3, linewidth=1.4)
        line.set_label(f"evidence: {words}")
        yield line
        yield ax.axhline(
            needed, color=colour, linestyle=dashes, linewidth=1.2, label=f"decides: {words}", alpha=0.8
        )
    if cut := _cut([value for test in asked for value in test[4]], bottom, top):
        ax.text(1, 1.01, cut, transform=ax.transAxes, ha="right", va="bottom", fontsize=7, color="#555555")
    margin = (top - bottom) * 0.06
    ax.set_ylim(bottom - margin, top + margin)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _odds(value)))
    ax.set_ylabel(f"{signal.name}\n{EVIDENCE_AXIS}", parse_math=False)


def _range(lines: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """The powers of ten that are shown: the deciding lines, and of the evidence what is near to them."""
    line = max(lines, default=1.0)
    finite = [value for value in values if math.isfinite(value)]
    return min(max([line * 1.3, *finite]), line * SEEN), max(min([0.0, *finite]), -line)


def _cut(values: Sequence[float], bottom: float, top: float) -> str:
    """What the panel does not show, in words."""
    highest, lowest = max(values, default=0.0), min(values, default=0.0)
    words = [f"up to {_odds(highest)}"] if highest > top else []
    return ", ".join([*words, f"down to {_odds(lowest)}"] if lowest < bottom else words)


def _odds(power: float) -> str:
    """An e-value as odds: 3 → ``1,000 : 1``, -2 → ``1 : 100``, 87 → ``10^87 : 1``."""
    size = abs(power)
    text = f"{10**size:,.0f}" if size <= 6 else f"10^{size:.0f}"
    return f"{text} : 1" if power >= 0 else f"1 : {text}"


def _moments(ax: Axes, figure: Figure) -> Iterator[Artist]:
    """When the rollout began, when the failure did, and when it was decided."""
    yield ax.axvline(0, color="#555555", linewidth=1.2, label=figure.beginning.removeprefix("the "))
    if figure.onset is not None:
        first, last = (_minutes(figure, at) for at in figure.onset)
        yield ax.axvspan(first, last, color=ONSET, alpha=0.25, linewidth=0, label="failure began")
    if figure.decided_at is not None:
        at = _minutes(figure, figure.decided_at)
        yield ax.axvline(at, color=DECISION, linewidth=1.8, linestyle="-.", label="decided")


def _decision(ax: Axes, figure: Figure) -> None:
    """What was decided and how soon, above the line that marks it."""
    if figure.decided_at is None:
        return
    at = _minutes(figure, figure.decided_at)
    first, last = ax.get_xlim()
    ax.annotate(
        f"{figure.decision or 'decided'} after {duration(figure.decided_at - figure.started_at)}",
        (at, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, 3),
        textcoords="offset points",
        color="#8a3d66",
        ha="left" if at - first < (last - first) / 2 else "right",
        va="bottom",
        fontsize=8,
        annotation_clip=False,
        parse_math=False,
    )
