"""Play one run to its end, and say what the daemon made of it."""

from __future__ import annotations

from enum import StrEnum
from random import Random

from daemon.core.case.case import Case, Phase
from daemon.core.value import Value

from . import releases
from .happenings import ALL, Happening, When
from .releases import BAD, NEW, Badness, init_tag
from .stage import WATCH, WELL, Stage, shape_of

HORIZON = 2400.0
"""Seconds after which a case that is still open is taken for what it is."""
BY_NAME = {happening.name: happening for happening in ALL}
UNDECIDED = frozenset({Phase.PROGRESSING, Phase.WATCHING})


class Outcome(StrEnum):
    RIGHT = "right"
    HELD = "held"
    UNPROVEN = "unproven"
    """Rolled back, and rightly not called recovered."""
    FALSE_ROLLBACK = "FALSE ROLLBACK"
    MISSED = "MISSED"
    FALSE_RECOVERY = "FALSE RECOVERY"
    FALSE_STUCK = "FALSE STUCK"


FALSE = frozenset({Outcome.FALSE_ROLLBACK, Outcome.MISSED, Outcome.FALSE_RECOVERY, Outcome.FALSE_STUCK})


class Task(Value, frozen=True):
    happening: str
    bad: bool
    when: When
    seed: int


class Run(Value, frozen=True):
    """``decided`` is how many seconds after the release it was found failing."""

    task: Task
    kind: str
    outcome: Outcome
    decided: float | None = None
    told: tuple[str, ...] = ()
    """What happened, for those who look into a false one."""


def play(task: Task) -> Run:
    random = Random(repr(task))
    happening = BY_NAME[task.happening]
    kind = _kind(happening, random) if task.bad else None
    stage = Stage(random, shape_of(random, **happening.shape))
    if kind is not None:
        stage.fault(init_tag(BAD) if kind.init else BAD, kind.fault)
    start = random.uniform(60, 90)
    if happening.itself:
        stage.after(start, happening.act)
    else:
        stage.after(start, lambda later: later.deploy(BAD if task.bad else NEW))
        _plan(stage, task, happening, start)
    claims = _until_the_end(stage, start)
    outcome = _outcome_of_bad(stage, happening, claims) if task.bad else _outcome_of_healthy(stage)
    return Run(
        task=task,
        kind=kind.name if kind is not None else "",
        outcome=outcome,
        decided=_decided(stage),
        told=_told(stage) if outcome in FALSE else (),
    )


def _kind(happening: Happening, random: Random) -> Badness:
    kinds = [kind for kind in releases.KINDS if happening.kind in ("", kind.name)]
    return random.choice(kinds)


def _plan(stage: Stage, task: Task, happening: Happening, start: float) -> None:
    """Have it happen at a moment of its window; for two of them the moment follows from the case."""
    random, shape = stage.random, stage.shape
    one = shape.pace.start + shape.pace.ready
    match task.when:
        case When.BEFORE:
            stage.after(start - random.uniform(0, 45), happening.act)
        case When.DURING:
            within = happening.within or one * shape.replicas + 2
            stage.after(start + random.uniform(0, within), happening.act)
        case When.AFTER if task.bad:
            stage.after(start + random.uniform(5, 90), happening.act)
        case When.AFTER:
            _once(stage, frozenset({Phase.WATCHING}), random.uniform(0, WATCH - 30), happening)
        case When.VERIFYING:
            _once(stage, frozenset({Phase.ROLLING_BACK, Phase.VERIFYING}), random.uniform(0, 25), happening)


def _once(stage: Stage, phases: frozenset[Phase], seconds: float, happening: Happening) -> None:
    def look(later: Stage) -> None:
        if later.phase() in phases:
            later.after(seconds, happening.act)
        elif later.now < HORIZON and not _over(later):
            later.after(1.0, look)

    stage.after(1.0, look)


def _over(stage: Stage) -> bool:
    cases = stage.cases()
    return bool(cases) and not any(case.active for case in cases)


class Claim(Value, frozen=True):
    """How the workload was when a case came to its end."""

    phase: Phase
    well: bool
    well_for: float
    next_starts: bool


def _until_the_end(stage: Stage, start: float) -> dict[str, Claim]:
    """What was true when each case ended."""
    claims: dict[str, Claim] = {}
    while stage.now < HORIZON:
        stage.step()
        for case in stage.cases():
            if not case.active and case.name not in claims:
                claims[case.name] = _claim(stage, case)
        if stage.now > start + 5 and _over(stage) and (stage.quiet or stage.now > start + 600):
            break
    return claims


def _claim(stage: Stage, case: Case) -> Claim:
    since = stage.well_since
    return Claim(
        phase=case.phase,
        well=stage.well,
        well_for=stage.now - since if since is not None else 0.0,
        next_starts=stage.next_would_start(),
    )


def _outcome_of_healthy(stage: Stage) -> Outcome:
    cases = stage.cases()
    if any(case.status.patched_at is not None or case.phase is Phase.ADVISED for case in cases):
        return Outcome.FALSE_ROLLBACK
    return Outcome.HELD if any(case.phase is Phase.HELD for case in cases) else Outcome.RIGHT


def _outcome_of_bad(stage: Stage, happening: Happening, claims: dict[str, Claim]) -> Outcome:
    case = stage.cases()[-1]
    claim = claims.get(case.name)
    if happening.ends_it and (case.spec.revision.tag != BAD or case.phase is Phase.SUPERSEDED):
        wrong = any(one.status.patched_at and one.spec.revision.tag != BAD for one in stage.cases())
        return Outcome.FALSE_ROLLBACK if wrong else Outcome.RIGHT
    match case.phase:
        case Phase.ROLLED_BACK if claim is not None:
            right = claim.well and claim.next_starts
            return Outcome.RIGHT if right else Outcome.FALSE_RECOVERY
        case Phase.UNRECOVERED if claim is not None:
            finished = claim.well_for >= WELL and claim.next_starts
            return Outcome.FALSE_STUCK if finished else Outcome.UNPROVEN
        case Phase.HEALTHY | Phase.PROGRESSING | Phase.WATCHING | Phase.SUPERSEDED:
            return Outcome.MISSED
        case _:
            return Outcome.HELD


def _decided(stage: Stage) -> float | None:
    case = stage.cases()[-1]
    failing = case.status.failing_at
    return (failing - case.spec.opened_at).total_seconds() if failing is not None else None


def _told(stage: Stage) -> tuple[str, ...]:
    shape = stage.shape
    said = [f"{shape.replicas} replicas, pace {shape.pace.start:g}+{shape.pace.ready:g} s, {shape.strategy}"]
    for case in stage.cases():
        said.append(f"{case.spec.revision} opened {case.spec.opened_at:%H:%M:%S}")
        said += [f"  {entry.at:%H:%M:%S} {entry.text}" for entry in case.status.timeline]
    return tuple(said)
