"""Any sequence of events that a case can meet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import strategies as st

from daemon.core.assessment import Assessment, Attribution, Condition, Verdict, Verification
from daemon.core.case.case import (
    Case,
    Instruction,
    Phase,
    Spec,
    Status,
    case_name,
)
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.events import Alerted, Event, Finished, Hindered, Instructed, Observed
from daemon.core.case.lifecycle import advance
from daemon.core.case.rollback_target import Choice
from daemon.core.model import Alert, Change, Revision, RolloutStatus, Workload, WorkloadRef
from daemon.core.policy import Mode, Policy

T0 = datetime(2026, 1, 5, 9, tzinfo=UTC)
REF = WorkloadRef(namespace="greenlang", name="app")


def revision(number: int) -> Revision:
    return Revision(
        hash=f"h{number}",
        replica_set=f"app-h{number}",
        replica_set_uid=f"u{number}",
        number=number,
        images=(f"app:v{number}",),
        created_at=T0,
    )


OPENED_AT = 2
"""The Deployment's generation when the case was opened."""
GOOD, BAD, NEXT = revision(1), revision(2), revision(3)
RETURNED = msgspec.structs.replace(GOOD, number=3)


def workload(
    current: Revision | None, complete: bool, token: str = "", generation: int = OPENED_AT
) -> Workload:
    ready = 3 if complete else 1
    return Workload(
        ref=REF,
        uid="uid",
        resource_version="1",
        created_at=T0,
        labels={},
        current=current,
        revisions=(GOOD, BAD, NEXT),
        pods=(),
        status=RolloutStatus(
            generation=generation,
            observed_generation=generation,
            desired=3,
            replicas=3,
            updated=ready,
            available=ready,
        ),
    )


def opened() -> Case:
    spec = Spec(
        workload="app",
        workload_uid="uid",
        revision=BAD,
        change=Change.IMAGE,
        opened_at=T0,
        started_at=T0,
        baseline=GOOD,
        generation=OPENED_AT,
    )
    name = case_name("app", "uid", BAD)
    return Case(namespace="greenlang", name=name, spec=spec, status=Status(reason="new"), uid="case")


observations: st.SearchStrategy[Event] = st.builds(
    Observed,
    workload=st.none()
    | st.builds(
        workload,
        st.sampled_from([None, BAD, BAD, BAD, RETURNED, RETURNED, NEXT]),
        st.booleans(),
        st.sampled_from(["", "", "case/rollback/1", "case/rollback/2", "another/rollback/1"]),
        st.sampled_from([OPENED_AT, OPENED_AT, OPENED_AT + 1, OPENED_AT - 1]),
    ),
    assessment=st.builds(
        Assessment,
        verdict=st.sampled_from(Verdict),
        reason=st.just("because"),
        attribution=st.sampled_from([Attribution.DEPLOYMENT, *Attribution]),
        proven=st.booleans(),
    ),
    choice=st.sampled_from([Choice(revision=GOOD, reason="good"), Choice(revision=None, reason="none")]),
    verification=st.none()
    | st.builds(
        Verification,
        conditions=st.sampled_from(
            [
                (),
                (Condition(name="c", holds=True, detail=""),),
                (Condition(name="c", holds=None, detail="d"),),
            ]
        ),
        contradicted=st.sampled_from(["", "", "still bad"]),
    ),
    rollbacks=st.sampled_from([(), (), (), (T0,) * 5]),
    elapsed=st.sampled_from([0.0, 5.0, 60.0, 400.0]),
    polled_ago=st.sampled_from([None, 0.0, 0.0, 30.0]),
)
endings: st.SearchStrategy[Event] = st.builds(
    Finished,
    effect=st.sampled_from(["rollback/1", "rollback/1", "rollback/2", "publish/opened/Failing/log"]),
    outcome=st.sampled_from([EffectOutcome.DONE, *EffectOutcome]),
    detail=st.just("detail"),
)
hindrances: st.SearchStrategy[Event] = st.builds(
    Hindered,
    effect=st.sampled_from(["rollback/1", "rollback/2", "publish/1/opened/Failing/log"]),
    detail=st.sampled_from(["not allowed", "a webhook says no"]),
)
instructions: st.SearchStrategy[Event] = st.builds(
    Instructed,
    instruction=st.builds(
        Instruction,
        action=st.sampled_from(["approve", "hold"]),
        by=st.just("anna"),
        at=st.sampled_from([T0, T0 + timedelta(1)]),
    ),
)
alerts: st.SearchStrategy[Event] = st.builds(
    Alerted,
    alerts=st.lists(
        st.builds(
            Alert,
            fingerprint=st.sampled_from("ab"),
            name=st.just("High"),
            starts_at=st.just(T0),
            status=st.sampled_from(["firing", "resolved"]),
        ),
        max_size=3,
    ).map(tuple),
)
events = st.lists(
    st.tuples(
        observations | observations | observations | endings | hindrances | instructions | alerts,
        st.floats(-4000, 4000),
    ),
    max_size=25,
)
modes = st.sampled_from(Mode)


def failing(cause: Attribution = Attribution.DEPLOYMENT, current: Revision = BAD) -> Observed:
    return Observed(
        workload=workload(current, True),
        assessment=Assessment(verdict=Verdict.FAILING, reason="errors", attribution=cause),
        choice=Choice(revision=GOOD, reason="good"),
    )


DONE = Finished(effect="rollback/1", outcome=EffectOutcome.DONE, detail="patched")
PREFIXES: dict[Phase, tuple[Event, ...]] = {
    Phase.PROGRESSING: (),
    Phase.FAILING: (failing(),),
    Phase.HELD: (failing(Attribution.INFRASTRUCTURE), failing(Attribution.INFRASTRUCTURE)),
    Phase.ROLLING_BACK: (failing(), failing(), DONE),
    Phase.VERIFYING: (failing(), failing(), DONE, failing(current=RETURNED)),
}


def begun(phase: Phase, policy: Policy) -> Case:
    """A case that was led into a phase, as far as the policy lets it."""
    case = opened()
    for event in PREFIXES[phase]:
        case = advance(case, event, policy, T0)
    return case


def story(steps: list[tuple[Event, float]], policy: Policy, start: Phase) -> list[tuple[Case, Event, Case]]:
    case, now, told = begun(start, policy), T0, []
    for event, seconds in steps:
        now += timedelta(seconds=seconds)
        after = advance(case, event, policy, now)
        told.append((case, event, after))
        case = after
    return told
