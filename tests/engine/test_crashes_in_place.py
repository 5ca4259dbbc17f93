"""Kill −9 at every write of the plan that undoes an edit in place: each step is carried out once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from daemon.core.case.case import Phase
from daemon.core.case.effect import EffectOutcome
from daemon.ports import Unavailable
from tests.engine.killing import kill_during, writes_during
from tests.engine.mounted import CONFIG, Mounted, world
from tests.engine.world import REF
from tests.simulation.troubles import Troubles

KINDS = ["restore-configuration", "restart"]


def start() -> Mounted:
    """An edit that pods read at their start alone, and a pod that started with it."""
    made = world(mounted=False)
    made.configuration.write(REF.namespace, CONFIG, broken=True)
    made.cluster.accidents.remove_pod(REF, made.pods()[0])
    return made


def finish(made: Mounted) -> None:
    made.until(Phase.ROLLED_BACK, Phase.HELD, Phase.UNRECOVERED, Phase.HEALTHY)


def writes_of_the_story() -> int:
    made = start()
    return writes_during(made, lambda: finish(made))


def each_once(made: Mounted) -> None:
    [case] = made.in_place()
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert [(e.kind, e.outcome) for e in case.status.effects if e.is_step] == [
        (kind, EffectOutcome.DONE) for kind in KINDS
    ]
    assert (made.configuration.restored, made.holds()) == (1, "good")
    assert made.numbers() == 2, "one restart of ours"
    assert len(made.store.cases()) == 2


@pytest.mark.parametrize("made_it", [True, False], ids=["after the write", "before the write"])
@pytest.mark.parametrize("write", range(1, writes_of_the_story() + 1))
def test_killed_at_a_write(write: int, made_it: bool) -> None:
    made = start()
    made.store.writes.crash_after(write, made=made_it)
    kill_during(made, lambda: finish(made), gap=7)
    finish(made)
    each_once(made)


STEPS: dict[str, Callable[[Mounted], Troubles]] = {
    "restore-configuration": lambda made: made.configuration.restores,
    "restart": lambda made: made.cluster.restarts,
}


@pytest.mark.parametrize("made_it", [True, False], ids=["after the act", "before the act"])
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_a_step(kind: str, made_it: bool) -> None:
    made = start()
    STEPS[kind](made).crash_after(1, made=made_it)
    kill_during(made, lambda: finish(made), gap=20)
    finish(made)
    each_once(made)


@pytest.mark.parametrize("made_it", [True, False], ids=["answer lost", "not made"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_that_does_not_come_is_no_second_step(kind: str, made_it: bool) -> None:
    made = start()
    STEPS[kind](made).fail_next(2, Unavailable("connection reset"), made=made_it)
    finish(made)
    each_once(made)


@pytest.mark.parametrize("made_it", [True, False], ids=["after the write", "before the write"])
def test_killed_while_the_pods_have_yet_to_see_what_was_restored(made_it: bool) -> None:
    made = world()
    made.edit()
    made.until(Phase.ROLLING_BACK)
    made.store.writes.crash_after(1, made=made_it)
    kill_during(made, lambda: made.run(300), gap=30)
    case = made.until(Phase.ROLLED_BACK, Phase.UNRECOVERED)
    assert case.phase is Phase.ROLLED_BACK, case.status.reason
    assert made.configuration.restored == 1
