"""Workloads and cases as they look in the middle of things, for what shows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

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
    Phase,
    Spec,
    Status,
    case_name,
)
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.model import Alert, Change, Container, Pod, Revision, RolloutStatus, Workload, WorkloadRef
from daemon.core.policy import Policy, SignalPolicy
from daemon.core.statistics.counts import Tally

START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
REF = WorkloadRef(namespace="greenlang", name="gl-006-heatreclaim")
REASON = (
    "revision 8 (v1.0.1) answers 21.3 % of requests with errors, over the limit of 5 % and worse than "
    "revision 7 (v1.0.0) with 0.4 %"
)
POLICY = Policy(
    title="GL-006",
    contact="#incident-gl006",
    signals=(
        SignalPolicy(name="errors", title="error rate", limit=0.05),
        SignalPolicy(name="latency", title="share of requests slower than 5 s", limit=0.01),
    ),
)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def revision(number: int, *, name: str = REF.name, tag: str | None = None) -> Revision:
    digest = f"{number:x}".rjust(2, "7") + "9f8c6d4b"
    return Revision(
        hash=digest,
        replica_set=f"{name}-{digest}",
        replica_set_uid=f"rs-{name}-{number}",
        number=number,
        images=(f"gcr.io/greenlang/{name}:{tag or f'v1.0.{number - 7}'}",),
        created_at=at(0),
        change_cause="deploy of the new exergy solver",
    )


def case(
    number: int = 8,
    *,
    name: str = REF.name,
    namespace: str = REF.namespace,
    status: Status,
    opened: float = 1.0,
) -> Case:
    current = revision(number, name=name)
    return Case(
        namespace=namespace,
        name=case_name(name, f"uid-{name}", current),
        uid=f"case-{name}-{number}",
        resource_version="1",
        spec=Spec(
            workload=name,
            workload_uid=f"uid-{name}",
            revision=current,
            change=Change.IMAGE,
            opened_at=at(opened),
            started_at=at(opened - 1),
            baseline=revision(number - 1, name=name),
        ),
        status=status,
    )


def rolled_back() -> Case:
    """GL-006's v1.0.1, rolled back and recovered."""
    return case(
        status=Status(
            phase=Phase.ROLLED_BACK,
            verdict=Verdict.FAILING,
            reason="recovered: every condition holds at revision 7 (v1.0.0)",
            watch_from=at(31),
            failing_at=at(42),
            patched_at=at(42.4),
            rolled_out_at=at(61),
            finished_at=at(97),
            target=revision(7),
            assessment=_assessment(),
            verification=_verification(),
            effects=_effects(),
            alerts=(
                Alert(
                    fingerprint="a1",
                    name="GL006HighErrorRate",
                    starts_at=at(40),
                    ends_at=at(90),
                    status="resolved",
                    severity="critical",
                    summary="Error rate over 5 % <script>alert(1)</script>",
                ),
            ),
            timeline=(
                Entry(
                    at=at(1),
                    phase=Phase.PROGRESSING,
                    text="revision 8 (v1.0.1) is rolled out; the image changed",
                ),
                Entry(
                    at=at(31),
                    phase=Phase.WATCHING,
                    text="the rollout is complete: 3 of 3 updated, 3 available",
                ),
                Entry(at=at(42), phase=Phase.FAILING, text=REASON),
                Entry(
                    at=at(42.1),
                    phase=Phase.ROLLING_BACK,
                    text="rolling back to revision 7 (v1.0.0), proven healthy",
                ),
                Entry(at=at(61), phase=Phase.VERIFYING, text="the rollback's rollout is complete"),
                Entry(at=at(97), phase=Phase.ROLLED_BACK, text="recovered: every condition holds"),
            ),
        )
    )


def watching() -> Case:
    return case(
        3,
        name="gl-007-furnace",
        opened=900,
        status=Status(
            phase=Phase.WATCHING,
            reason="no evidence against revision 3 (v1.0.-4) so far, 212 requests were judged",
            timeline=(Entry(at=at(900), phase=Phase.PROGRESSING, text="revision 3 is rolled out"),),
        ),
    )


def awaiting() -> Case:
    return case(
        12,
        name="gl-010-emissions",
        opened=1200,
        status=Status(
            phase=Phase.AWAITING_APPROVAL,
            verdict=Verdict.FAILING,
            reason="revision 12 (v1.0.5) answers 9 % of requests with errors; its policy wants an approval",
            failing_at=at(1260),
            target=revision(11, name="gl-010-emissions"),
        ),
    )


def _assessment() -> Assessment:
    return Assessment(
        verdict=Verdict.FAILING,
        reason=REASON,
        attribution=Attribution.DEPLOYMENT,
        attribution_reason="the old pods did well in the same minutes",
        signals=(
            SignalEvidence(
                name="errors",
                verdict=Verdict.FAILING,
                reason="over the limit and worse than before",
                limit=0.05,
                new=Tally(bad=64, total=300, scrapes=6),
                old=Tally(bad=1, total=240, scrapes=6),
                baseline=Tally(bad=36, total=9000, scrapes=120),
                over_limit=14.2,
                over_baseline=3.2,
            ),
            SignalEvidence(
                name="latency",
                verdict=Verdict.HEALTHY,
                reason="within the limit",
                limit=0.01,
                new=Tally(bad=1, total=300, scrapes=6),
                baseline=Tally(bad=27, total=9000, scrapes=120),
                over_limit=-0.4,
                over_baseline=-0.2,
                proven=True,
            ),
        ),
        facts=(
            Fact(
                kind="CrashLoopBackOff",
                detail="pod gl-006-heatreclaim-789f8c6d4b-x2x9p, container exited with 1",
            ),
        ),
    )


def _verification() -> Verification:
    return Verification(
        conditions=(
            Condition(name="rollout", holds=True, detail="3 of 3 updated, 3 available, 3 in all"),
            Condition(name="pods", holds=True, detail="3 ready, none restarted"),
            Condition(name="health", holds=True, detail="/health and /ready answer 200 on 3 pods"),
            Condition(name="error rate", holds=None, detail="waits for 40 more requests"),
            Condition(name="latency", holds=False, detail="2 of 90 slower than 5 s"),
        )
    )


def _effects() -> tuple[Effect, ...]:
    return (
        Effect(
            id="rollback",
            kind="rollback",
            intended_at=at(42.1),
            finished_at=at(42.4),
            outcome=EffectOutcome.DONE,
            detail="patched to revision 7",
        ),
        Effect(id="p1", kind="publish", sink="sentry", stage="opened", intended_at=at(42.1)),
    )


def workload(name: str = REF.name, *, number: int = 7, ready: int = 3) -> Workload:
    current = revision(number, name=name)
    pods = tuple(
        Pod(
            name=f"{current.replica_set}-x{index}",
            uid=f"pod-{name}-{index}",
            replica_set=current.replica_set,
            replica_set_uid=current.replica_set_uid,
            created_at=at(0),
            ready=index < ready,
            containers=(Container(name=name, ready=index < ready),),
        )
        for index in range(3)
    )
    return Workload(
        ref=WorkloadRef(namespace=REF.namespace, name=name),
        uid=f"uid-{name}",
        resource_version="1",
        created_at=at(0),
        labels={"app": name},
        current=current,
        revisions=(current,),
        pods=pods,
        status=RolloutStatus(
            generation=1, observed_generation=1, desired=3, replicas=3, updated=3, available=ready
        ),
    )
