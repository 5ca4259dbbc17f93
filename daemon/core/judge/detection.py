"""The first stage of the judge: does what was counted speak of a failure?

Per signal two sequential tests must both be convinced: one that its rate of bad events is over the operator's
limit, and a stricter one that it is over the baseline's, with the baseline's own uncertainty. A healthy
release has to fool both. Nothing here knows of a cause: who is to blame, and whether the failure lasts, is
asked in the stages after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from daemon.core.assessment import Fact, Verdict
from daemon.core.judge.reason import Reason, ReasonKind
from daemon.core.policy import Policy, SignalPolicy
from daemon.core.signals.state import SignalState
from daemon.core.statistics.counts import Tally, percent, thinned
from daemon.core.statistics.likelihood import log_worse
from daemon.core.thresholds import CLUMPS
from daemon.core.value import Value


class SignalView(Value, frozen=True):
    """What one look knows of one signal; ``state`` is ``None`` until the history could be read.

    ``problem`` is why the last look told nothing.
    """

    state: SignalState | None = None
    problem: str = ""


_UNREAD = SignalView()


class DetectedSignal(Value, frozen=True):
    """What one signal says. Failing means that the evidence is enough."""

    policy: SignalPolicy
    reason: Reason
    state: SignalState | None = None
    over: bool = False
    """Over the limit on the whole, though the tests are not both convinced: a failure only where the old pods
    are hit as well."""

    @property
    def verdict(self) -> Verdict:
        return self.reason.kind.verdict

    @property
    def spared(self) -> bool:
        """Whether it says nothing for want of events, and need not."""
        unseen = self.state is not None and self.state.new.total <= 0 and self.verdict is Verdict.UNKNOWN
        return unseen and self.policy.proof == "when_seen"


class Detected(Value, frozen=True):
    signals: tuple[DetectedSignal, ...]
    facts: tuple[Fact, ...] = ()
    """Rollout facts: each is a failure by itself."""


def detect(policy: Policy, views: Mapping[str, SignalView], facts: tuple[Fact, ...]) -> Detected:
    """What the counts and the rollout facts say of a revision."""
    signals = tuple([detect_signal(signal, views.get(signal.name, _UNREAD)) for signal in policy.signals])
    return Detected(signals=signals, facts=facts)


def detect_signal(policy: SignalPolicy, view: SignalView) -> DetectedSignal:
    """What the counts of one signal say."""
    state = view.state
    if state is None:
        about = view.problem or "the time before is not read yet"
        return DetectedSignal(policy=policy, reason=Reason(kind=ReasonKind.UNREADABLE, about=about))
    reason, over = _plain(state, view.problem), False
    if reason is None:
        over = looks_over(state)
        reason = Reason(kind=_doubt(state, over) or _clear(state), about=against(state))
    return DetectedSignal(policy=policy, reason=reason, state=state, over=over)


def _plain(state: SignalState, problem: str) -> Reason | None:
    """Enough for a failure, or nothing to go by. Trouble with reading hides no failure that was shown."""
    policy = state.policy
    if policy.baseline == "require" and not state.bounds.compared:
        return Reason(kind=ReasonKind.NO_BASELINE, about=policy.title)
    if (_over_limit(state) and _over_baseline(state)) or _bad_start(state):
        return Reason(kind=ReasonKind.FAILING, about=against(state))
    if problem:
        return Reason(kind=ReasonKind.UNREADABLE, about=problem)
    if state.new.total <= 0:
        return Reason(kind=ReasonKind.NO_REQUESTS, about=policy.title)
    if state.rounds.first_at is None and state.starting is not None:
        return Reason(kind=ReasonKind.STARTING, about=against(state))
    if state.rounds.first_at is None:
        return Reason(kind=ReasonKind.WARMING_UP, about=against(state), seconds=policy.warmup)
    return None


def _bad_start(state: SignalState) -> bool:
    """An outage in the warm-up, or a start that is worse than those of proven releases."""
    if state.against_outage.log_e >= state.bounds.baseline_level:
        return True
    return state.starting is not None and state.starting.failing


def _over_limit(state: SignalState) -> bool:
    return state.against_limit.log_e >= state.bounds.limit_level


def _over_baseline(state: SignalState) -> bool:
    return not state.bounds.compared or state.against_baseline.log_e >= state.bounds.baseline_level


def _doubt(state: SignalState, over: bool) -> ReasonKind | None:
    """What speaks against health without being enough for failure."""
    if state.bounds.compared and _over_baseline(state):
        return ReasonKind.ONLY_WORSE
    if _over_limit(state):
        return ReasonKind.ONLY_OVER_LIMIT
    if not over:
        return None
    if state.bounds.bound > state.policy.limit:
        return ReasonKind.OVER_AS_BEFORE
    if state.baseline.dispersion > CLUMPS:
        return ReasonKind.UNEVEN_BASELINE
    return ReasonKind.TOO_SHORT


def _clear(state: SignalState) -> ReasonKind:
    """Nothing speaks against health, unless the histogram's buckets hide it."""
    new, bound = state.new, state.bounds.bound
    if new.unclear > 0 and (new.at_worst.rate or 0.0) > bound >= (new.rate or 0.0):
        return ReasonKind.BUCKETS_TOO_WIDE
    return ReasonKind.WITHIN_BOUNDS


def looks_over(state: SignalState) -> bool:
    """Whether the requests so far show the operator's limit exceeded, whatever the time before was like."""
    limit, new = state.policy.limit, state.telling
    if (new.rate or 0.0) <= limit:
        return False
    seen = thinned(new, state.baseline.clumps)
    return log_worse(seen, limit) >= state.bounds.limit_level


def against(state: SignalState) -> str:
    """The numbers as a sentence."""
    policy = state.policy
    before = f"before {_before(state.before)}" if state.bounds.compared else "nothing to compare with"
    said = f"{policy.title} {state.new!s}, limit {_limit(policy.limit)}, {before}"
    starting = state.starting
    # A start that is under the limit needs no excuse.
    return said if starting is None or starting.rate <= policy.limit else f"{said}; {starting}"


_limit = lru_cache(maxsize=256)(percent)
"""The same few each time."""
_before: Callable[[Tally], str] = lru_cache(maxsize=8192)(str)
"""What was before the rollout is said at each look, and does not change once the old pods are gone."""
