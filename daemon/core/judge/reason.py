"""Why a signal has its verdict: a value to compare, which renders the sentence that people read."""

from __future__ import annotations

from enum import Enum

from daemon.core.assessment import Verdict
from daemon.core.value import Value


class ReasonKind(Enum):
    """Every reason there is, with the verdict that follows from it and the words that come after the numbers.

    The verdict is the reason's, so that the two cannot disagree.
    """

    # What the statistics say.
    UNREADABLE = Verdict.UNKNOWN, ""
    NO_BASELINE = Verdict.UNKNOWN, "no earlier traffic to compare with"
    NO_REQUESTS = Verdict.UNKNOWN, "no requests reached the new pods"
    WARMING_UP = Verdict.UNKNOWN, "no pod has outlived its warm-up of {seconds:g} s"
    STARTING = Verdict.UNKNOWN, "no pod is older than that yet"
    BUCKETS_TOO_WIDE = Verdict.UNKNOWN, "the histogram's buckets leave open whether it is over it"
    WITHIN_BOUNDS = Verdict.HEALTHY, ""
    ONLY_WORSE = Verdict.DEGRADED, "worse than before, but not shown to be over the limit"
    ONLY_OVER_LIMIT = Verdict.DEGRADED, "over the limit, but not shown to be worse than before"
    OVER_AS_BEFORE = Verdict.DEGRADED, "over the limit, as it was before"
    UNEVEN_BASELINE = Verdict.DEGRADED, "over the limit, but the time before was too uneven to compare with"
    TOO_SHORT = Verdict.DEGRADED, "over the limit on the whole, but not for long enough to tell"
    FAILING = Verdict.FAILING, ""

    # Enough for a failure, and a second look is waited for.
    FIRST_SCRAPE = Verdict.DEGRADED, "over it in the first scrape, one more is waited for"
    OTHER_PODS_DUE = Verdict.DEGRADED, "over it, the other new pods' next scrape is waited for"
    WELL_AGAIN = Verdict.DEGRADED, "over it, but the newest scrapes look well again"
    MAY_PASS = Verdict.DEGRADED, "over it, after a good start; a burst of {seconds:g} s may pass"
    OLD_PODS_DUE = Verdict.DEGRADED, "over it, the old pods' next scrape is waited for"

    def __init__(self, verdict: Verdict, words: str) -> None:
        self.verdict = verdict
        self.words = words


class Reason(Value, frozen=True):
    """``str()`` gives the sentence, e.g. ``error rate 60 of 300 (20 %), limit 5 %, before …: over it, …``."""

    kind: ReasonKind
    about: str
    """What the sentence begins with: the numbers, the signal's title, or the problem."""
    seconds: float = 0.0
    """The time that the words speak of, where they do."""

    def __str__(self) -> str:
        words = self.kind.words
        return f"{self.about}: {words.format(seconds=self.seconds)}" if words else self.about
