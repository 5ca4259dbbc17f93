"""The contract of :class:`daemon.ports.Runner`, for each kind of task."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from daemon.core.runs import KEPT, Ending, HttpCall, JobCommand, PodCommand
from daemon.ports import Denied, Missing, Rejected, Unavailable
from tests.contract.runner_driver import Does, RunnerDriver


def test_what_passes(running: RunnerDriver) -> None:
    found = running.runner.run(running.order(Does.PASSES))
    assert (found.ending, found.passed) == (Ending.FINISHED, True), found
    assert found.code == (200 if running.kind == "http" else 0)
    assert found.output == "all well"
    assert found.seconds > 0


def test_what_fails_says_so(running: RunnerDriver) -> None:
    found = running.runner.run(running.order(Does.FAILS))
    assert (found.ending, found.passed, found.code) == (Ending.FINISHED, False, running.failure)
    assert "the plan is empty" in found.output
    assert str(running.failure) in str(found)


def test_what_hangs_is_given_up_at_its_timeout(running: RunnerDriver) -> None:
    found = running.runner.run(running.order(Does.HANGS, timeout=2.0))
    assert (found.ending, found.passed, found.code) == (Ending.TIMED_OUT, False, None), found
    assert found.seconds == pytest.approx(2.0, abs=1.0)


@pytest.mark.parametrize("does", [Does.FLOODS, Does.GARBLES])
def test_output_of_any_length_and_encoding_becomes_a_short_text(running: RunnerDriver, does: Does) -> None:
    found = running.runner.run(running.order(does))
    assert found.passed, found
    assert 3 <= len(found.output) <= KEPT + 1
    assert all(letter.isprintable() or letter == "\n" for letter in found.output)
    assert ("caf" in found.output) == (does is Does.GARBLES)


def test_secrets_are_masked(running: RunnerDriver) -> None:
    found = running.runner.run(running.order(Does.TELLS))
    assert found.passed
    assert found.output == "password=***"


def test_where_no_pod_is_ready_nothing_is_begun(running: RunnerDriver) -> None:
    order = replace(running.order(Does.PASSES), pods=())
    if running.kind == "job":
        assert running.runner.run(order).passed, "a Job needs none"
        return
    with pytest.raises(Missing, match="no ready pod"):
        running.runner.run(order)


def test_no_command_is_said_to_be_missing(running: RunnerDriver) -> None:
    order = running.order(Does.PASSES)
    match order.task:
        case HttpCall():
            return
        case JobCommand() | PodCommand():
            order = replace(order, task=replace(order.task, command=()))
    with pytest.raises(Rejected, match="there is no command"):
        running.runner.run(order)


def test_what_is_not_allowed_is_denied(running: RunnerDriver) -> None:
    if running.kind == "http":
        pytest.skip("a request needs no right of ours")
    with pytest.raises(Denied, match="grant"):
        running.without_rights().run(running.order(Does.PASSES))


def test_the_other_side_that_does_not_answer_is_unavailable(running: RunnerDriver) -> None:
    runner = running.cut_off()
    with pytest.raises(Unavailable):
        runner.run(running.order(Does.PASSES))


def test_what_is_repeatable_is_found_again_or_does_no_harm(running: RunnerDriver) -> None:
    order = running.order(Does.PASSES)
    assert running.runner.repeatable(order.task) == (running.kind != "exec")
    if isinstance(order.task, HttpCall):
        assert not running.runner.repeatable(replace(order.task, method="POST"))
    if running.kind != "job":
        return
    assert running.runner.run(order).passed
    # The same order with a command that would fail: were it begun anew, it would.
    changed = replace(order, task=running.order(Does.FAILS).task)
    assert running.again().run(changed).passed


def test_nothing_is_left_once_it_is_swept(running: RunnerDriver) -> None:
    order = running.order(Does.PASSES)
    running.runner.run(order)
    assert running.left(order) == (running.kind == "job")
    running.sweep(order)
    running.sweep(order)
    assert not running.left(order)
