"""Cases, ready to be shown: by the API as JSON, by the commands in words.

Nothing here decides anything; texts that exist elsewhere (the incident's message) are taken from there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from daemon.core.assessment import SignalEvidence
from daemon.core.case import in_place_words, incident
from daemon.core.case.case import Case
from daemon.core.case.outline import Outline
from daemon.core.model import Revision, WorkloadRef
from daemon.core.policy import Policy
from daemon.core.rollout_facts.owners import Ownership
from daemon.core.statistics.counts import Tally, percent
from daemon.core.value import Value
from daemon.presentation.explanation import Explanation, explain
from daemon.presentation.plain_words import needs_person, plain


class RevisionView(Value, frozen=True):
    number: int
    hash: str
    image: str
    tag: str
    change_cause: str


class CaseSummary(Value, frozen=True):
    """A case in a list."""

    namespace: str
    name: str
    workload: str
    revision: RevisionView
    target: RevisionView | None
    phase: str
    verdict: str
    reason: str
    proven: bool
    finished: bool
    opened_at: datetime
    started_at: datetime
    finished_at: datetime | None
    trouble: str
    """What is wrong with the workload though no rollout is under way; empty: nothing."""
    alerts_firing: int
    subject: str
    """What was changed, where it is configuration and nothing was rolled out; empty: a rollout."""
    plain: str
    """What has come of it, in a plain sentence or two."""
    needs_person: bool
    owner: str = ""
    """Who else writes the Deployment, and what may mean one; empty where nobody is known to."""


class RateView(Value, frozen=True):
    """Counted events; ``rate`` is ``None`` without any."""

    bad: float
    total: float
    scrapes: int
    rate: float | None
    text: str


class SignalRow(Value, frozen=True):
    """One row of the evidence. ``over_limit`` and ``over_baseline`` are log10 of e-values."""

    name: str
    title: str
    verdict: str
    reason: str
    limit: float
    limit_text: str
    new: RateView
    old: RateView
    before: RateView
    over_limit: float
    over_limit_words: str
    over_baseline: float
    over_baseline_words: str
    proven: bool


class Moment(Value, frozen=True):
    """A line of the timeline; ``offset`` in seconds since the rollout's start."""

    at: datetime
    offset: float
    phase: str
    text: str


class CaseDetail(Value, frozen=True):
    """A case whole: the summary, what the page shows of it, and the case as it is stored."""

    summary: CaseSummary
    evidence: tuple[SignalRow, ...]
    explanation: Explanation
    timeline: tuple[Moment, ...]
    message: str
    case: Case


AnyCase = TypeVar("AnyCase", Case, Outline)


def newest_first(cases: Iterable[AnyCase]) -> list[AnyCase]:
    return sorted(cases, key=lambda case: (case.opened_at, case.name), reverse=True)


def newest_by_workload(cases: Iterable[AnyCase]) -> dict[WorkloadRef, AnyCase]:
    newest: dict[WorkloadRef, AnyCase] = {}
    for case in cases:
        known = newest.get(case.ref)
        if known is None or (case.opened_at, case.name) > (known.opened_at, known.name):
            newest[case.ref] = case
    return newest


def summary(case: Case) -> CaseSummary:
    return CaseSummary(
        namespace=case.namespace,
        name=case.name,
        workload=case.spec.workload,
        revision=revision_view(case.spec.revision),
        target=revision_view(case.status.target) if case.status.target else None,
        phase=case.phase.value,
        verdict=case.status.verdict.value,
        reason=case.status.reason,
        proven=case.status.proven,
        finished=case.finished,
        opened_at=case.spec.opened_at,
        started_at=case.spec.started_at,
        finished_at=case.status.finished_at,
        trouble=case.status.trouble.text if case.status.trouble is not None else "",
        alerts_firing=sum(alert.status == "firing" for alert in case.status.alerts),
        subject=in_place_words.subject(case),
        plain=plain(case),
        needs_person=needs_person(case),
        owner=owner_words(case.status.ownership),
    )


def owner_words(owned: Ownership | None) -> str:
    """Owners first, each with what tells of it; what only may mean one is said to be unknown."""
    if owned is None:
        return ""
    parts = [f"{owner} ({owner.evidence})" for owner in owned.owners]
    return "; ".join([*parts, *(f"not known: {doubt}" for doubt in owned.doubts)])


def detail(case: Case, policy: Policy) -> CaseDetail:
    return CaseDetail(
        summary=summary(case),
        evidence=evidence_rows(case, policy),
        explanation=explain(case, policy),
        timeline=tuple(
            Moment(
                at=entry.at,
                offset=(entry.at - case.spec.started_at).total_seconds(),
                phase=entry.phase.value,
                text=entry.text,
            )
            for entry in case.status.timeline
        ),
        message=incident.message(case, policy, last_change(case)),
        case=case,
    )


def evidence_rows(case: Case, policy: Policy) -> tuple[SignalRow, ...]:
    """The numbers that were judged last, a row a signal."""
    assessment = case.status.assessment
    titles = {signal.name: signal.title for signal in policy.signals}
    return tuple(
        _signal(signal, titles.get(signal.name, signal.name))
        for signal in (assessment.signals if assessment else ())
    )


def last_change(case: Case) -> datetime:
    """When the case last moved: the time its message bears, so that rendering it twice gives one text."""
    return case.status.timeline[-1].at if case.status.timeline else case.spec.opened_at


def revision_view(revision: Revision) -> RevisionView:
    return RevisionView(
        number=revision.number,
        hash=revision.hash,
        image=revision.image,
        tag=revision.tag,
        change_cause=revision.change_cause,
    )


def _signal(signal: SignalEvidence, title: str) -> SignalRow:
    return SignalRow(
        name=signal.name,
        title=title,
        verdict=signal.verdict.value,
        reason=signal.reason,
        limit=signal.limit,
        limit_text=percent(signal.limit),
        new=_rate(signal.new),
        old=_rate(signal.old),
        before=_rate(signal.baseline),
        over_limit=signal.over_limit,
        over_limit_words=odds(signal.over_limit),
        over_baseline=signal.over_baseline,
        over_baseline_words=odds(signal.over_baseline),
        proven=signal.proven,
    )


def _rate(tally: Tally) -> RateView:
    return RateView(bad=tally.bad, total=tally.total, scrapes=tally.scrapes, rate=tally.rate, text=str(tally))


def odds(evidence: float) -> str:
    """What an e-value (its log10) means, in words: how a bet against "all is well" has gone so far.

    10^3.2 is "1,600 to 1": a revision that is well shows that much at most once in 1,600 rollouts, however
    often one looks.
    """
    if evidence <= 0:
        return "none"
    if evidence > 9:
        return "over a billion to 1"
    value = 10**evidence
    if value < 10:
        return f"{value:.1f} to 1"
    return f"{float(f'{value:.2g}'):,.0f} to 1"
