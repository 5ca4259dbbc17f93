"""The contract of :class:`daemon.ports.Actuator`."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import pytest

from daemon.core.case.effect import EffectOutcome
from daemon.core.model import Revision
from daemon.ports import RollbackResult, Unavailable
from tests.contract.drivers import BETTER, FAILING, GOOD, UNREADY, ClusterDriver
from tests.contract.looking import complete, seen


class Judged(NamedTuple):
    uid: str
    target: Revision
    judged: Revision


def released(world: ClusterDriver, tag: str = BETTER) -> Judged:
    """A second revision that was rolled out after a good one."""
    world.deploy(GOOD, replicas=1)
    _, target = complete(world, GOOD, 1)
    world.set_tag(tag)
    workload, judged = complete(world, tag, 2)
    return Judged(uid=workload.uid, target=target, judged=judged)


def test_an_undo_brings_the_target_back_under_a_new_number(world: ClusterDriver) -> None:
    uid, target, judged = released(world)
    template = world.cluster.template(world.ref, target)
    undone = world.actuator.undo(world.ref, uid, judged=judged, target=target)
    assert undone.outcome is EffectOutcome.DONE
    assert not undone.already
    assert undone.detail
    workload, current = complete(world, GOOD, 3)
    assert workload.uid == uid
    assert current.replica_set_uid == target.replica_set_uid
    assert world.cluster.template(world.ref, current) == template


def test_an_undo_ends_a_stuck_rollout(world: ClusterDriver) -> None:
    world.deploy(GOOD, replicas=2)
    _, target = complete(world, GOOD, 1)
    world.set_tag(UNREADY)

    def rolling() -> Revision | None:
        workload = seen(world)
        current = workload.current
        return current if current and current.number == 2 and workload.pods_of(current) else None

    judged = world.until("a pod of the new revision", rolling)
    undone = world.actuator.undo(world.ref, seen(world).uid, judged=judged, target=target)
    assert undone.outcome is EffectOutcome.DONE
    complete(world, GOOD, 3)


def test_a_second_undo_finds_it_done_already(world: ClusterDriver) -> None:
    uid, target, judged = released(world)
    world.actuator.undo(world.ref, uid, judged=judged, target=target)
    at_once = world.actuator.undo(world.ref, uid, judged=judged, target=target)
    assert (at_once.outcome, at_once.already) == (EffectOutcome.DONE, True)
    complete(world, GOOD, 3)
    later = world.actuator.undo(world.ref, uid, judged=judged, target=target)
    assert (later.outcome, later.already) == (EffectOutcome.DONE, True)
    _, current = complete(world, GOOD, 3)
    assert current.number == 3


def test_an_undo_that_somebody_else_made_is_done_already(world: ClusterDriver) -> None:
    uid, target, judged = released(world)
    world.undo_by_somebody()
    undone = world.actuator.undo(world.ref, uid, judged=judged, target=target)
    assert (undone.outcome, undone.already) == (EffectOutcome.DONE, True)


def test_somebody_who_deploys_in_between_supersedes_it(world: ClusterDriver) -> None:
    uid, target, judged = released(world)
    world.set_tag(FAILING)
    undone = world.actuator.undo(world.ref, uid, judged=judged, target=target)
    assert undone.outcome is EffectOutcome.SUPERSEDED
    assert undone.detail
    complete(world, FAILING, 3)


def test_scaling_and_labels_in_between_do_not_matter(world: ClusterDriver) -> None:
    uid, target, judged = released(world)
    world.scale(2)
    world.label("team", "heat")
    assert world.actuator.undo(world.ref, uid, judged=judged, target=target).outcome is EffectOutcome.DONE
    workload, _ = complete(world, GOOD, 3)
    assert workload.status.desired == 2
    assert workload.labels["team"] == "heat"


def test_a_paused_deployment_is_refused(world: ClusterDriver) -> None:
    uid, target, judged = released(world)
    world.pause()
    undone = world.actuator.undo(world.ref, uid, judged=judged, target=target)
    assert undone.outcome is EffectOutcome.REFUSED
    assert "paused" in undone.detail
    world.resume()
    complete(world, BETTER, 2)


def test_a_target_whose_replica_set_is_gone_is_refused(world: ClusterDriver) -> None:
    uid, target, judged = released(world)
    world.delete_replica_set(target.replica_set, target.replica_set_uid)
    world.until("its end", lambda: seen(world).revision(target.replica_set_uid) is None)
    undone = world.actuator.undo(world.ref, uid, judged=judged, target=target)
    assert undone.outcome is EffectOutcome.REFUSED
    assert undone.detail
    complete(world, BETTER, 2)


def test_a_deleted_deployment_supersedes_it(world: ClusterDriver) -> None:
    uid, target, judged = released(world)
    world.delete()
    undone = world.actuator.undo(world.ref, uid, judged=judged, target=target)
    assert undone.outcome is EffectOutcome.SUPERSEDED


def test_a_deployment_of_the_same_name_supersedes_it(world: ClusterDriver) -> None:
    uid, target, judged = released(world)
    world.delete()
    world.until("the deletion", lambda: world.cluster.workload(world.ref) is None)
    world.deploy(BETTER, replicas=1)
    complete(world, BETTER, 1)
    undone = world.actuator.undo(world.ref, uid, judged=judged, target=target)
    assert undone.outcome is EffectOutcome.SUPERSEDED


def test_an_api_server_that_does_not_answer_is_unavailable(world: ClusterDriver) -> None:
    uid, target, judged = released(world)
    with pytest.raises(Unavailable):
        world.cut_off().undo(world.ref, uid, judged=judged, target=target)
    complete(world, BETTER, 2)


TOKEN = "case-uid/rollback/1"


def test_a_token_tells_of_the_write_whatever_was_applied_since(world: ClusterDriver) -> None:
    uid, target, judged = released(world)

    def undo() -> RollbackResult:
        return world.actuator.undo(world.ref, uid, judged=judged, target=target, token=TOKEN)

    made = undo()
    assert (made.outcome, made.already) == (EffectOutcome.DONE, False)
    world.until("the token in the view", lambda: seen(world).rollback_token == TOKEN)
    assert seen(world).status.generation == made.generation
    complete(world, GOOD, 3)
    world.set_tag(BETTER)
    complete(world, BETTER, 4)
    again = undo()
    assert (again.outcome, again.already) == (EffectOutcome.DONE, True)
    complete(world, BETTER, 4)
    assert seen(world).rollback_token == TOKEN


def test_another_intents_token_says_nothing_and_is_replaced(world: ClusterDriver) -> None:
    uid, target, judged = released(world)
    world.actuator.undo(world.ref, uid, judged=judged, target=target, token=TOKEN)
    complete(world, GOOD, 3)
    world.set_tag(BETTER)
    workload, again = complete(world, BETTER, 4)
    back = workload.revision(target.replica_set_uid)
    assert back is not None
    undone = world.actuator.undo(world.ref, uid, judged=again, target=back, token="case-uid/rollback/2")
    assert (undone.outcome, undone.already) == (EffectOutcome.DONE, False)
    world.until("the new token", lambda: seen(world).rollback_token == "case-uid/rollback/2")


def test_a_later_rollout_of_the_judged_template_is_not_undone(world: ClusterDriver) -> None:
    uid, target, judged = released(world)
    world.undo_by_somebody()
    complete(world, GOOD, 3)
    world.set_tag(BETTER)

    def undone() -> RollbackResult | None:
        try:
            return world.actuator.undo(world.ref, uid, judged=judged, target=target, token=TOKEN)
        except Unavailable:
            return None  # the controller has not seen the newest template

    assert world.until("a word on the rollback", undone).outcome is EffectOutcome.SUPERSEDED
    complete(world, BETTER, 4)


def test_a_restart_makes_the_targets_pods_anew_once(world: ClusterDriver) -> None:
    uid, target, judged = released(world)
    world.actuator.undo(world.ref, uid, judged=judged, target=target, token="case/rollback/1")
    before, _ = complete(world, GOOD, 3)
    at, token = "2026-01-05T09:00:00.123456+00:00", "case/restart/1"
    target = msgspec.structs.replace(target, number=3)
    first = world.actuator.restart_target(world.ref, uid, target=target, at=at, token=token)
    assert (first.outcome, first.already) == (EffectOutcome.DONE, False)
    workload, current = complete(world, GOOD, 4)
    assert workload.rollback_token == token
    assert not {pod.uid for pod in workload.live} & {pod.uid for pod in before.live}
    again = world.actuator.restart_target(world.ref, uid, target=target, at=at, token=token)
    assert (again.outcome, again.already) == (EffectOutcome.DONE, True)
    old, new = world.cluster.template(world.ref, target), world.cluster.template(world.ref, current)
    assert old is not None
    assert new is not None
    assert new["spec"] == old["spec"]
    assert new["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] == at


def test_a_restart_of_another_template_is_superseded(world: ClusterDriver) -> None:
    uid, target, _ = released(world)
    ended = world.actuator.restart_target(world.ref, uid, target=target, at="now", token="case/restart/1")
    assert ended.outcome is EffectOutcome.SUPERSEDED
    assert seen(world).status.generation == seen(world).status.observed_generation
