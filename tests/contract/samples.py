"""Cases and incidents to store and to tell of: every field is set, so that none can get lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from daemon.core.assessment import (
    Assessment,
    Attribution,
    Condition,
    Fact,
    SignalEvidence,
    Verdict,
    Verification,
)
from daemon.core.case.case import (
    Case,
    Entry,
    Instruction,
    Phase,
    Spec,
    Status,
    case_name,
)
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.case.incident import Incident, Stage, render
from daemon.core.model import Alert, Change, Revision
from daemon.core.policy import Mode, Policy
from daemon.core.statistics.counts import Tally

BEGAN = datetime(2026, 1, 5, 9, 0, 0, 123456, tzinfo=UTC)
POLICY = Policy(title="GL-006", contact="#incident-gl006")


def revision(number: int, tag: str) -> Revision:
    return Revision(
        hash=f"{number:010d}",
        replica_set=f"gl-006-heatreclaim-{number:010d}",
        replica_set_uid=f"00000000-0000-4000-8000-{number:012d}",
        number=number,
        images=(f"gcr.io/greenlang/gl-006-heatreclaim:{tag}",),
        created_at=BEGAN,
        change_cause=f"deploy {tag}",
    )


def new_case(namespace: str, number: int = 2) -> Case:
    """A case as it is opened."""
    judged = revision(number, "v1.1.0")
    return Case(
        namespace=namespace,
        name=case_name("gl-006-heatreclaim", "11111111-0000-4000-8000-000000000001", judged),
        spec=Spec(
            workload="gl-006-heatreclaim",
            workload_uid="11111111-0000-4000-8000-000000000001",
            revision=judged,
            change=Change.IMAGE,
            opened_at=BEGAN + timedelta(seconds=2),
            started_at=BEGAN,
            baseline=revision(1, "v1.0.0"),
        ),
        status=Status(
            reason="the rollout began",
            timeline=(Entry(at=BEGAN, phase=Phase.PROGRESSING, text="opened: the image changed"),),
        ),
    )


def instruction(by: str = "jane") -> Instruction:
    return Instruction(action="approve", by=by, at=BEGAN + timedelta(minutes=3), reason="seen on the page")


def full_status() -> Status:
    """Everything that can come of a case, with numbers and letters that encodings like to spoil."""
    signal = SignalEvidence(
        name="errors",
        verdict=Verdict.FAILING,
        reason="20 % of the requests fail, over the limit of 5 %",
        limit=0.05,
        new=Tally(bad=20, total=100, scrapes=3),
        old=Tally(bad=0.0, total=1e15 + 1, scrapes=3),
        baseline=Tally(bad=1 / 3, total=1000, scrapes=100),
        over_limit=12.3456789012345,
        over_baseline=-0.1,
        proven=True,
    )
    return Status(
        phase=Phase.VERIFYING,
        verdict=Verdict.FAILING,
        reason='Wärme → "rückgewonnen"\n\tund mehr',
        proven=True,
        mode=Mode.APPROVAL,
        watch_from=BEGAN + timedelta(seconds=30),
        failing_at=BEGAN + timedelta(seconds=60, microseconds=1),
        patched_at=BEGAN + timedelta(seconds=61),
        rolled_out_at=BEGAN + timedelta(seconds=70),
        target=revision(1, "v1.0.0"),
        assessment=Assessment(
            verdict=Verdict.FAILING,
            reason=signal.reason,
            signals=(signal,),
            facts=(Fact(kind="CrashLoopBackOff", detail="one pod"),),
            attribution=Attribution.DEPLOYMENT,
            attribution_reason="the old pods are well",
            proven=True,
        ),
        verification=Verification(
            conditions=(
                Condition(name="rollout", holds=True, detail="2 of 2"),
                Condition(name="errors", holds=None, detail="no scrape yet"),
            ),
            contradicted="still failing",
        ),
        effects=(
            Effect(
                id="rollback",
                kind="rollback",
                intended_at=BEGAN,
                finished_at=BEGAN,
                outcome=EffectOutcome.DONE,
                detail="done",
            ),
            Effect(id="log-opened", kind="publish", intended_at=BEGAN, sink="log", stage="opened"),
        ),
        alerts=(
            Alert(
                fingerprint="abc",
                name="Gl006Errors",
                starts_at=BEGAN,
                status="firing",
                severity="critical",
                summary="errors",
                labels={"app": "gl-006-heatreclaim"},
            ),
        ),
        timeline=tuple(
            Entry(at=BEGAN + timedelta(seconds=second), phase=Phase.WATCHING, text=f"look {second}")
            for second in range(50)
        ),
        last_instruction=instruction(),
    )


def incident(stage: Stage, uid: str) -> Incident:
    """A stage of the incident of the case with this uid."""
    case = replace(new_case("greenlang"), status=full_status(), uid=uid)
    return render(case, POLICY, stage, BEGAN + timedelta(seconds=80))
