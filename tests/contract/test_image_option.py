"""Setting images by hand, as :class:`daemon.ports.Actuator` promises it."""

from __future__ import annotations

from daemon.core.case.effect import EffectOutcome
from daemon.core.case.guards.emergency_stop import STOP
from daemon.core.case.images import ImageChange, images_in, with_version
from daemon.core.model import Workload
from tests.contract.drivers import BETTER, FAILING, GOOD, ClusterDriver
from tests.contract.looking import complete, seen


def running(world: ClusterDriver) -> tuple[Workload, tuple[ImageChange, ...]]:
    """A workload at the better version, and the change that brings the good one back."""
    world.deploy(GOOD, replicas=1)
    complete(world, GOOD, 1)
    world.set_tag(BETTER)
    workload, current = complete(world, BETTER, 2)
    template = world.cluster.template(world.ref, current)
    assert template is not None
    name, image = next(iter(images_in(template).items()))
    change = ImageChange(container=name, before=image, after=with_version(image, GOOD))
    return workload, (change,)


def test_the_image_is_set_back_once(world: ClusterDriver) -> None:
    workload, changes = running(world)
    done = world.actuator.set_images(world.ref, workload.uid, changes)
    assert (done.outcome, done.already) == (EffectOutcome.DONE, False)
    complete(world, GOOD, 3)
    again = world.actuator.set_images(world.ref, workload.uid, changes)
    assert (again.outcome, again.already) == (EffectOutcome.DONE, True)
    assert seen(world).status.generation == again.generation == done.generation


def test_what_somebody_deployed_meanwhile_is_not_overwritten(world: ClusterDriver) -> None:
    workload, changes = running(world)
    world.set_tag(FAILING)
    done = world.actuator.set_images(world.ref, workload.uid, changes)
    assert done.outcome is EffectOutcome.SUPERSEDED


def test_a_container_that_is_not_there_a_pause_of_the_rollout_and_a_stop_refuse(world: ClusterDriver) -> None:
    workload, changes = running(world)
    stranger = ImageChange(container="nope", before="a", after="b")
    assert world.actuator.set_images(world.ref, workload.uid, (stranger,)).outcome is EffectOutcome.REFUSED
    world.pause()
    assert "paused" in world.actuator.set_images(world.ref, workload.uid, changes).detail
    world.resume()
    world.annotate(STOP, "hands off")
    stopped = world.actuator.set_images(world.ref, workload.uid, changes)
    assert (stopped.outcome, "hands off" in stopped.detail) == (EffectOutcome.REFUSED, True)
    complete(world, BETTER, 2)


def test_a_deployment_that_is_gone_is_superseded(world: ClusterDriver) -> None:
    done = world.actuator.set_images(world.ref, "uid", (ImageChange(container="a", before="b", after="c"),))
    assert done.outcome is EffectOutcome.SUPERSEDED
