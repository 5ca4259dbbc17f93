"""Rollouts without any chance in them, and what is said of them, as text.

``python -m tests.unit.recorded.scenarios`` writes the texts anew into ``golden/``; read what changed before
you commit it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from daemon.core.judge.judgement import Judgement
from daemon.core.judge.record_entries import (
    DependencyChanged,
    RecordEntry,
    RolloutStarted,
    Sampled,
    ScrapeFailed,
)
from daemon.core.judge.recording import Recording
from daemon.core.policy import Policy, SignalPolicy

GOLDEN = Path(__file__).with_name("golden")
START, EVERY, PODS, PER_POD = 1_760_000_000.0, 15, 3, 10
"""``PER_POD`` requests a second reach each pod; it is scraped every ``EVERY`` seconds, 4 s after the last."""
POLICY = Policy(signals=(SignalPolicy(name="errors", title="error rate", limit=0.05),), watch=300.0)

Rate = Callable[[int], float]
"""Of the errors, in the second since the rollout began."""


def usual(_: int) -> float:
    return 0.01


def pods(
    revision: str, seconds: range, rates: tuple[Rate, ...], *, requests: int = PER_POD
) -> list[RecordEntry]:
    """All scrapes of three pods of a revision that serve in these seconds since the rollout began."""
    made: list[RecordEntry] = []
    for number in range(PODS):
        rate, owed, total = rates[number % len(rates)], 0.0, 0.0
        for second in seconds:
            total += requests
            owed += requests * rate(second)
            if (second + 1 - 4 * number) % EVERY == 0:
                pod = f"{revision}-{number}"
                at = START + second + 1
                made.append(
                    Sampled(
                        at=at,
                        signal="errors",
                        pod=pod,
                        revision=revision,
                        bad=float(int(owed)),
                        total=total,
                    )
                )
    return made


def rollout(
    new: Rate | tuple[Rate, ...] = usual,
    old: Rate = usual,
    *,
    beside: int = 0,
    requests: int = PER_POD,
    events: tuple[RecordEntry, ...] = (),
) -> list[RecordEntry]:
    """Half an hour of old pods, which serve ``beside`` seconds longer, and five minutes of new ones."""
    rates = new if isinstance(new, tuple) else (new,)
    made = pods("old", range(-1800, beside), (old,), requests=requests)
    made += pods("new", range(330), rates, requests=requests)
    made += [RolloutStarted(at=START, revision="new", baseline="old"), *events]
    return sorted(made, key=lambda entry: (entry.at, isinstance(entry, Sampled)))


def bad(rate: float, begin: int = -10_000, end: int = 10_000) -> Rate:
    """Usual but for these seconds."""
    return lambda second: rate if begin <= second < end else 0.01


SCENARIOS: dict[str, list[RecordEntry]] = {
    "unchanged": rollout(),
    "fails-from-its-first-request": rollout(bad(0.2)),
    "barely-over-the-limit": rollout(bad(0.065)),
    "fails-after-two-minutes": rollout(bad(0.3, 120)),
    "burst-of-half-a-minute": rollout(bad(0.5, 120, 150)),
    "worse-and-under-the-limit": rollout(bad(0.03)),
    "fails-beside-old-pods-that-are-well": rollout(bad(0.2), beside=120),
    "old-pods-fail-alike": rollout(bad(0.3, 60), bad(0.3, 60), beside=300),
    "failed-before-the-rollout": rollout(bad(0.3), bad(0.3, -120)),
    "over-the-limit-as-before": rollout(bad(0.08), bad(0.08)),
    "dependency-down": rollout(
        bad(0.4, 90), events=(DependencyChanged(at=START + 95, name="postgresql", healthy=False),)
    ),
    "one-pod-of-three": rollout((bad(0.6), usual, usual)),
    "begins-as-the-last-old-pods-go": rollout(bad(0.4, 33), beside=32),
    "no-requests": rollout(requests=0),
    "new-pods-fall-silent": [
        entry
        for entry in rollout(beside=200)
        if not (isinstance(entry, Sampled) and entry.revision == "new" and entry.at > START + 30)
    ],
    "monitoring-goes-down": [
        *(entry for entry in rollout() if entry.at < START + 100),
        *(ScrapeFailed(at=START + second) for second in range(100, 330, 5)),
    ],
}


def said(entries: list[RecordEntry]) -> str:
    """Every change of the verdict and the last word, a line each: when, what, why, and whose fault."""
    recording = Recording(POLICY)
    told = [judgement for entry in entries for judgement in recording.take(entry)]
    last = recording.close()
    return "\n".join(_lines([*told, last] if last is not None else told)) + "\n"


def _lines(told: list[Judgement]) -> Iterator[str]:
    for judgement in told:
        words = f"{judgement.at - START:+.0f} s  {judgement.verdict.value}, {judgement.decision.value}"
        yield f"{words}{', last' if judgement.final else ''}: {judgement.reason}"
        if judgement.attribution_reason:
            yield f"       {judgement.attribution.value}: {judgement.attribution_reason}"


if __name__ == "__main__":
    for name, entries in SCENARIOS.items():
        GOLDEN.joinpath(f"{name}.txt").write_text(said(entries))
