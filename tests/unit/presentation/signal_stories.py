"""Signals as the judge saw them, and the stories told of them."""

from __future__ import annotations

import re
from typing import Any

from msgspec.structs import replace

from daemon.core.assessment import Assessment, SignalEvidence
from daemon.core.case.case import Case, Status
from daemon.core.judge.detection import SignalView
from daemon.core.judge.verdict import judge_signal
from daemon.core.policy import SignalPolicy
from daemon.presentation.explanation import Explanation, SignalStory, explain
from tests.unit.core import signal_states
from tests.unit.web import samples


def explained(case: Case) -> Explanation:
    return explain(case, samples.POLICY)


def told(evidence: SignalEvidence, **spec: Any) -> SignalStory:
    """The story of a case with this signal alone."""
    assessment = Assessment(verdict=evidence.verdict, reason="", signals=(evidence,))
    case = samples.case(status=Status(assessment=assessment))
    (story,) = explained(replace(case, spec=replace(case.spec, **spec))).signals
    return story


def judged(
    *scrapes: signal_states.Scrape,
    before: list[signal_states.Scrape] | None = None,
    policy: SignalPolicy = signal_states.POLICY,
) -> SignalEvidence:
    """After these scrapes, with one before them that found no requests yet."""
    state = signal_states.state([(0, 0), *scrapes], before=before, policy=policy)
    return judge_signal(policy, SignalView(state=state))


def convinced(evidence: SignalEvidence) -> bool:
    """Both tests; without a baseline the one."""
    enough = evidence.over_baseline >= evidence.baseline_line if evidence.baseline_line else True
    return evidence.over_limit >= evidence.limit_line and enough


def number(pattern: str, words: str) -> int:
    found = re.search(pattern, words)
    assert found is not None, words
    return int(found[1].replace(",", ""))
