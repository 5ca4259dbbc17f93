"""How many requests a failing release cost, as an estimate that says what it rests on."""

from __future__ import annotations

from datetime import UTC, datetime

from daemon.core.assessment import SignalEvidence, Verdict
from daemon.core.case.case import Case
from daemon.core.policy import Policy


def harm(case: Case, policy: Policy) -> str:
    """The bad events beyond what was usual before: counted until the decision, and from then on until the
    rollback was rolled out supposed to have come at the same pace."""
    assessment = case.status.assessment
    if case.status.failing_at is None or assessment is None:
        return "not known: the revision was not found failing"
    failing = [s for s in assessment.signals if s.verdict is Verdict.FAILING and s.new.total > 0]
    if not failing:
        return "not known: it was found by its pods, and no signal counts what failed"
    titles = {signal.name: signal.title for signal in policy.signals}
    begin = _begin(case, assessment.onset)
    parts = [_of_signal(case, each, titles.get(each.name, each.name), begin) for each in failing]
    return "; ".join(parts)


def _begin(case: Case, onset: tuple[float, float] | None) -> datetime:
    started = case.spec.started_at
    return max(started, datetime.fromtimestamp(onset[0], UTC)) if onset is not None else started


def _of_signal(case: Case, signal: SignalEvidence, title: str, begin: datetime) -> str:
    counted = _excess(signal)
    until = _until(case, signal)
    basis = f"{counted:,.0f} of {signal.new.total:,.0f} counted until {until:%H:%M:%S} UTC"
    end, pace_over = case.status.rolled_out_at, (until - begin).total_seconds()
    if end is None:
        return f"{title}: {basis}, beyond what was usual before; it is not over, or its end is not known"
    rest = (end - until).total_seconds()
    if rest <= 0 or pace_over <= 0:
        return f"{title}: {basis}, beyond what was usual before"
    total = f"about {counted * (1 + rest / pace_over):,.0f}"
    return (
        f"{title}: {total} from {begin:%H:%M:%S} to {end:%H:%M:%S} UTC, beyond what was usual before "
        f"({basis}, the rest estimated at the same pace until the rollback was rolled out)"
    )


def _excess(signal: SignalEvidence) -> float:
    usual = signal.baseline.rate or 0.0
    return max(0.0, signal.new.bad - usual * signal.new.total)


def _until(case: Case, signal: SignalEvidence) -> datetime:
    """When the last of the events was counted."""
    failing = case.status.failing_at or case.spec.started_at
    return datetime.fromtimestamp(signal.trail[-1].at, UTC) if signal.trail else failing
