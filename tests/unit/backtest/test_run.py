"""What would have been done of a past that was lived through, and an interrupted run loses nothing."""

from __future__ import annotations

import itertools
import math
from functools import cache

import msgspec
import pytest

from daemon.core.assessment import Attribution, Verdict
from daemon.core.model import WorkloadRef
from daemon.engine.backtest.outcome import Kind, RolloutOutcome
from daemon.engine.backtest.replay import MOST_VALUES, PARTS, STEP, chunks, replay
from daemon.engine.backtest.report import disagree, summary
from daemon.engine.backtest.run import Backtest, Estimate, Found, Judged, Searched
from daemon.ports import Missing, Rejected
from tests.engine.world import POLICY, REF, World, traffic
from tests.unit.backtest.worlds import HOURS, MemoryPast, eventful, lived, question, run


@cache
def incident() -> World:
    world = World(rps=20)
    return lived(
        world, ("v1.0.0", 3000), ("v2.0.0", 200), (lambda w: w.metrics.serve(REF, traffic(20, base=0.3)), 400)
    )


def outcomes(world: World, since: float = HOURS, past: MemoryPast | None = None) -> list[RolloutOutcome]:
    return run(question(world, since), past or MemoryPast(world.metrics)).outcomes


class TestOutcomes:
    def test_a_bad_release_would_have_been_rolled_back(self) -> None:
        first = outcomes(eventful())[0]
        assert (first.kind, first.verdict) == (Kind.ROLLBACK, Verdict.FAILING)
        assert first.attribution is Attribution.DEPLOYMENT
        assert first.after <= 30
        assert "error rate" in first.reason
        assert "limit 5 %" in first.reason
        assert first.plan.returned is not None
        assert first.plan.returned.revision == first.plan.before
        assert first.plan.returned.after == pytest.approx(240, abs=60)

    def test_the_fixed_rule_comes_later(self) -> None:
        first = outcomes(eventful())[0]
        assert first.fixed_after is not None
        assert first.after < first.fixed_after <= 120
        assert not disagree(first)

    def test_the_return_and_the_good_release_pass(self) -> None:
        _, back, good = outcomes(eventful())
        assert back.plan.revision == good.plan.before
        assert (back.kind, good.kind) == (Kind.PASSED, Kind.PASSED)
        assert (back.fixed_at, good.fixed_at) == (None, None)
        assert good.after == pytest.approx(POLICY.watch, abs=60)
        assert good.requests > 5000
        assert good.evidence[0].trail

    def test_a_failed_revision_is_not_a_valid_baseline(self) -> None:
        world = lived(
            World(rps=20, errors={"v2.0.0": 0.2}), ("v1.0.0", 3000), ("v2.0.0", 200), ("v3.0.0", 900)
        )
        bad, fixed = outcomes(world)
        assert bad.kind is Kind.ROLLBACK
        assert fixed.plan.before == bad.plan.revision
        assert fixed.baseline == bad.plan.before

    def test_the_sum(self) -> None:
        found = summary(outcomes(eventful()))
        assert (found.rollouts, found.rollback, found.held, found.passed, found.unproven) == (3, 1, 0, 2, 0)
        assert (found.fixed_rollback, found.fixed_passed, found.returned, found.disagreements) == (1, 2, 1, 0)

    def test_a_stricter_limit_finds_more(self) -> None:
        world = lived(World(rps=50, base=0.002, errors={"v2.0.0": 0.03}), ("v1.0.0", 3000), ("v2.0.0", 1200))
        errors = msgspec.structs.replace(POLICY.signals[0], limit=0.01)
        strict = msgspec.structs.replace(POLICY, signals=(errors, *POLICY.signals[1:]))
        past = MemoryPast(world.metrics)
        lenient = run(question(world, HOURS), past).outcomes[0]
        assert (lenient.kind, lenient.verdict) == (Kind.UNPROVEN, Verdict.DEGRADED), "worse, within the limit"
        assert run(question(world, HOURS, policy=strict), past).outcomes[0].kind is Kind.ROLLBACK

    def test_without_requests_nothing_is_proven(self) -> None:
        world = World(rps=20)
        lived(world, ("v1.0.0", 2000))
        world.metrics.no_traffic(REF)
        lived(world, ("v2.0.0", 1200))
        (only,) = outcomes(world)
        assert (only.kind, only.verdict, only.fixed_at) == (Kind.UNPROVEN, Verdict.UNKNOWN, None)
        assert "no requests" in only.reason

    def test_a_watch_that_is_not_over_proves_nothing(self) -> None:
        world = lived(World(rps=2), ("v1.0.0", 3000), ("v2.0.0", 120))
        (only,) = outcomes(world)
        assert only.kind is Kind.UNPROVEN
        assert only.plan.unfinished


class TestDependencies:
    """Two hundred seconds after a rollout everything begins to fail, when no old pod is left to compare."""

    POLICY = msgspec.structs.replace(POLICY, dependencies=("scada",))

    def _judged(self, down: tuple[float, float] | None) -> RolloutOutcome:
        world = incident()
        past = MemoryPast(world.metrics)
        past.down = down
        return run(question(world, HOURS, policy=self.POLICY), past).outcomes[0]

    def test_a_failure_with_a_dependency_is_not_laid_to_the_release(self) -> None:
        began = incident().clock.now().timestamp() - 400
        found = self._judged((began, began + 400))
        assert (found.kind, found.verdict) == (Kind.HELD, Verdict.FAILING)
        assert found.attribution is Attribution.INFRASTRUCTURE
        assert "scada" in found.attribution_reason

    def test_one_that_was_down_before_or_is_well_excuses_nothing(self) -> None:
        began = incident().clock.now().timestamp() - 400
        assert self._judged(None).kind is Kind.ROLLBACK
        assert self._judged((began - 2400, began - 1800)).kind is Kind.ROLLBACK


class TestGaps:
    def test_a_rollout_in_a_gap_is_held_and_not_read(self) -> None:
        world = eventful()
        past = MemoryPast(world.metrics)
        begun = outcomes(world)[0].plan.seen_at
        past.lost = (begun - 900, begun + 120)
        first = outcomes(world, past=past)[0]
        assert (first.kind, first.verdict, first.fixed_at) == (Kind.HELD, Verdict.UNKNOWN, None)
        assert "gap" in first.reason
        assert not [one for one in past.asked if one[0] and one[1] < first.plan.seen_at < one[2]]

    def test_a_gap_up_to_the_end_of_a_watch_is_held(self) -> None:
        world = eventful()
        past = MemoryPast(world.metrics)
        begun = outcomes(world)[2].plan.seen_at
        past.lost = (begun + 60, begun + 5000)
        last = outcomes(world, past=past)[2]
        assert (last.kind, last.verdict) == (Kind.HELD, Verdict.UNKNOWN)
        assert "no sample of the new pods for errors since" in last.reason

    def test_one_that_closes_is_no_hindrance(self) -> None:
        world = eventful()
        past = MemoryPast(world.metrics)
        begun = outcomes(world)[2].plan.seen_at
        past.lost = (begun + 60, begun + 240)
        assert outcomes(world, past=past)[2].kind is Kind.PASSED

    def test_a_failure_that_was_seen_stays_one(self) -> None:
        world = eventful()
        past = MemoryPast(world.metrics)
        begun = outcomes(world)[0].started_at
        past.lost = (begun + 60, begun + 5000)
        assert outcomes(world, past=past)[0].kind is Kind.ROLLBACK


class TestTheRun:
    def test_it_tells_how_far_it_is(self) -> None:
        world = eventful()
        told = list(Backtest(question(world, HOURS), MemoryPast(world.metrics), None, None).run())
        assert [type(one) for one in told] == [Estimate, Searched, Found, Judged, Judged, Judged]
        found = told[2]
        assert isinstance(found, Found)
        assert found.lineage.data_from > found.start, "the workload is younger than what was asked for"
        assert found.queries == 3 * 2 * len(POLICY.signals)

    def test_no_more_is_asked_than_was_said(self) -> None:
        world = eventful()
        past = MemoryPast(world.metrics)
        told = list(Backtest(question(world, HOURS), past, None, None).run())
        queries = next(one.queries for one in told if isinstance(one, Found))
        assert sum(bool(signal) for signal, _, _ in past.asked) <= queries

    def test_the_pieces_make_the_whole(self) -> None:
        world = eventful()
        past = MemoryPast(world.metrics)
        run(question(world, HOURS * 40), past)
        searched = [(start, end) for signal, start, end in past.asked if not signal]
        assert len(searched) > 1
        assert all(late[0] - early[1] == 60 for early, late in itertools.pairwise(searched))
        assert searched[0][0] <= world.clock.now().timestamp() - HOURS * 40
        assert searched[-1][1] > world.clock.now().timestamp() - 60

    def test_a_workload_that_never_appears(self) -> None:
        world = eventful()
        asked = question(world, HOURS, workload=WorkloadRef(namespace="greenlang", name="gl-007"))
        with pytest.raises(Missing, match=r"no pod of greenlang/gl-007 .*--namespace.*labels"):
            run(asked, MemoryPast(world.metrics))

    def test_a_name_that_hides_its_revisions(self) -> None:
        asked = question(eventful(), HOURS, workload=WorkloadRef(namespace="greenlang", name="d" * 60))
        with pytest.raises(Rejected, match="cannot be told apart"):
            run(asked, MemoryPast(eventful().metrics))

    @pytest.mark.parametrize("pods", [1, 6, 100, 5000])
    def test_no_answer_is_larger_than_it_may_be(self, pods: int) -> None:
        plan = msgspec.structs.replace(outcomes(eventful())[0].plan, pods=pods, end=1.8e9)
        spans = list(chunks(plan, POLICY))[:50]
        points = 60 if pods == 5000 else MOST_VALUES / PARTS / pods
        assert all(end - start <= max(points, 60) * STEP for start, end in spans)
        assert spans[0][0] == plan.since - POLICY.baseline_window
        assert plan.since in {end for _, end in spans}
        assert all(math.isclose(a[1], b[0]) for a, b in itertools.pairwise(spans))

    def test_in_pieces_the_answer_is_the_same(self) -> None:
        world = eventful()
        whole = outcomes(world)
        plan = msgspec.structs.replace(whole[2].plan, pods=2000)
        pieces = replay(REF, plan, whole[2].baseline, POLICY, MemoryPast(world.metrics), whole[2].earlier)
        assert msgspec.structs.replace(pieces, plan=whole[2].plan) == whole[2]
