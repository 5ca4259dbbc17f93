"""A case as the report that people write after an incident: all that is known, and what is not.

It stands by itself: Markdown for a wiki or a ticket, HTML in one file with its picture and no script.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator

from daemon.core.case.case import Case, Phase
from daemon.core.case.case_lines import timeline
from daemon.core.case.harm import harm
from daemon.core.case.in_place_words import counted_from, fields
from daemon.core.case.incident import failure, title
from daemon.core.policy import Policy
from daemon.core.value import Value
from daemon.presentation.case_views import evidence_rows
from daemon.presentation.words import clean, duration


class Section(Value, frozen=True):
    """A heading with lines, or with a table where there are ``heads``."""

    title: str
    lines: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


class Postmortem(Value, frozen=True):
    title: str
    case: str
    sections: tuple[Section, ...]


def postmortem(case: Case, policy: Policy) -> Postmortem:
    made = (
        Section(title="Summary", lines=tuple(_summary(case, policy))),
        Section(title=f"Timeline (UTC, and seconds since {counted_from(case)})", lines=timeline(case)),
        _evidence(case, policy),
        Section(title="What was changed", lines=tuple(_changed(case))),
        Section(title="What was done", lines=tuple(_acts(case))),
        Section(title="Proof of the recovery", lines=tuple(_proof(case))),
        Section(title="Open questions", lines=tuple(_open(case, policy))),
    )
    return Postmortem(title=title(case, policy), case=case.key, sections=made)


def _summary(case: Case, policy: Policy) -> Iterator[str]:
    spec, status = case.spec, case.status
    yield f"Workload: {case.ref}"
    if spec.in_place:
        yield from fields(case)
    else:
        yield f"Bad version: {spec.revision.image} (revision {spec.revision.number}, {spec.revision.hash})"
    if status.target is not None and not spec.in_place:
        back = "Restored version" if status.patched_at is not None else "Version to return to"
        yield f"{back}: {status.target.image} (revision {status.target.number}, {status.target.hash})"
    yield f"Reason: {failure(case) or 'none'}"
    if status.assessment is not None and status.assessment.attribution_reason:
        yield f"Attributed to: {status.assessment.attribution.value}, {status.assessment.attribution_reason}"
    yield f"Outcome: {status.phase.value}, {status.reason or 'no more was said'}"
    yield f"Harm: {harm(case, policy)}"
    if status.failing_at is not None:
        yield f"Found failing after: {duration((status.failing_at - spec.started_at).total_seconds())}"
    if status.failing_at is not None and status.finished_at is not None:
        took = duration((status.finished_at - status.failing_at).total_seconds())
        yield f"From then to the end: {took}"


def _evidence(case: Case, policy: Policy) -> Section:
    rows = tuple(
        (s.title, s.verdict, s.new.text, s.old.text, s.before.text, s.limit_text, s.over_limit_words)
        for s in evidence_rows(case, policy)
    )
    facts = case.status.assessment.facts if case.status.assessment is not None else ()
    return Section(
        title="Evidence",
        lines=tuple(f"{fact.kind}: {fact.detail}" for fact in facts),
        heads=("Signal", "Verdict", "New pods", "Old pods", "Before", "Limit", "Evidence over it")
        if rows
        else (),
        rows=rows,
    )


def _changed(case: Case) -> Iterator[str]:
    found = case.status.differences
    if found is not None:
        yield from (f"since revision {found.since}: {line}" for line in found)
    yield from (str(change) for change in case.spec.configuration)
    yield from (str(drift) for drift in case.status.drift)


def _acts(case: Case) -> Iterator[str]:
    for effect in case.status.effects:
        told = f"notified {', '.join(filter(None, effect.place))} ({effect.stage})"
        what = effect.kind if effect.is_step else told
        end = effect.outcome.value if effect.outcome is not None else "not finished"
        said = f": {effect.detail}" if effect.detail else ""
        yield f"{effect.finished_at or effect.intended_at:%H:%M:%S} {what}, {end}{said}"


def _proof(case: Case) -> Iterator[str]:
    found = case.status.verification
    if found is None:
        yield "none: it was not reached"
        return
    marks = {True: "holds", False: "DOES NOT HOLD", None: "not known"}
    for condition in found.conditions:
        yield f"{condition.name}: {marks[condition.holds]} ({condition.detail})"
    if found.contradicted:
        yield f"still failing: {found.contradicted}"


def _open(case: Case, policy: Policy) -> Iterator[str]:
    """What the daemon cannot tell, and people have to find out."""
    if case.status.failing_at is not None:
        yield "What is the root cause, and what keeps it from coming back?"
        if harm(case, policy).startswith("not known"):
            yield "How much harm was done?"
    if case.status.phase is Phase.UNRECOVERED:
        yield "What keeps the service from recovering? The rollback did not help."
    found = case.status.verification
    for condition in found.conditions if found is not None else ():
        if condition.holds is not True:
            yield f"Does {condition.name} hold? ({condition.detail})"
    yield from (f"Not checked: {note}" for note in (found.notes if found is not None else ()))
    owned = case.status.ownership
    yield from (f"Not known: {doubt}" for doubt in (owned.doubts if owned is not None else ()))
    if case.status.alerts_lost:
        yield f"Are these alerts over: {', '.join(case.status.alerts_lost)}?"


def markdown(report: Postmortem) -> str:
    parts = [f"# {_escaped(report.title)}", f"Case {_escaped(report.case)}"]
    for section in _told(report):
        parts.append(f"## {_escaped(section.title)}")
        if section.heads:
            table = [section.heads, ["---"] * len(section.heads), *section.rows]
            lines = [f"| {' | '.join(map(_escaped, row))} |" for row in table]
            parts.append("\n".join(lines))
        if section.lines:
            parts.append("\n".join(f"- {_escaped(line)}" for line in section.lines))
    return "\n\n".join(parts) + "\n"


STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:60rem;margin:2rem auto;"
    "padding:0 1rem}table{border-collapse:collapse}td,th{border:1px solid #767676;padding:.25rem .5rem;"
    "text-align:left}li{overflow-wrap:anywhere}img{max-width:100%}"
)


def page(report: Postmortem, picture: bytes = b"") -> str:
    """One HTML file. ``picture`` is the evidence as SVG."""
    parts = [f"<h1>{_html(report.title)}</h1>", f"<p>Case {_html(report.case)}</p>"]
    for section in _told(report):
        parts.append(f"<h2>{_html(section.title)}</h2>")
        if section.heads:
            parts.append(_table(section))
        if section.title == "Evidence" and picture:
            data = base64.b64encode(picture).decode("ascii")
            parts.append(f'<img alt="The evidence over time" src="data:image/svg+xml;base64,{data}">')
        if section.lines:
            parts.append(f"<ul>{''.join(f'<li>{_html(line)}</li>' for line in section.lines)}</ul>")
    head = f'<meta charset="utf-8"><title>{_html(report.title)}</title><style>{STYLE}</style>'
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n'
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _told(report: Postmortem) -> Iterator[Section]:
    return (section for section in report.sections if section.lines or section.rows)


def _table(section: Section) -> str:
    heads = "".join(f'<th scope="col">{_html(head)}</th>' for head in section.heads)
    rows = "".join(f"<tr>{''.join(f'<td>{_html(cell)}</td>' for cell in row)}</tr>" for row in section.rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _html(text: str) -> str:
    return html.escape(clean(text))


def _escaped(text: str) -> str:
    """On one line, with what Markdown or HTML in it would read as markup made literal."""
    return re.sub(r"([\\`*_\[\]<>|#@!])", r"\\\1", " ".join(clean(text).split()))
