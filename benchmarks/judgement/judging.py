"""One record before every judge: ours, the peers' rules, and the test that knows the truth."""

from __future__ import annotations

import math
from time import process_time

from daemon.core.assessment import Verdict
from daemon.core.judge.judgement import Decision
from daemon.core.judge.record_entries import RolloutStarted, Sampled
from daemon.core.judge.recording import Recording

from .families import Family
from .generator import generate
from .oracle import wald
from .peers import RULES
from .record import POLL, Record
from .scoring import ORACLE, OURS, Run
from .startups import starts_before
from .windows import Metrics


def judged(family: Family, seed: int) -> Run:
    """What everybody made of the record with that seed."""
    record = generate(family, seed)
    decided, attribution, seconds, count = _ours(record)
    alarms = {} if decided is None else {OURS: _polled(record, decided)}
    metrics = Metrics(record)
    for rule in RULES:
        at = rule.decide(metrics)
        if at is not None:
            alarms[rule.name] = at
    known = wald(record)
    if known is not None:
        alarms[ORACLE] = known

    def since(at: float | None) -> float | None:
        return None if at is None else round(at - record.start, 3)

    return Run(
        onset=since(record.onset),
        first_full=since(record.first_full),
        end=record.end - record.start,
        alarms={name: round(at - record.start, 3) for name, at in alarms.items()},
        decided=since(decided),
        attribution=attribution,
        seconds=seconds,
        judged=count,
    )


def _polled(record: Record, at: float) -> float:
    """When the daemon's next poll would see it: it reads Prometheus every five seconds."""
    first = record.start + record.phase * POLL
    return first + math.ceil((at - first) / POLL) * POLL


def _ours(record: Record) -> tuple[float | None, str, float, int]:
    """When the deciding sample was scraped, the attribution, the processor time and the judgements."""
    family = record.family
    recording, entries = Recording(family.policy, starts_before(family, record.seed)), list(record.entries())
    # The rollout's start reads the whole history; what is timed are the judgements after it.
    before = 1 + next(index for index, entry in enumerate(entries) if isinstance(entry, RolloutStarted))
    for entry in entries[:before]:
        recording.take(entry)
    decided, attribution, moments = None, "", set()
    begun = process_time()
    for entry in entries[before:]:
        if isinstance(entry, Sampled):
            moments.add(entry.at)
        for said in recording.take(entry):
            if said.verdict is Verdict.FAILING:
                attribution = said.attribution.value
            if said.decision is Decision.ROLLBACK:
                decided = said.at
        if recording.decided:
            break
    last = recording.close()
    seconds = process_time() - begun
    if decided is None and last is not None and last.decision is Decision.ROLLBACK:
        decided, attribution = last.at, last.attribution.value
    return decided, attribution, seconds, len(moments)
