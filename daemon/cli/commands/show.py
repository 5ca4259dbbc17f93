"""``show``: one case, as a story with its proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from daemon.cli import lookup
from daemon.cli.framework import OK, Command
from daemon.cli.invocation import Invocation
from daemon.presentation.case_views import owner_words
from daemon.presentation.words import duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from daemon.core.case.case import Case
    from daemon.presentation.case_views import CaseDetail

LEGEND = (
    "“1,600 to 1” is how strong the evidence is: a revision that is well shows that much at most once in "
    "1,600 rollouts, however often one looks. Both kinds must be strong before a revision is called failing."
)


@click.command(
    cls=Command,
    short_help="Show a CASE: story, evidence, proof.",
    examples="""
rollbackd show cart-r8-04908ce0
rollbackd show cart-r8            the beginning of a name is enough
rollbackd show cart               the newest case of the workload
rollbackd show cart -o json
""",
)
@click.argument("case", shell_complete=lookup.propose_cases)
@click.pass_obj
def show(session: Invocation, case: str) -> int:
    """Show a CASE: what happened, on what evidence, whether the recovery is proven, who was notified.

    CASE may also be a workload: then it is the newest of its cases.
    """
    from daemon.presentation.case_views import detail

    found = lookup.case_or_newest(session, case)
    shown = detail(found, session.looking.policy_for(found.ref, {}))
    if session.json:
        session.emit(shown)
    else:
        _print(session, shown)
    return OK


def _print(session: Invocation, shown: CaseDetail) -> None:
    from daemon.core.case.in_place_words import counted_from
    from daemon.presentation.standing_before import lines_of

    case = shown.case
    _section(session, case.key, _facts(case))
    _section(session, f"Timeline (UTC, and seconds since {counted_from(case)})", _timeline(case))
    _evidence(session, shown)
    _section(session, "As it stood before the last plan", lines_of(case.status.before))
    _section(session, "Verification", _verification(case))
    _section(session, "Acts", _acts(case))
    _section(session, "Alerts", _alerts(case))
    _section(session, "Message", shown.message.splitlines())


def _section(session: Invocation, title: str, lines: Iterable[str]) -> None:
    from daemon.cli.tables import text

    lines = list(lines)
    if not lines:
        return
    session.console.print(text(title, "bold"))
    for line in lines:
        # Not wrapped: a line of the story stays a line, as in a log.
        session.console.print(text(f"  {line}", ""), soft_wrap=True)
    session.console.print()


def _facts(case: Case) -> Iterable[str]:
    spec, status = case.spec, case.status
    yield f"Workload   {case.ref}"
    yield f"Revision   {spec.revision.number}, {spec.revision.image}"
    if spec.revision.change_cause:
        yield f"Cause      {spec.revision.change_cause}"
    for change in spec.configuration:
        yield f"Changed    {change}, with no rollout"
    yield f"Phase      {status.phase.value}, the revision is {status.verdict.value}"
    yield f"Reason     {status.reason or 'none yet'}"
    if status.target is not None and not spec.in_place:
        yield f"Return to  {status.target}, {status.target.image}"
    owned = status.ownership
    if owned is not None and (owned.owners or owned.doubts):
        yield f"Owned by   {owner_words(owned)}"
    if owned is not None and owned.scaled_by:
        yield f"Scaled by  {owned.scaled_by}: replicas are never touched"
    took = (
        f", took {duration((status.finished_at - spec.started_at).total_seconds())}"
        if status.finished_at
        else ""
    )
    yield f"Began      {spec.started_at:%Y-%m-%d %H:%M:%S} UTC{took}"
    if spec.instruction is not None:
        order = spec.instruction
        yield f"Asked to   {order.action}, by {order.by}{f': {order.reason}' if order.reason else ''}"


def _timeline(case: Case) -> Sequence[str]:
    from daemon.core.case.case_lines import timeline

    return timeline(case)


def _evidence(session: Invocation, shown: CaseDetail) -> None:
    from daemon.cli.tables import table, text

    assessment = shown.case.status.assessment
    if assessment is None:
        return
    session.console.print(text("Evidence", "bold"))
    rows = [
        (
            signal.title,
            signal.verdict,
            signal.new.text,
            signal.old.text,
            signal.before.text,
            signal.limit_text,
            signal.over_limit_words,
            signal.over_baseline_words,
        )
        for signal in shown.evidence
    ]
    heads = ("SIGNAL", "VERDICT", "NEW", "OLD PODS", "BEFORE", "LIMIT", "OVER LIMIT", "WORSE THAN BEFORE")
    if rows:
        session.console.print(table(heads, rows))
        session.console.print(text(f"  {LEGEND}", "dim"))
    if any(signal.rounds for signal in shown.explanation.signals):
        hint = f"  Round by round, and as a picture: rollbackd explain {shown.case.key}"
        session.console.print(text(hint, "dim"), soft_wrap=True)
    for fact in assessment.facts:
        session.console.print(text(f"  {fact.kind}: {fact.detail}", ""), soft_wrap=True)
    if assessment.attribution_reason:
        cause = f"  Attributed to: {assessment.attribution.value}, {assessment.attribution_reason}"
        session.console.print(text(cause, ""), soft_wrap=True)
    session.console.print()


def _verification(case: Case) -> Iterable[str]:
    verification = case.status.verification
    if verification is None:
        return
    marks = {True: "yes", False: "NO ", None: " ? "}
    for condition in verification.conditions:
        yield f"{marks[condition.holds]}  {condition.name}: {condition.detail}"
    if verification.contradicted:
        yield f"NO   still failing: {verification.contradicted}"


def _acts(case: Case) -> Iterable[str]:
    for effect in case.status.effects:
        what = f"incident {effect.stage} to {effect.sink}" if effect.kind == "publish" else effect.kind
        if effect.finished_at is None:
            yield f"{effect.intended_at:%H:%M:%S}  {what}: intended, not finished{_after(effect.detail)}"
        else:
            outcome = effect.outcome.value if effect.outcome else "finished"
            yield f"{effect.finished_at:%H:%M:%S}  {what}: {outcome}{_after(effect.detail)}"


def _alerts(case: Case) -> Iterable[str]:
    for alert in case.status.alerts:
        severity = f" ({alert.severity})" if alert.severity else ""
        yield f"{alert.starts_at:%H:%M:%S}  {alert.name}{severity} is {alert.status}{_after(alert.summary)}"
    if case.status.alerts_left_out:
        yield f"and {case.status.alerts_left_out} more reports of firing alerts, which decide nothing"
    for name in case.status.alerts_lost:
        yield f"{name}: too many fired to keep each, so whether all are resolved is not known"


def _after(detail: str) -> str:
    return f", {detail}" if detail else ""
