"""``explain``: the evidence of one case over time, as a table and as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from daemon.cli import lookup
from daemon.cli.framework import BAD, OK, Command
from daemon.cli.invocation import Invocation
from daemon.cli.plotting import check_plot, draw_plot

if TYPE_CHECKING:
    from daemon.core.case.case import Case
    from daemon.presentation.explanation import Explanation, RoundView, SignalStory

HEADS = ("AFTER", "BAD OF ALL", "RATE", "OVER LIMIT", "WORSE THAN BEFORE", "REACHED")
WIDEST = 110
"""Columns of a paragraph; longer lines are hard to read."""


@click.command(
    cls=Command,
    short_help="Show a CASE's evidence, round by round.",
    examples="""
rollbackd explain cart-r8           the beginning of a case's name is enough
rollbackd explain cart              the newest case of the workload
rollbackd explain cart --plot evidence.svg
rollbackd explain cart -o json | jq '.signals[0].rounds[-1]'
""",
)
@click.argument("case", metavar="CASE|WORKLOAD", shell_complete=lookup.propose_cases)
@click.option(
    "--plot",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the same, as .svg or .png.",
)
@click.pass_obj
def explain(session: Invocation, case: str, plot: Path | None) -> int:
    """Show how a CASE came to its verdict: each signal's evidence after every round of scrapes.

    Beside it: what would have been needed, the facts, when the failure began, what it was attributed to and
    why. Of a WORKLOAD it is the newest case. Cases that were not judged, or were judged before evidence was
    kept over time, are explained as far as is known.
    """
    from daemon.presentation.explanation import explain as explained

    if plot is not None:
        check_plot(plot)
    found = lookup.case_or_newest(session, case)
    shown = explained(found, session.looking.policy_for(found.ref, {}))
    if session.json:
        session.emit(shown)
    else:
        _print(session, found, shown)
    return OK if plot is None else _draw(found, shown, plot)


# ------------------------------------------------------------ words and tables


def _print(session: Invocation, case: Case, shown: Explanation) -> None:
    from daemon.cli.tables import text

    head = f"{shown.case}: {case.status.phase.value}, the revision is {case.status.verdict.value}"
    session.console.print(text(head, "bold"), soft_wrap=True)
    _paragraph(session, f"{shown.revision}; times are since {shown.beginning}, {_began(shown)}.")
    _paragraph(session, shown.lesson, style="dim")
    _paragraph(session, shown.missing)
    for signal in shown.signals:
        _signal(session, signal)
    _section(session, "Facts", [f"{fact.kind}: {fact.detail}" for fact in shown.facts])
    _section(session, "Cause", _cause(shown))
    _section(session, "Decision", [f"{line}." for line in shown.decisions])


def _began(shown: Explanation) -> str:
    return f"{shown.started_at:%Y-%m-%d %H:%M:%S} UTC"


def _cause(shown: Explanation) -> list[str]:
    lines = [shown.onset_words] if shown.onset_words else []
    if shown.attribution_reason:
        lines.append(f"Attributed to: {shown.attribution.value}, {shown.attribution_reason}.")
    return lines


def _signal(session: Invocation, signal: SignalStory) -> None:
    from daemon.cli.tables import table, text

    title = f"{signal.title}, limit {signal.limit_text}: {signal.verdict}"
    session.console.print(text(title, "bold"), soft_wrap=True)
    if signal.rounds:
        session.console.print(table(HEADS, _rows(signal)))
    for words in (signal.missing, signal.baseline_words, signal.needed_words):
        _paragraph(session, words, blank=False)
    session.console.print()


def _rows(signal: SignalStory) -> Iterator[tuple[str, ...]]:
    first = next((index for index, row in enumerate(signal.rounds) if row.reached), None)
    for index, row in enumerate(signal.rounds):
        yield (
            f"{row.offset:>+6.0f} s",
            f"{row.bad:.0f} of {row.total:.0f}",
            _rate(row),
            f"{row.over_limit:>8.2f}",
            f"{row.over_baseline:>8.2f}" if signal.baseline_line > 0 else "not compared",
            _mark(signal, row, first=index == first),
        )
    needed = f"{signal.baseline_line:>8.2f}" if signal.baseline_line > 0 else ""
    yield "needed", "", "", f"{signal.limit_line:>8.2f}", needed, "at once" if needed else ""


def _rate(row: RoundView) -> str:
    from daemon.core.statistics.counts import percent

    return percent(row.rate) if row.rate is not None else "-"


def _mark(signal: SignalStory, row: RoundView, *, first: bool) -> str:
    if row.reached:
        both = "both" if signal.baseline_line > 0 else "yes"
        return f"{both} <- for the first time" if first else both
    if row.over_limit >= signal.limit_line:
        return "limit"
    return "before" if 0 < signal.baseline_line <= row.over_baseline else ""


def _section(session: Invocation, title: str, lines: list[str]) -> None:
    from daemon.cli.tables import text

    if not lines:
        return
    session.console.print(text(title, "bold"))
    for line in lines:
        _paragraph(session, line, blank=False)
    session.console.print()


def _paragraph(session: Invocation, words: str, *, style: str = "", blank: bool = True) -> None:
    from daemon.cli.tables import text

    if not words:
        return
    width = min(session.console.width, WIDEST)
    # Not rich's wrapping: it fills lines up with blanks, which whoever reads from a pipe would get.
    lines = wrap(words, width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    for line in lines:
        session.console.print(text(line, style), soft_wrap=True)
    if blank:
        session.console.print()


# ------------------------------------------------------------ the picture


def _draw(case: Case, shown: Explanation, plot: Path) -> int:
    from daemon.presentation.figure import figure_of

    figure = figure_of(case)
    if figure is None:
        click.echo(f"error: {plot} was not drawn: {_undrawn(shown)}", err=True)
        return BAD
    draw_plot([figure], plot)
    return OK


def _undrawn(shown: Explanation) -> str:
    reasons = [shown.missing, *(signal.missing for signal in shown.signals)]
    return " ".join(dict.fromkeys(reason for reason in reasons if reason))
