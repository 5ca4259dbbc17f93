"""How a case came to its verdict, round by round, with the words that teach how to read it.

The numbers are the judge's own (``SignalEvidence.trail``); nothing is judged again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from daemon.core.assessment import Assessment, Attribution, Fact, SignalEvidence
from daemon.core.case.case import Case, Phase
from daemon.core.case.in_place_words import counted_from, event
from daemon.core.judge.required_evidence import e_value, required_evidence
from daemon.core.model import Change
from daemon.core.policy import Policy, SignalPolicy
from daemon.core.statistics.counts import percent
from daemon.core.thresholds import KEPT_POINTS
from daemon.core.value import Value

DECIDING = frozenset({Phase.FAILING, Phase.HELD, Phase.AWAITING_APPROVAL, Phase.ADVISED, Phase.ROLLING_BACK})
EVEN = 1.15
"""A dispersion below this is not worth a word."""


class RoundView(Value, frozen=True):
    """The judged pods in one round of scrapes, ``offset`` seconds after the rollout began.

    ``rate`` is ``None`` without requests. ``over_limit`` and ``over_baseline`` are log10 of the e-values
    after the round, ``reached`` whether both are at their lines.
    """

    offset: float
    bad: float
    total: float
    rate: float | None
    over_limit: float
    over_baseline: float
    reached: bool


class SignalStory(Value, frozen=True):
    """One signal's evidence over time. A ``baseline_line`` of 0 means that nothing was compared."""

    name: str
    title: str
    verdict: str
    reason: str
    limit: float
    limit_text: str
    before_rate: float | None
    """Of the control group: the time before, and beside the new pods."""
    limit_line: float
    baseline_line: float
    dispersion: float
    rounds: tuple[RoundView, ...]
    baseline_words: str
    needed_words: str
    missing: str
    """Why there are no rounds, or not all of them."""


class Explanation(Value, frozen=True):
    """Times are seconds since ``beginning``."""

    case: str
    revision: str
    started_at: datetime
    beginning: str
    """What ``started_at`` is: "the rollout began", "the change was made"."""
    lesson: str
    signals: tuple[SignalStory, ...]
    facts: tuple[Fact, ...]
    attribution: Attribution
    attribution_reason: str
    onset: tuple[float, float] | None
    onset_words: str
    decided: float | None
    decisions: tuple[str, ...]
    missing: str
    """Why no signal has rounds."""


def explain(case: Case, policy: Policy) -> Explanation:
    assessment = case.status.assessment or Assessment(verdict=case.status.verdict, reason="")
    policies = {signal.name: signal for signal in policy.signals}
    signals = tuple(_story(case, signal, policies) for signal in assessment.signals)
    return Explanation(
        case=case.key,
        revision=str(case.spec.revision),
        started_at=case.spec.started_at,
        beginning=counted_from(case),
        lesson=_lesson(assessment.signals),
        signals=signals,
        facts=assessment.facts,
        attribution=assessment.attribution,
        attribution_reason=assessment.attribution_reason,
        onset=_onset(case, assessment),
        onset_words=_onset_words(case, assessment),
        decided=_decided(case),
        decisions=_decisions(case),
        missing=_missing(case, signals),
    )


def reached(signal: SignalEvidence, over_limit: float, over_baseline: float) -> bool:
    """Whether both tests are at their lines; a test without a line was not asked."""
    if signal.limit_line <= 0 or over_limit < signal.limit_line:
        return False
    return signal.baseline_line <= 0 or over_baseline >= signal.baseline_line


# ------------------------------------------------------------ one signal


def _story(case: Case, signal: SignalEvidence, policies: Mapping[str, SignalPolicy]) -> SignalStory:
    began = case.spec.started_at.timestamp()
    policy = policies.get(signal.name) or SignalPolicy(
        name=signal.name, title=signal.name, limit=signal.limit
    )
    rounds = tuple(
        RoundView(
            offset=point.at - began,
            bad=point.bad,
            total=point.total,
            rate=point.bad / point.total if point.total > 0 else None,
            over_limit=point.over_limit,
            over_baseline=point.over_baseline,
            reached=reached(signal, point.over_limit, point.over_baseline),
        )
        for point in signal.trail
    )
    return SignalStory(
        name=signal.name,
        title=policy.title,
        verdict=signal.verdict.value,
        reason=signal.reason,
        limit=signal.limit,
        limit_text=percent(signal.limit),
        before_rate=(signal.baseline + signal.old).rate,
        limit_line=signal.limit_line,
        baseline_line=signal.baseline_line,
        dispersion=signal.dispersion,
        rounds=rounds,
        baseline_words=_baseline_words(signal, policy, event(case)),
        needed_words=required_evidence(signal, policy),
        missing=_missing_rounds(signal),
    )


def _missing_rounds(signal: SignalEvidence) -> str:
    if signal.limit_line <= 0:
        if signal.new.total > 0:
            return "Only the sums are left: the version that judged it kept no evidence over time."
        return f"Nothing was counted: {signal.reason}."
    if not signal.trail:
        return f"There is no round to show: {signal.reason}."
    if sum(point.total for point in signal.trail) < signal.new.total - 0.5:
        return f"Only the newest {KEPT_POINTS} rounds are kept; the earlier ones are in the sums alone."
    return ""


def _baseline_words(signal: SignalEvidence, policy: SignalPolicy, since: str) -> str:
    if (signal.baseline + signal.old).total <= 0:
        alone = " The limit alone decides, and has to carry the strict level." if signal.limit_line else ""
        return f"There is no baseline: no requests were counted before {since}.{alone}"
    beside = f", and {signal.old} on old pods since" if signal.old.total > 0 else ""
    counted = f"Before {since} {signal.baseline}{beside}."
    if policy.baseline == "ignore":
        return f"{counted} The settings say not to compare with it (baseline: ignore)."
    if signal.limit_line <= 0:
        return counted
    if signal.dispersion < EVEN:
        return f"{counted} The baseline's bad events came one by one, so every count is worth its number."
    return (
        f"{counted} The baseline's bad events come in bursts: counts are worth {signal.dispersion:.2g} times "
        "fewer independent events."
    )


# ------------------------------------------------------------ the whole


def _lesson(signals: tuple[SignalEvidence, ...]) -> str:
    asked = max(signals, key=lambda s: (s.limit_line > 0, s.baseline_line), default=None)
    if asked is None or asked.limit_line <= 0:
        return ""
    limit = f"{e_value(asked.limit_line)} against the limit ({asked.limit_line:.2f})"
    both = (
        f"{limit} and {e_value(asked.baseline_line)} against the baseline ({asked.baseline_line:.2f}) at once"
        if asked.baseline_line > 0
        else limit
    )
    return (
        "An e-value says how many times better the counts fit a release that is failing than one that is "
        "within the limit, or no worse than the baseline. 1 says nothing, and it never falls far below, for "
        "a failure may still begin. What is shown is its power of ten (log10), after each round of scrapes. "
        f"A decision needs {both}; of a hundred releases that are well, at most one gets there in its whole "
        "watch, however often one looks."
    )


def _missing(case: Case, signals: tuple[SignalStory, ...]) -> str:
    if any(signal.rounds for signal in signals):
        return ""
    if case.spec.change is Change.ADOPTED:
        return (
            "This revision was running before it was guarded: it was taken as the baseline, and not judged. "
            "The next rollout will have its evidence."
        )
    if case.status.assessment is None:
        return "Nothing was judged" + (" before the case ended." if case.finished else " yet.")
    if not signals:
        return "No signal is configured: the facts alone were judged."
    return "There is no evidence over time; each signal says why."


def _onset(case: Case, assessment: Assessment) -> tuple[float, float] | None:
    if assessment.onset is None:
        return None
    began = case.spec.started_at.timestamp()
    low, high = assessment.onset
    return low - began, high - began


def _onset_words(case: Case, assessment: Assessment) -> str:
    onset = _onset(case, assessment)
    if onset is None:
        return ""
    (low, high), what = onset, event(case)
    if high < 0:
        return f"The failure began between {-low:.0f} and {-high:.0f} s before {what}."
    if low < 0:
        return f"The failure began between {-low:.0f} s before {what} and {high:.0f} s after it."
    return f"The failure began between {low:.0f} and {high:.0f} s after {counted_from(case)}."


def _decided(case: Case) -> float | None:
    failing_at = case.status.failing_at
    return None if failing_at is None else (failing_at - case.spec.started_at).total_seconds()


def _decisions(case: Case) -> tuple[str, ...]:
    """What was decided, up to the act, in the words of the notification."""
    status, decided = case.status, _decided(case)
    if status.failing_at is None or decided is None:
        return (f"Not found failing: {status.reason or 'nothing was decided yet'}",)
    since = [entry for entry in status.timeline if entry.at >= status.failing_at]
    found = next((entry for entry in since if entry.phase is Phase.FAILING), None)
    reason = found.text if found is not None else status.assessment.reason if status.assessment else ""
    said = [f"Found failing {decided:.1f} s after {counted_from(case)}: {reason}"]
    for entry in since:
        if entry is not found and entry.phase in DECIDING:
            after = (entry.at - case.spec.started_at).total_seconds()
            said.append(f"After {after:.1f} s: {entry.text.removesuffix(f': {reason}')}")
        if entry.phase is Phase.ROLLING_BACK:
            break
    return tuple(said)
