"""Cases that somebody else wrote: none is acted upon, and none keeps a release from being judged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest

from daemon.core.case.case import Case, Instruction, Phase, Spec, Status, case_name
from daemon.core.case.rollback_target import choose
from daemon.core.model import Change, Revision
from tests.engine.world import REF, World
from tests.simulation.troubles import Killed

BAD = "v1.1.0-bad"


def deployed(tag: str = BAD) -> tuple[World, Spec]:
    """A release that was deployed while no daemon was there, and the case that the daemon will open of it."""
    world = World(errors={BAD: 0.5}, rps=20.0).settled()
    world.kill()
    world.deploy(tag)
    world.run(2)
    workload = world.cluster.workload(REF)
    assert workload is not None
    assert workload.current is not None
    (first,) = world.store.cases()
    spec = Spec(
        workload=REF.name,
        workload_uid=workload.uid,
        revision=workload.current,
        change=Change.IMAGE,
        opened_at=world.clock.now(),
        started_at=workload.current.created_at,
        baseline=first.spec.revision,
        generation=workload.status.generation,
    )
    return world, spec


def written(world: World, spec: Spec, *, name: str = "", status: Status | None = None) -> Case:
    """Somebody writes a case; with a status only who may do that as well."""
    own = name or case_name(spec.workload, spec.workload_uid, spec.revision)
    case = Case(namespace=REF.namespace, name=own, spec=spec, status=status or Status())
    if status is not None:
        return world.store.create(case)
    world.store.writes.crash_after(2, made=False)
    with pytest.raises(Killed):
        world.store.create(case)
    return world.store.get(case.namespace, case.name)


def problems(world: World) -> str:
    assert world.daemon is not None
    return "\n".join(world.daemon.views.problems())


def judged(world: World) -> None:
    world.start()
    world.run(1)
    world.run_until(Phase.ROLLED_BACK, within=300)
    assert (world.tag(), world.numbers()) == ("v1.0.0", 3)


def test_a_case_that_was_left_half_written_is_completed() -> None:
    world, spec = deployed()
    case = written(world, spec)
    judged(world)
    assert world.store.get(case.namespace, case.name).uid == case.uid
    assert problems(world) == ""


@pytest.mark.parametrize("like", ["the daemon's adoption", "the daemon's rollout"])
def test_what_others_call_adopted_is_judged(like: str) -> None:
    world, spec = deployed()
    adopted = msgspec.structs.replace(spec, change=Change.ADOPTED)
    if like == "the daemon's adoption":
        adopted = msgspec.structs.replace(adopted, baseline=None, started_at=spec.opened_at)
    written(world, adopted)
    judged(world)


WRONG: dict[str, Callable[[Spec], dict[str, object]]] = {
    "startedAt, long before": lambda spec: {"started_at": spec.started_at - timedelta(hours=1)},
    "startedAt, later": lambda spec: {"started_at": spec.started_at + timedelta(minutes=1)},
    "baseline, none": lambda _: {"baseline": None},
    "baseline, itself": lambda spec: {"baseline": spec.revision},
    "generation": lambda _: {"generation": 1_000_000},
    "openedAt": lambda spec: {"opened_at": spec.opened_at + timedelta(days=1)},
    "revision.hash": lambda spec: {"revision": replaced(spec.revision, hash="good")},
    "revision.images": lambda spec: {"revision": replaced(spec.revision, images=("other:v1",))},
    "revision.created_at": lambda spec: {
        "revision": replaced(spec.revision, created_at=spec.revision.created_at - timedelta(hours=1))
    },
}


def replaced(revision: Revision, **fields: object) -> Revision:
    return msgspec.structs.replace(revision, **fields)


@pytest.mark.parametrize("what", WRONG)
def test_a_spec_that_does_not_agree_with_the_cluster_is_refused_and_said(what: str) -> None:
    world, spec = deployed()
    case = written(world, msgspec.structs.replace(spec, **WRONG[what](spec)))
    world.start()
    world.run(60)
    found = world.store.get(case.namespace, case.name)
    assert (found.status, world.tag()) == (Status(), BAD)
    assert f"spec.{what.split(',')[0]}" in problems(world)
    assert f"kubectl delete rolloutcase {case.name} -n {case.namespace}" in problems(world)
    world.store.delete(found)
    world.run(5)
    assert problems(world) == ""
    world.run_until(Phase.ROLLED_BACK, within=300)


def test_a_case_of_a_rollout_that_does_not_exist_is_refused() -> None:
    world, spec = deployed("v1.0.1")
    ahead = replaced(spec.revision, number=9, replica_set_uid="made-up")
    case = written(world, msgspec.structs.replace(spec, revision=ahead, generation=99))
    world.start()
    world.run(20)
    assert world.store.get(case.namespace, case.name).status == Status()
    assert case.name in problems(world)
    phases = {c.spec.revision.number: c.phase for c in world.store.cases() if c.name != case.name}
    assert phases[2] in (Phase.PROGRESSING, Phase.WATCHING), "the real one is watched as ever"


@pytest.mark.parametrize("instruction", ["", "approve", "hold"])
def test_a_second_case_of_a_rollout_is_never_acted_upon(instruction: str) -> None:
    world, spec = deployed()
    if instruction:
        order = Instruction(action=instruction, by="mallory", at=spec.opened_at)  # type: ignore[arg-type]
        spec = msgspec.structs.replace(spec, instruction=order)
    second = written(world, spec, name="another")
    judged(world)
    assert world.store.get(second.namespace, second.name).status == Status()
    assert "greenlang/another" in problems(world)
    assert "kubectl delete rolloutcase another" in problems(world)


def test_a_case_of_another_name_makes_no_revision_good_or_bad() -> None:
    world, spec = deployed("v1.0.1")
    good = Status(phase=Phase.HEALTHY, proven=True, finished_at=spec.opened_at)
    forged = written(world, spec, name="another", status=good)
    workload = world.cluster.workload(REF)
    assert workload is not None
    assert workload.current is not None
    judged_now = replaced(workload.current, hash="next", number=3, replica_set_uid="next")
    own = [case for case in world.store.cases() if case.name != forged.name]
    with_it, without = (choose(workload, judged_now, cases) for cases in (world.store.cases(), own))
    assert with_it == without
