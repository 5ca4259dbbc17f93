"""What a backtest found, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from daemon.cli.backtest_progress import moment
from daemon.cli.invocation import Invocation
from daemon.core.statistics.counts import percent
from daemon.presentation.words import duration

if TYPE_CHECKING:
    from daemon.core.model import WorkloadRef
    from daemon.core.policy import Policy
    from daemon.engine.backtest.outcome import RolloutOutcome
    from daemon.engine.backtest.report import Summary
    from daemon.engine.backtest.run import Backtest

COLUMNS = ("TIME (UTC)", "FROM → TO", "REQUESTS", "JUDGED", "AFTER", "FIXED RULE", "PEOPLE")
KIND_STYLES = {"rollback": "red", "held": "yellow", "passed": "green"}
LATE = 600.0
"""Seconds by which the samples may begin later than was asked for, before it is worth a word."""


def show_report(session: Invocation, run: Backtest, policy: Policy, ref: WorkloadRef) -> None:
    """On standard output."""
    from daemon.engine.backtest.report import summary

    assert run.lineage is not None
    found = summary(run.outcomes)
    if session.json:
        session.emit(_document(run, policy, ref, found))
        return
    _print(session, run, policy, ref, found)


# ---------------------------------------------------------------- for programs


def _document(run: Backtest, policy: Policy, ref: WorkloadRef, found: Summary) -> dict[str, Any]:
    from daemon.engine.backtest.report import disagree

    assert run.lineage is not None
    start, end = run.span
    return {
        "workload": str(ref),
        "since": _iso(start),
        "until": _iso(end),
        "dataFrom": _iso(run.lineage.data_from),
        "limits": {signal.name: signal.limit for signal in policy.signals},
        "watchSeconds": policy.watch,
        "rollouts": [_row(outcome) for outcome in run.outcomes],
        "summary": found,
        "disagreements": [_iso(outcome.started_at) for outcome in run.outcomes if disagree(outcome)],
    }


def _row(outcome: RolloutOutcome) -> dict[str, Any]:
    plan = outcome.plan
    returned = plan.returned
    return {
        "at": _iso(outcome.started_at),
        "from": plan.before,
        "to": plan.revision,
        "comparedWith": outcome.baseline,
        "requests": outcome.requests,
        "decision": outcome.kind,
        "verdict": outcome.verdict,
        "afterSeconds": round(outcome.after, 3),
        "signal": outcome.signal,
        "eValue": outcome.e_value,
        "reason": outcome.reason,
        "attribution": outcome.attribution,
        "attributionReason": outcome.attribution_reason,
        "supersededAt": None if plan.superseded_at is None else _iso(plan.superseded_at),
        "unfinished": plan.unfinished,
        "missingSignals": outcome.missing,
        "fixedRule": {"rollback": outcome.fixed_at is not None, "afterSeconds": outcome.fixed_after},
        "returned": None if returned is None else {"to": returned.revision, "afterSeconds": returned.after},
    }


def _iso(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


# ---------------------------------------------------------------- for people


def _print(session: Invocation, run: Backtest, policy: Policy, ref: WorkloadRef, found: Summary) -> None:
    from daemon.cli.tables import text
    from daemon.engine.backtest.report import disagree

    assert run.lineage is not None
    say = session.console.print
    start, end = run.span
    limits = ", ".join(f"{signal.name} {percent(signal.limit)}" for signal in policy.signals)
    say(text(f"{ref} from {moment(start)} to {moment(end)} UTC; limits: {limits}", "bold"), soft_wrap=True)
    if run.lineage.data_from > start + LATE:
        since = f"The metrics know this workload from {moment(run.lineage.data_from)} on; nothing before it"
        say(text(f"{since} was looked at."), soft_wrap=True)
    if not run.outcomes:
        say(text("No rollout in this time."))
        return
    say()
    _list(session, run.outcomes)
    say()
    for line in _sums(found):
        say(text(line), soft_wrap=True)
    differing = [outcome for outcome in run.outcomes if disagree(outcome)]
    if differing:
        say()
        say(text("The two rules disagree on:", "bold"))
        for outcome in differing:
            say(text(_disagreement(outcome)), soft_wrap=True)
    if missing := sorted({name for outcome in run.outcomes for name in outcome.missing}):
        say()
        say(text(f"Without a sample in some rollout: {', '.join(missing)}."), soft_wrap=True)


def _list(session: Invocation, outcomes: Sequence[RolloutOutcome]) -> None:
    """A line for each rollout, and its reason below: beside so many cells no sentence finds room."""
    from rich.padding import Padding
    from rich.text import Text

    from daemon.cli.tables import text

    rows = [_cells(outcome) for outcome in outcomes]
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows, strict=True)]

    def line(cells: Sequence[str], style: str) -> Text:
        padded = [f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)]
        return text("  ".join(padded).rstrip(), style)

    say = session.console.print
    say(line(COLUMNS, "bold"), soft_wrap=True)
    for row, outcome in zip(rows, outcomes, strict=True):
        say(line(row, KIND_STYLES.get(outcome.kind.value, "")), soft_wrap=True)
        say(Padding(text(_reason(outcome), "dim"), (0, 0, 0, 4)))


def _cells(outcome: RolloutOutcome) -> Sequence[str]:
    plan = outcome.plan
    return (
        moment(outcome.started_at),
        f"{plan.before} → {plan.revision}",
        f"{outcome.requests:.0f}",
        outcome.kind.value,
        duration(outcome.after),
        _fixed(outcome),
        _people(outcome),
    )


def _fixed(outcome: RolloutOutcome) -> str:
    after = outcome.fixed_after
    return "passed" if after is None else f"rollback after {duration(after)}"


def _people(outcome: RolloutOutcome) -> str:
    back = outcome.plan.returned
    return "stayed" if back is None else f"returned to {back.revision} after {duration(back.after)}"


def _reason(outcome: RolloutOutcome) -> str:
    reason = outcome.reason
    if outcome.attribution_reason:
        reason += f"; attributed to: {outcome.attribution.value}, {outcome.attribution_reason}"
    if outcome.kind.value == "rollback":
        return reason
    if outcome.plan.superseded_at is not None:
        return f"{reason}; superseded before the watch was over"
    return f"{reason}; the watch was not over yet" if outcome.plan.unfinished else reason


def _sums(found: Summary) -> Sequence[str]:
    return (
        f"{found.rollouts} rollouts: {found.rollback} would have been rolled back, {found.held} held,"
        f" {found.passed} passed, {found.unproven} unproven.",
        f"The fixed-threshold rule: {found.fixed_rollback} rolled back, {found.fixed_passed} passed.",
        f"People went back within a day after {found.returned}.",
    )


def _disagreement(outcome: RolloutOutcome) -> str:
    plan = outcome.plan
    head = f"  {moment(outcome.started_at)} {plan.before} → {plan.revision}"
    ours = f"judged: {outcome.kind.value} after {duration(outcome.after)}"
    return f"{head}: {ours}; fixed rule: {_fixed(outcome)}; people: {_people(outcome)}"
