"""A plan's restart that is refused after the template was put back: a person is called with what was done."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case, Phase
from daemon.core.policy import ConfigurationChoice
from daemon.ports import Conflict, Denied, PortError, Rejected
from tests.engine.mounted import CONFIG
from tests.engine.mounted import world as mounted
from tests.engine.test_configuration import broken
from tests.engine.world import REF, World

ENDS = (Phase.HELD, Phase.UNRECOVERED, Phase.SUPERSEDED, Phase.ROLLED_BACK)
REFUSALS = [
    (Rejected("the Deployment is invalid"), Phase.HELD, "the restart was refused: the Deployment is invalid"),
    (Denied("deployments is forbidden"), Phase.HELD, "the restart was not allowed for 60 s: deployments is"),
    (Conflict("it changed"), Phase.UNRECOVERED, "the restart could not be applied for 60 s"),
]


def beside_a_rollback() -> World:
    return broken(ConfigurationChoice.RESTORE)


def in_place() -> World:
    """An edit that pods read at their start alone, and a pod that started with it."""
    made = mounted(mounted=False)
    made.configuration.write(REF.namespace, CONFIG, broken=True)
    made.cluster.accidents.remove_pod(REF, made.pods()[0])
    return made


def planned(made: World) -> Case:
    """The case that has a plan."""
    [case] = [one for one in made.store.cases() if one.steps]
    return case


def over(made: World) -> Case:
    for _ in range(1500):
        made.run(1)
        cases = [one for one in made.store.cases() if one.steps]
        if cases and cases[0].phase in ENDS:
            return cases[0]
    raise AssertionError("it never ended")


@pytest.mark.parametrize("begin", [beside_a_rollback, in_place])
@pytest.mark.parametrize(("refusal", "phase", "said"), REFUSALS, ids=["invalid", "forbidden", "conflict"])
def test_it_is_never_superseded_and_no_recovery(
    begin: Callable[[], World], refusal: PortError, phase: Phase, said: str
) -> None:
    made = begin()
    made.policy = replace(made.policy, rollback_deadline=60.0)
    made.cluster.restarts.fail(refusal)
    case = over(made)
    assert case.phase is phase, case.status.reason
    assert said in case.status.reason
    assert "half-done: restoring ConfigMap" in case.status.reason
    assert "the restart was not done; nothing further is done" in case.status.reason
    made.run(120)
    assert planned(made).phase is phase, "what it brought back is not taken for somebody else's"


@pytest.mark.parametrize("begin", [beside_a_rollback, in_place])
def test_once_it_is_mended_an_approval_goes_through(begin: Callable[[], World]) -> None:
    made = begin()
    made.cluster.restarts.fail(Rejected("the Deployment is invalid"))
    case = over(made)
    made.cluster.restarts.fail(None)
    made.instruct(case, "approve")
    made.run(400)
    assert planned(made).phase is Phase.ROLLED_BACK, planned(made).status.reason
