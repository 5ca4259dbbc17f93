"""A backtest that was broken off goes on where it was, and ends the same."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from daemon.engine.backtest.run import Backtest, Question, Resumed, StateDamaged, StateMismatch, decode
from daemon.ports import Unavailable
from tests.engine.world import POLICY
from tests.unit.backtest.worlds import HOURS, Kept, MemoryPast, eventful, judged, question, run


class TestResuming:
    def _interrupted(self, at: int) -> tuple[Question, Kept, MemoryPast]:
        world = eventful()
        past, kept = MemoryPast(world.metrics), Kept()
        past.fails = at
        asked = question(world, HOURS * 20)
        with pytest.raises(Unavailable):
            run(asked, past, kept)
        return asked, kept, past

    @pytest.mark.parametrize("at", [2, 5, 9, 14])
    def test_wherever_it_was_broken_off_the_end_is_the_same(self, at: int) -> None:
        world = eventful()
        whole = run(question(world, HOURS * 20), past := MemoryPast(world.metrics))
        straight = len(past.asked)
        assert at <= straight
        asked, kept, first = self._interrupted(at)
        assert kept.content is not None
        again = MemoryPast(world.metrics)
        resumed = run(asked, again, kept, decode(kept.content, asked))
        assert resumed.outcomes == whole.outcomes
        # At most the rollout that was broken off is read twice.
        assert len(first.asked) + len(again.asked) <= straight + 2 * len(POLICY.signals)

    def test_it_goes_on_with_the_span_it_had(self) -> None:
        asked, kept, _ = self._interrupted(6)
        assert kept.content is not None
        later = msgspec.structs.replace(asked, start=asked.start + 600, end=asked.end + 600)
        backtest = Backtest(later, MemoryPast(eventful().metrics), kept, decode(kept.content, later))
        assert isinstance(next(backtest.run()), Resumed)
        assert backtest.span[1] <= asked.end

    def test_after_days_it_does_not(self) -> None:
        asked, kept, _ = self._interrupted(6)
        assert kept.content is not None
        later = msgspec.structs.replace(asked, end=asked.end + 2 * 86_400)
        backtest = Backtest(later, MemoryPast(eventful().metrics), kept, decode(kept.content, later))
        assert backtest.span[1] > asked.end + 86_400

    def test_a_finished_run_is_remembered_rollout_by_rollout(self) -> None:
        world, kept = eventful(), Kept()
        run(asked := question(world, HOURS), MemoryPast(world.metrics), kept)
        assert kept.content is not None
        past = MemoryPast(world.metrics)
        backtest = Backtest(asked, past, kept, decode(kept.content, asked))
        assert all(one.remembered for one in judged(backtest))
        assert all(not signal for signal, _, _ in past.asked), "only the pods were looked for again"

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda text: text[: len(text) // 2],
            lambda _: b"",
            lambda _: b"[]",
            lambda _: b"\xff\x00",
            lambda text: text[:-1] + b',"more":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        ],
    )
    def test_a_damaged_state_is_noticed(self, spoil: Callable[[bytes], bytes]) -> None:
        asked, kept, _ = self._interrupted(6)
        assert kept.content is not None
        with pytest.raises(StateDamaged):
            decode(spoil(kept.content), asked)

    def test_another_question_is_no_resumption(self) -> None:
        asked, kept, _ = self._interrupted(6)
        assert kept.content is not None
        with pytest.raises(StateMismatch):
            decode(kept.content, msgspec.structs.replace(asked, fingerprint="other"))
