"""Images that cannot be had: not there, not for us, not now."""

from __future__ import annotations

from functools import partial

from tests.e2e.cluster.state import REGISTRY
from tests.traces.images import REPOSITORY, image
from tests.traces.registries import NOBODY, Host, Manner, Registry
from tests.traces.registry import add, happening
from tests.traces.scene import Scene
from tests.traces.templates import Release


def _release(name: str, policy: str = "Always") -> Release:
    return Release(tag="v2", app={"image": name, "imagePullPolicy": policy})


def _stuck(scene: Scene, name: str, did: str, reasons: tuple[str, ...], policy: str = "Always") -> None:
    scene.deploy(progressDeadlineSeconds=20)
    scene.record()
    scene.release(_release(name, policy), did)
    scene.until("a third pod", lambda: len(scene.pods()) == 3)
    scene.waiting(*reasons)
    scene.exceeded()


PULLING = ("ErrImagePull", "ImagePullBackOff")
add(
    "image-not-found",
    "the image's tag is not in the registry (manifest unknown)",
    partial(_stuck, name=image("absent"), did="v2, whose tag was never pushed", reasons=PULLING),
    complete=False,
)
add(
    "image-repository-not-found",
    "the image's repository is not in the registry",
    partial(
        _stuck,
        name=image("v2", repository="traces/absent"),
        did="v2, whose repository does not exist",
        reasons=PULLING,
    ),
    complete=False,
)
add(
    "image-name-invalid",
    "the image's name makes no sense",
    partial(
        _stuck,
        name=image("v2", repository="Traces/App"),
        did="v2, whose image has capitals in its name",
        reasons=("InvalidImageName",),
    ),
    complete=False,
)
add(
    "image-never-pulled",
    "the image is not on the node and must not be pulled",
    partial(
        _stuck,
        name=image("absent"),
        did="v2, with imagePullPolicy Never",
        reasons=("ErrImageNeverPull",),
        policy="Never",
    ),
    complete=False,
)


def _refused(scene: Scene, manner: Manner) -> None:
    registry, host = Registry(scene.cluster, manner), Host(scene.cluster, f"{scene.namespace}.test")
    scene.at_the_end(registry.close)
    scene.at_the_end(host.remove)
    host.point_to(registry.address)
    name = image("v2", host=host.name)
    _stuck(scene, name, f"v2, from a registry that {manner}", PULLING)


_MANNERS: dict[str, tuple[Manner, str]] = {
    "registry-401": ("asks for a token again", "the registry gives a token and still answers 401"),
    "registry-401-no-token": ("gives no token", "the registry gives no token (401)"),
    "registry-403": ("forbids", "the registry answers 403"),
    "registry-429": ("is out of patience", "the registry limits the rate (429)"),
    "registry-503": ("is broken", "the registry answers 503"),
}
for _name, (_manner, _text) in _MANNERS.items():
    add(_name, f"{_text}: the image may well be there", partial(_refused, manner=_manner), complete=False)


def _down(scene: Scene, *, back: bool) -> None:
    host = Host(scene.cluster, f"{scene.namespace}.test")
    scene.at_the_end(host.remove)
    host.point_to(NOBODY)
    name = image("v2", host=host.name, repository=REPOSITORY)
    _stuck(scene, name, "v2, from a registry that is down", PULLING)
    if back:
        scene.note("the registry is up again")
        host.point_to(REGISTRY)
        scene.complete()


add("registry-down", "nobody answers at the registry's address", partial(_down, back=False), complete=False)
add(
    "registry-down-and-back",
    "the registry is down until after the progress deadline, and then comes back: the rollout completes",
    partial(_down, back=True),
)


@happening(
    "registry-down-at-scale-up",
    "after a healthy rollout new replicas cannot pull, for the registry is down",
    complete=False,
)
def down_at_scale(scene: Scene) -> None:
    host = Host(scene.cluster, f"{scene.namespace}.test")
    scene.at_the_end(host.remove)
    host.point_to(REGISTRY)
    release = _release(image("v2", host=host.name))
    scene.deploy(progressDeadlineSeconds=20)
    scene.release(release, "v2")
    scene.complete()
    host.point_to(NOBODY)
    scene.record()
    scene.scale(4)
    scene.waiting(*PULLING)
    scene.pause(24)
