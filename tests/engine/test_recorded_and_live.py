"""One rollout, watched by the daemon and read from a record: the same is said of it at every moment."""

from __future__ import annotations

from hypothesis import example, given

from daemon.core.assessment import Attribution, Verdict
from daemon.core.case.case import Phase
from daemon.core.judge.judgement import Decision
from tests.engine.rollout_live import Live
from tests.engine.rollout_recorded import recorded
from tests.engine.rollout_story import SILENT, Said, Story, stories


@given(stories())
@example(SILENT)
def test_a_record_is_judged_as_the_daemon_judges_the_rollout_live(story: Story) -> None:
    expected, over_at = recorded(story)
    live = Live(story)
    for moment, said in expected.items():
        assert live.look(moment) == said, moment
        over = moment == over_at
        if live.case.active and live.case.phase is not Phase.HELD:
            assert (live.case.phase is Phase.ROLLING_BACK) is (said.decision is Decision.ROLLBACK)
            assert not over or live.case.phase is Phase.ROLLING_BACK
        if live.case.phase is Phase.HEALTHY:
            assert over, "the daemon's watch was over earlier"


def test_silence_of_the_new_pods_is_no_health_at_the_end_of_a_record() -> None:
    expected, over_at = recorded(SILENT)
    assert over_at == SILENT.watch
    assert expected[SILENT.watch] == Said(Verdict.UNKNOWN, Decision.HOLD, Attribution.UNDECIDED)
    assert [moment for moment, said in expected.items() if said.verdict is Verdict.HEALTHY] == [15, 30, 89]
