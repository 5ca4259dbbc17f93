"""A case's story and its evidence as lines of text."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.statistics.counts import percent


def timeline(case: Case) -> tuple[str, ...]:
    """The case's story, a line an entry, times relative to the rollout's start."""
    return tuple(
        f"{entry.at:%H:%M:%S} {(entry.at - case.spec.started_at).total_seconds():+7.1f} s"
        f"  {entry.phase.value:<16} {entry.text}"
        for entry in case.status.timeline
    )


def evidence(case: Case) -> tuple[str, ...]:
    """The numbers behind the verdict, a line a signal or fact."""
    assessment = case.status.assessment
    if assessment is None:
        return ()
    lines = [
        f"{s.name}: new {s.new}; old pods {s.old}; before {s.baseline}; limit {percent(s.limit)}; "
        f"evidence over the limit 10^{s.over_limit:.1f}, over the baseline 10^{s.over_baseline:.1f}: "
        f"{s.verdict.value}, {s.reason}"
        for s in assessment.signals
    ]
    return (*lines, *(f"{fact.kind}: {fact.detail}" for fact in assessment.facts))
