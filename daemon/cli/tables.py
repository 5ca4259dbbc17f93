"""Tables for people. Only commands that print one import this, for rich is not light."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from daemon.presentation.words import clean

STYLES = {
    "Healthy": "green",
    "RolledBack": "green",
    "Progressing": "blue",
    "Watching": "blue",
    "Verifying": "blue",
    "AwaitingApproval": "yellow",
    "Held": "yellow",
    "Advised": "yellow",
    "Failing": "red",
    "RollingBack": "red",
    "Unrecovered": "bold red",
    "healthy": "green",
    "degraded": "yellow",
    "failing": "red",
    "ok": "green",
    "yes": "green",
    "warning": "yellow",
    "error": "red",
    "no": "red",
}


def text(value: str, style: str | None = None) -> Text:
    """Never markup: brackets in a reason stay brackets."""
    return Text(clean(value), style=style or STYLES.get(value, ""))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Columns in capitals as kubectl has them; the last one takes what is left and wraps."""
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for column in columns[:-1]:
        made.add_column(column, no_wrap=True)
    made.add_column(columns[-1], overflow="fold", ratio=1, min_width=20)
    for row in rows:
        made.add_row(*(text(cell) for cell in row))
    return made


WIDE = 140
"""Columns of a terminal from which on a sentence finds room beside the other cells."""


def listing(console: Console, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows whose last cell is a sentence: beside the others where there is room, else below them."""
    if console.width >= WIDE:
        console.print(table(columns, rows))
        return
    cells = [columns[:-1], *(row[:-1] for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns) - 1)]
    console.print(_line(columns, widths, "bold"), soft_wrap=True)
    for row in rows:
        console.print(_line(row, widths, None), soft_wrap=True)
        console.print(Padding(text(row[-1], "dim"), (0, 0, 0, 4)))


def _line(cells: Sequence[str], widths: Sequence[int], style: str | None) -> Text:
    padded = (
        Text.assemble(text(cell, style), " " * (width - len(cell)))
        for cell, width in zip(cells, widths, strict=False)
    )
    return Text("  ").join(padded)
