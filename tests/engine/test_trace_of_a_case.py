"""A bad release as a trace: one notification is its end, and its parts are in their order."""

from __future__ import annotations

from daemon.core.case.case import Phase
from daemon.core.case.spans import RELEASE, spans
from tests.engine.bad_release import bad_release


def test_one_notification_is_the_end_and_the_spans_tell_the_story() -> None:
    world = bad_release()
    case = world.run_until(Phase.ROLLED_BACK, within=400)
    world.run(5)
    ends = [told for told in world.sink.deliveries if told.at == told.case.status.finished_at]
    assert [told.stage for told in ends] == ["closed"]
    found = {span.name: span for span in spans(case)}
    assert {RELEASE, "watching", "decision", "rollback/1", "verification"} <= found.keys()
    watching, decision, rollback, verification = (
        found[name] for name in ("watching", "decision", "rollback/1", "verification")
    )
    assert watching.ended == decision.began <= rollback.began <= rollback.ended <= verification.began
    assert verification.ended == found[RELEASE].ended
    assert [span.name for span in found.values() if span.wrong] == [RELEASE]
