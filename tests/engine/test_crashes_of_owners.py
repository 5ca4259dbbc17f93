"""Kill −9 at every write while an owner is suspended or resumed: once each, and nothing is left unsaid."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from daemon.core.case.case import Case, Phase
from daemon.core.case.effect import EffectOutcome
from daemon.core.policy import OwnerChoice
from daemon.ports import Unavailable
from tests.engine.killing import kill_during, writes_during
from tests.engine.test_owners import acts, owned
from tests.engine.world import REF, World

DONE = EffectOutcome.DONE


def well() -> World:
    """The owner is suspended and the release rolled back."""
    return owned(choice=OwnerChoice.SUSPEND)


def stopped() -> World:
    """The owner is suspended, the rollback refused, and the owner resumed."""
    world = owned(choice=OwnerChoice.SUSPEND)
    world.run(20)
    world.cluster.pause(REF)
    return world


ENDS: dict[Callable[[], World], tuple[Phase, list[tuple[str, EffectOutcome]]]] = {
    well: (Phase.ROLLED_BACK, [("suspend-owner", DONE), ("rollback", DONE)]),
    stopped: (
        Phase.HELD,
        [("suspend-owner", DONE), ("rollback", EffectOutcome.REFUSED), ("resume-owner", DONE)],
    ),
}


def play(start: Callable[[], World], world: World, *, within: float = 400) -> Case:
    """To the end of the story, with all that is pending done."""
    case = world.run_until(ENDS[start][0], within=within)
    for _ in range(90):
        case = world.store.get(case.namespace, case.name)
        if case.pending_step is None:
            break
        world.run(1)
    return case


def writes_of(start: Callable[[], World]) -> int:
    world = start()
    return writes_during(world, lambda: play(start, world))


def each_once(start: Callable[[], World], world: World, case: Case) -> None:
    assert acts(case) == ENDS[start][1]
    assert world.owners.suspensions == 1
    [state] = world.owners.owners.values()
    said = "stays suspended" in case.status.reason
    assert state.suspended is said is (start is well)
    assert world.tag() == ("v1.0.0" if start is well else "v1.1.0")


STORIES = [(start, write) for start in ENDS for write in range(1, writes_of(start) + 1)]


@pytest.mark.parametrize("made", [True, False], ids=["after the write", "before the write"])
@pytest.mark.parametrize(("start", "write"), STORIES)
def test_killed_at_a_write(start: Callable[[], World], write: int, made: bool) -> None:
    world = start()
    world.store.writes.crash_after(write, made=made)
    kill_during(world, lambda: play(start, world), gap=7)
    each_once(start, world, play(start, world, within=600))


@pytest.mark.parametrize("made", [True, False], ids=["suspended", "not suspended"])
def test_a_release_between_suspension_and_its_record_resumes_the_owner(made: bool) -> None:
    """Whether it was suspended is not known then: it is resumed where it bears the plan's token."""
    world = well()
    world.owners.suspending.fail_next(4, Unavailable("the API server does not answer"), made=made)
    world.run_until(Phase.ROLLING_BACK, within=300)
    world.run(0.5, step=0.1)
    world.deploy("v1.2.0")
    world.run(30)
    [case] = [c for c in world.store.cases() if c.spec.revision.tag == "v1.1.0"][:1]
    assert case.phase is Phase.SUPERSEDED, case.status.reason
    assert acts(case)[-1] == ("resume-owner", DONE)
    [state] = world.owners.owners.values()
    assert not state.token.startswith(case.uid), "what it suspended goes on, and may meet the next case"
