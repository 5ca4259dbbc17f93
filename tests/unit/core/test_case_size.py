"""No case grows beyond what the API server takes, whatever is told it."""

from __future__ import annotations

import logging

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from daemon.core.case.case import Case, Instruction
from daemon.core.case.edits import noted
from daemon.core.case.effect import Effect
from daemon.core.case.events import Alerted, Hindered, Instructed
from daemon.core.case.lifecycle import advance
from daemon.core.case.size import CASE_BYTES, LEAST_STORY, TEXT_BYTES, fitted
from daemon.core.model import Alert
from daemon.core.policy import Policy
from daemon.engine.journal import Journal
from tests.unit.core.test_alert_record import DECIDES, POLICY, T0, opened

TEXTS = {
    "plain": "x" * 60_000,
    "escaped": "\x00" * 60_000,
    "two bytes": "é" * 30_000,
    "four bytes": "🌡" * 20_000,
    "short": "short",
}
"""By name: an example of hundreds of kilobytes is of no use to whoever reads that it failed."""
KINDS = ("alerts", "line", "hindered", "told")


def size(case: Case) -> int:
    return len(msgspec.json.encode(case.spec)) + len(msgspec.json.encode(case.status))


def long_alert(number: int, text: str, name: str = DECIDES) -> Alert:
    labels = {f"label{n}": text[:1400] for n in range(20)}
    return Alert(
        fingerprint=f"f{number}", name=name, starts_at=T0, status="firing", summary=text, labels=labels
    )


@settings(max_examples=12, deadline=None)
@example([("escaped", "told"), ("two bytes", "alerts"), ("plain", "line"), ("escaped", "line")])
@example(
    [("four bytes", "alerts"), ("escaped", "hindered"), ("escaped", "hindered"), ("escaped", "hindered")]
)
@given(st.lists(st.tuples(st.sampled_from(list(TEXTS)), st.sampled_from(KINDS)), max_size=8))
def test_whatever_is_told_a_case_it_stays_within_its_size(told: list[tuple[str, str]]) -> None:
    case = opened()
    case = noted(case, "opened", T0)
    effects = tuple(
        Effect(id=f"publish/1/opened/Failing/s{n}", kind="publish", intended_at=T0, sink=f"s{n}")
        for n in range(3)
    )
    case = msgspec.structs.replace(case, status=msgspec.structs.replace(case.status, effects=effects))
    for number, (name, kind) in enumerate(told):
        text = TEXTS[name]
        match kind:
            case "alerts":
                crowd = tuple(
                    long_alert(1000 * number + n, text, DECIDES if n % 2 else f"Other{n}") for n in range(120)
                )
                case = advance(case, Alerted(alerts=crowd), POLICY, T0)
            case "hindered":
                for again in range(30):
                    detail = f"{again} {text}"
                    case = advance(case, Hindered(effect=effects[number % 3].id, detail=detail), POLICY, T0)
            case "told":
                for again in range(60):
                    order = Instruction(action="hold", by="anna", at=T0, reason=f"{again} {text[:900]}")
                    case = advance(case, Instructed(instruction=order), POLICY, T0)
            case _:
                case = fitted(noted(case, text[:900], T0), POLICY.decisive_alerts)
        assert size(case) <= CASE_BYTES
    assert any(alert.name == DECIDES for alert in case.status.alerts) == any(k == "alerts" for _, k in told)


@pytest.mark.parametrize("text", ["x" * 5000, "\x1b" * 5000])
def test_fifty_alerts_with_long_labels_leave_room_for_the_daemons_own_writes(text: str) -> None:
    case = opened()
    for number in range(50):
        case = advance(case, Alerted(alerts=(long_alert(number, text),)), POLICY, T0)
    assert size(case) <= CASE_BYTES // 2
    assert {alert.fingerprint for alert in case.status.alerts} == {f"f{n}" for n in range(50)}


def test_a_story_that_is_too_large_keeps_its_newest_lines() -> None:
    case = opened()
    for number in range(300):
        order = Instruction(action="hold", by="anna", at=T0, reason="\x00" * 900 + str(number))
        case = advance(case, Instructed(instruction=order), Policy(), T0)
        assert "asked to hold" in case.status.timeline[-1].text or "held by" in case.status.timeline[-1].text
    assert size(case) <= CASE_BYTES
    assert len(case.status.timeline) >= LEAST_STORY


def test_what_forbids_an_effect_is_said_once_however_long_it_is() -> None:
    effect = Effect(id="publish/1/opened/Failing/s", kind="publish", intended_at=T0, sink="s")
    case = opened()
    case = msgspec.structs.replace(case, status=msgspec.structs.replace(case.status, effects=(effect,)))
    once = advance(case, Hindered(effect=effect.id, detail="no " * 3000), POLICY, T0)
    assert advance(once, Hindered(effect=effect.id, detail="no " * 3000), POLICY, T0) == once
    assert len(once.status.effects[0].detail.encode()) <= TEXT_BYTES


@pytest.mark.parametrize("alert", [False, True])
def test_every_line_is_logged_when_the_timeline_is_full(
    alert: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    journal, case = Journal(CollectorRegistry()), opened()
    for number in range(300):
        case = noted(case, f"story {number}", T0)
    after = noted(case, "the newest line", T0, alert=alert)
    journal.changed(case, after)
    assert [record.getMessage() for record in caplog.records] == ["the newest line"]
