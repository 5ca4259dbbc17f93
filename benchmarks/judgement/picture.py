"""docs/judgement.svg: every rule as a dot, by false alarms and by delay."""

from __future__ import annotations

import math
from collections.abc import Mapping
from io import BytesIO

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .scoring import OURS, Overall

COLOURS = {
    OURS: "#b0203a",
    "argo": "#e07b00",
    "flagger": "#2a6fb0",
    "kayenta": "#3a8a4a",
    "pipecd": "#7a4fa3",
    "burn": "#6b6b6b",
}
LEAST = 0.0002
"""Shares below this, zero as well, are drawn at the left edge."""
SHORTEST, LONGEST = 10.0, 700.0
"""Seconds that the picture spans."""
LINE = 0.045
"""A label's height, as a part of the axis."""


def draw(rules: Mapping[str, Overall], titles: Mapping[str, str]) -> bytes:
    """The picture as SVG; the same figures give the same bytes."""
    with mpl.rc_context({"svg.hashsalt": "judgement", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(10.5, 5.6), layout="constrained")
        axes = figure.subplots()
        _scales(axes)
        shown = {name: rule for name, rule in rules.items() if rule.median is not None}
        heights = _apart(
            {name: _height(rule.median or SHORTEST) for name, rule in shown.items() if name != OURS}
        )
        for name, rule in shown.items():
            _dot(axes, name, rule)
            if name == OURS:
                _beside(axes, rule, titles.get(name, name))
            else:
                _at_the_edge(axes, name, rule, titles.get(name, name), heights[name])
        never = [titles.get(name, name) for name in rules if name not in shown]
        if never:
            axes.set_title(f"not shown, found less than half of the failures: {', '.join(never)}", fontsize=7)
        return _svg(figure)


def _scales(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(LEAST * 0.75, 1.0)
    axes.set_ylim(SHORTEST, LONGEST)
    axes.set_xticks([LEAST, 0.001, 0.01, 0.1, 1.0], ["≤ 0.02 %", "0.1 %", "1 %", "10 %", "100 %"])
    axes.set_yticks([15, 30, 60, 120, 300, 600], ["15 s", "30 s", "1 min", "2 min", "5 min", "10 min"])
    axes.minorticks_off()
    axes.axvline(0.01, color="#999999", linewidth=0.8, linestyle="--")
    axes.grid(visible=True, color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel("healthy releases rolled back, in all healthy families (left is better)")
    axes.set_ylabel(
        "median delay, in all failing families (low is better);\nthe line goes to the 95th percentile"
    )
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _height(seconds: float) -> float:
    """As a part of the axis."""
    return math.log(seconds / SHORTEST) / math.log(LONGEST / SHORTEST)


def _apart(heights: Mapping[str, float]) -> dict[str, float]:
    """The heights moved up and down so that labels of one line do not touch, in the same order."""
    order = sorted(heights, key=lambda name: heights[name])
    moved = {}
    lowest = 0.0
    for name in order:
        lowest = moved[name] = max(heights[name], lowest)
        lowest += LINE
    highest = 1.0
    for name in reversed(order):
        highest = moved[name] = min(moved[name], highest)
        highest -= LINE
    return moved


def _place(rule: Overall) -> tuple[float, float]:
    return max(rule.healthy.share, LEAST), rule.median or SHORTEST


def _colour(name: str) -> str:
    return COLOURS[name.split("-")[0]]


def _dot(axes: Axes, name: str, rule: Overall) -> None:
    x, y = _place(rule)
    top = rule.p95 if rule.p95 is not None else LONGEST
    axes.plot([x, x], [y, top], color=_colour(name), linewidth=1.0, alpha=0.5)
    axes.plot([x], [y], marker="o", color=_colour(name), markersize=9 if name == OURS else 6)


def _beside(axes: Axes, rule: Overall, title: str) -> None:
    axes.annotate(
        title,
        _place(rule),
        xytext=(10, 0),
        textcoords="offset points",
        verticalalignment="center",
        color=_colour(OURS),
        fontweight="bold",
        fontsize=10,
    )


def _at_the_edge(axes: Axes, name: str, rule: Overall, title: str, height: float) -> None:
    axes.annotate(
        title,
        _place(rule),
        xytext=(1.03, height),
        textcoords="axes fraction",
        verticalalignment="center",
        color=_colour(name),
        fontsize=8,
        arrowprops={
            "arrowstyle": "-",
            "color": _colour(name),
            "linewidth": 0.4,
            "alpha": 0.5,
            "relpos": (0, 0.5),
        },
    )


def _svg(figure: Figure) -> bytes:
    target = BytesIO()
    figure.savefig(target, format="svg", metadata={"Date": None})
    return target.getvalue()
