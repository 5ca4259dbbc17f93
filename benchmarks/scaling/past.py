"""The finished cases that earlier releases left behind, with all that a watch of ten minutes writes down."""

from __future__ import annotations

import random
from datetime import timedelta

from msgspec.structs import replace

from daemon.core.assessment import Assessment, Attribution, SignalEvidence, Verdict
from daemon.core.case.case import Case, Entry, Phase, Status, case_name
from daemon.core.rollout_facts.pod_history import PodHistory
from daemon.core.signals.trail import Point
from daemon.core.statistics.counts import Tally

SIGNALS = ("errors", "latency")
WATCHED, ROUND = 600, 15
"""Seconds of a watch, and of a round of scrapes: one point of a trail each."""
PODS = 3


def past(case: Case, number: int) -> Case:
    """The case of the workload's release so many days before this one's."""
    revision = replace(
        case.spec.revision,
        hash=f"past{number}",
        replica_set=f"{case.spec.workload}-past{number}",
        replica_set_uid=f"{case.spec.workload}/past{number}",
    )
    earlier = timedelta(days=number)
    spec = replace(
        case.spec,
        revision=revision,
        baseline=replace(case.spec.revision, hash=f"past{number + 1}"),
        opened_at=case.spec.opened_at - earlier,
        started_at=case.spec.started_at - earlier,
    )
    name = case_name(spec.workload, spec.workload_uid, revision)
    made = Case(namespace=case.namespace, name=name, spec=spec)
    return replace(made, status=_healthy(made, random.Random(name)))


def _healthy(case: Case, chance: random.Random) -> Status:
    began = case.spec.opened_at
    signals = tuple(_evidence(name, began.timestamp(), chance) for name in SIGNALS)
    reason = "watched for 10 min: " + "; ".join(signal.reason for signal in signals)
    story = (Phase.PROGRESSING, Phase.WATCHING, Phase.HEALTHY)
    return Status(
        phase=Phase.HEALTHY,
        verdict=Verdict.HEALTHY,
        reason=reason,
        proven=True,
        attended=float(WATCHED),
        watch_from=began + timedelta(seconds=20),
        finished_at=began + timedelta(seconds=20 + WATCHED),
        assessment=Assessment(
            verdict=Verdict.HEALTHY,
            reason=reason,
            signals=signals,
            attribution=Attribution.DEPLOYMENT,
            proven=True,
        ),
        pods=tuple(
            PodHistory(uid=f"{case.name}/{n}", before={"app": 0}, when_ready={"app": 0}) for n in range(PODS)
        ),
        timeline=tuple(
            Entry(at=began + timedelta(minutes=5 * n), phase=phase, text=f"{phase.value}: {reason}")
            for n, phase in enumerate(story)
        ),
    )


def _evidence(name: str, began: float, chance: random.Random) -> SignalEvidence:
    trail: list[Point] = []
    for number in range(WATCHED // ROUND):
        total = float(chance.randint(700, 800))
        trail.append(
            Point(
                at=round(began + ROUND * number + chance.random(), 3),
                bad=float(chance.randint(0, 15)),
                total=total,
                over_limit=-chance.random() * number,
                over_baseline=-chance.random(),
            )
        )
    new = Tally(total=sum(p.total for p in trail), bad=sum(p.bad for p in trail), scrapes=len(trail) * PODS)
    return SignalEvidence(
        name=name,
        verdict=Verdict.HEALTHY,
        reason=f"{name} {new.bad:.0f} of {new.total:.0f}, limit 5 %",
        limit=0.05,
        new=new,
        baseline=new,
        over_limit=trail[-1].over_limit,
        over_baseline=trail[-1].over_baseline,
        trail=tuple(trail),
        proven=True,
    )
