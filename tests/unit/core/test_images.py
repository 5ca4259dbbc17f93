"""Option C: which containers get which image, and what is refused."""

from __future__ import annotations

import pytest

from daemon.core.case.images import AskedImage, ImageChoice, Images, choose_images, with_version
from tests.unit.core.made import revision

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("image", "version", "expected"),
    [
        ("gcr.io/greenlang/app:v1", "v2", "gcr.io/greenlang/app:v2"),
        ("registry:5000/app", "v2", "registry:5000/app:v2"),
        ("registry:5000/app:v1@sha256:aa", "v2", "registry:5000/app:v2"),
        ("app:v1", "sha256:bb", "app@sha256:bb"),
        ("app:v1", "other/app:v2", "other/app:v2"),
        ("app:v1", "nginx:1.27", "nginx:1.27"),
    ],
)
def test_a_bare_version_keeps_the_repository(image: str, version: str, expected: str) -> None:
    assert with_version(image, version) == expected


def template(images: Images, inits: Images | None = None) -> dict[str, object]:
    made = {
        kind: [{"name": name, "image": image} for name, image in (found or {}).items()]
        for kind, found in (("containers", images), ("initContainers", inits))
    }
    return {"spec": made}


def choose(
    now: Images, *asked: AskedImage, history: tuple[Images, ...] = (), inits: Images | None = None
) -> ImageChoice:
    older = [(revision(len(history) - n), images) for n, images in enumerate(history)]
    return choose_images("web", template(now, inits), older, asked)


def after(choice: ImageChoice) -> dict[str, str]:
    assert not choice.problem
    return {change.container: change.after for change in choice.changes}


def test_of_several_containers_the_one_named_like_the_deployment_is_meant() -> None:
    found = choose({"proxy": "proxy:1", "web": "app:v2"}, AskedImage(version="v1"))
    assert after(found) == {"web": "app:v1"}
    assert "no revision that is kept had app:v1: it is the only image that is set" in found.notes


def test_what_changed_together_goes_back_together() -> None:
    now = {"web": "app:v2", "proxy": "proxy:2", "new": "new:1"}
    then = ({"web": "app:v2", "proxy": "proxy:3"}, {"web": "app:v1", "proxy": "proxy:1", "gone": "gone:1"})
    found = choose(now, AskedImage(version="v1"), history=then, inits={"migrate": "app:v2"})
    assert after(found) == {"web": "app:v1", "proxy": "proxy:1"}
    assert [note for note in found.notes if "proxy" in note] == [
        "container proxy goes back as well, for revision 1 (v1) had proxy:1 with it"
    ]
    assert any("container migrate is not in revision 1" in note for note in found.notes)


def test_a_container_that_is_named_goes_alone() -> None:
    now, then = {"web": "app:v2", "proxy": "proxy:2"}, ({"web": "app:v1", "proxy": "proxy:1"},)
    assert after(choose(now, AskedImage(version="v1", container="web"), history=then)) == {"web": "app:v1"}
    both = (AskedImage(version="v1", container="web"), AskedImage(version="1", container="proxy"))
    assert after(choose(now, *both, history=then)) == {"web": "app:v1", "proxy": "proxy:1"}


def test_an_init_container_may_be_named() -> None:
    found = choose(
        {"web": "app:v2"}, AskedImage(version="v1", container="migrate"), inits={"migrate": "app:v2"}
    )
    assert after(found) == {"migrate": "app:v1"}


def test_a_pin_is_kept() -> None:
    pinned, now = f"app:v1@{DIGEST}", {"web": f"app:v2@sha256:{'b' * 64}"}
    found = choose(now, AskedImage(version="v1"), history=({"web": pinned},))
    assert after(found) == {"web": pinned}
    assert after(choose(now, AskedImage(version=DIGEST))) == {"web": f"app@{DIGEST}"}


def test_a_tag_alone_takes_no_pin_off() -> None:
    found = choose({"web": f"app:v2@{DIGEST}"}, AskedImage(version="v1"), history=({"web": "app:v1"},))
    assert found.changes == ()
    assert "is pinned by its digest" in found.problem
    assert "give the digest" in found.problem


def test_an_unknown_container_is_named_with_those_there_are() -> None:
    found = choose({"web": "app:v2", "proxy": "p:1"}, AskedImage(version="v1", container="wbe"))
    assert found.problem == "Deployment web has no container 'wbe': name one of proxy, web"
