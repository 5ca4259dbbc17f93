"""The state machine under any sequence of events: what never happens."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.core.assessment import Attribution, Condition, Verdict, Verification
from daemon.core.case.case import FINISHED, Case, Phase
from daemon.core.case.case_lines import timeline
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.events import Alerted, Event, Hindered, Instructed, Observed
from daemon.core.case.incident import message, render
from daemon.core.case.lifecycle import advance
from daemon.core.model import Alert
from daemon.core.policy import Mode, Policy
from tests.unit.core.case_stories import (
    OPENED_AT,
    PREFIXES,
    RETURNED,
    T0,
    begun,
    events,
    failing,
    modes,
    opened,
    story,
)


@pytest.mark.parametrize("phase", PREFIXES)
def test_stories_begin_where_they_say(phase: Phase) -> None:
    assert begun(phase, Policy()).phase is phase


@settings(max_examples=400)
@given(events, modes, st.sampled_from(list(PREFIXES)))
def test_promises_that_hold_in_every_story(
    steps: list[tuple[Event, float]], mode: Mode, start: Phase
) -> None:
    policy = Policy(mode=mode, sinks=("log", "sentry"))
    for before, event, after in story(steps, policy, start):
        acts = [effect for effect in after.pending if effect.kind == "rollback"]
        assert len(acts) <= 1, "two rollbacks at once"
        assert not acts or after.phase is Phase.ROLLING_BACK, "an act without its phase"
        if isinstance(event, Observed) and event.workload is not None:
            late = event.workload.status.generation < OPENED_AT
            assert not late or after == before, "a view older than the case"
        if before.phase in FINISHED and after.phase is not before.phase:
            assert isinstance(event, Instructed), "only a person leaves a finished case"
            assert before.phase is Phase.ADVISED
        if after.phase is Phase.HEALTHY and before.phase is not after.phase:
            assert isinstance(event, Observed)
            assert event.polled_ago is not None, "health that nobody asked for"
            assert before.status.attended + event.elapsed - event.polled_ago >= policy.watch
        if after.phase is Phase.ROLLED_BACK and before.phase is not after.phase:
            assert isinstance(event, Observed)
            assert event.verification is not None
            assert event.verification.recovered, "a recovery that was not proven"
        if after.phase is Phase.ROLLING_BACK and before.phase is not after.phase:
            decided = after.status.assessment
            by_person = isinstance(event, Instructed)
            assert by_person or (decided is not None and decided.verdict is Verdict.FAILING)
            assert by_person or mode is Mode.AUTOMATIC
            assert by_person or (decided is not None and decided.attribution is Attribution.DEPLOYMENT)
        if before.phase is not after.phase:
            assert after.status.reason, "a phase without a reason"
            assert len(after.status.timeline) > len(before.status.timeline)


@settings(max_examples=200)
@given(events, modes, st.sampled_from(list(PREFIXES)))
def test_every_case_can_be_stored_told_and_asked_again(
    steps: list[tuple[Event, float]], mode: Mode, start: Phase
) -> None:
    policy = Policy(mode=mode)
    for _, event, case in story(steps, policy, start):
        stored = msgspec.json.decode(msgspec.json.encode(case), type=Case)
        assert stored == case
        assert render(case, policy, "updated", T0).title
        assert "Next Steps" in message(case, policy, T0)
        assert len(timeline(case)) == len(case.status.timeline)
        if not isinstance(event, Observed):
            later = advance(case, event, policy, T0 + timedelta(days=2))
            assert later.status.effects == case.status.effects, "the same event twice acts once"


def test_alerts_are_recorded_once_and_resolved_once() -> None:
    alert = Alert(fingerprint="f", name="High", starts_at=T0, status="firing")
    resolved = msgspec.structs.replace(alert, status="resolved", ends_at=T0 + timedelta(1))
    case = opened()
    for one in (alert, alert, resolved, alert, resolved):
        case = advance(case, Alerted(alerts=(one,)), Policy(), T0)
    assert case.status.alerts == (resolved,)
    assert len(case.status.timeline) == 2


def test_the_whole_way_and_the_proof_at_its_end() -> None:
    """A recovery is claimed with all conditions and not without one."""
    whole = Verification(conditions=(Condition(name="c", holds=True, detail=""),))
    partly = Verification(conditions=(*whole.conditions, Condition(name="d", holds=None, detail="")))
    case = begun(Phase.VERIFYING, Policy())
    seen = failing(current=RETURNED)
    waiting = advance(case, msgspec.structs.replace(seen, verification=partly), Policy(), T0)
    assert waiting.phase is Phase.VERIFYING
    late = msgspec.structs.replace(seen, verification=partly, elapsed=Policy().verify_deadline)
    assert advance(waiting, late, Policy(), T0).phase is Phase.UNRECOVERED
    assert advance(waiting, msgspec.structs.replace(seen, verification=whole), Policy(), T0).phase is (
        Phase.ROLLED_BACK
    )


@settings(max_examples=100)
@given(events, modes, st.sampled_from(list(PREFIXES)), st.sampled_from([-3600.0, 3600.0]))
def test_the_time_of_day_decides_nothing(
    steps: list[tuple[Event, float]], mode: Mode, start: Phase, jump: float
) -> None:
    """The same events lead through the same phases, whatever the clock on the wall shows."""
    policy = Policy(mode=mode)
    jumping = [(event, seconds + jump) for event, seconds in steps]
    one, other = (story(told, policy, start) for told in (steps, jumping))
    assert [after.phase for *_, after in one] == [after.phase for *_, after in other]


def test_what_forbids_a_rollback_is_said_once_for_each_text_and_ends_held() -> None:
    policy = Policy(sinks=("log",))
    case = begun(Phase.FAILING, policy)
    case = advance(case, failing(), policy, T0)
    for detail in ("no", "no", "a webhook says no", "no"):
        case = advance(case, Hindered(effect="rollback/1", detail=detail), policy, T0)
    said = [entry.text for entry in case.status.timeline if "not allowed for now" in entry.text]
    assert [text.rsplit(": ", 1)[1] for text in said] == ["no", "a webhook says no"]
    assert sum(e.kind == "publish" and e.stage == "updated" for e in case.status.effects) == 3
    late = msgspec.structs.replace(failing(), elapsed=policy.rollback_deadline)
    case = advance(case, late, policy, T0)
    assert case.phase is Phase.HELD
    assert "was not allowed for 600 s: no" in case.status.reason
    assert [e.outcome for e in case.status.effects if e.kind == "rollback"] == [EffectOutcome.REFUSED]


def test_what_forbids_a_notification_is_a_line_and_no_more() -> None:
    policy = Policy(sinks=("log",))
    case = begun(Phase.FAILING, policy)
    effect = case.pending[0]
    told = advance(case, Hindered(effect=effect.id, detail="no"), policy, T0)
    assert (told.phase, told.status.reason, len(told.pending)) == (
        case.phase,
        case.status.reason,
        len(case.pending),
    )
    assert "notifying log (opened) is not allowed" in told.status.timeline[-1].text
