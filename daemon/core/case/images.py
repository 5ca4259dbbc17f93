"""Option C of the runbook: images set back in the template that runs now, and everything else left as it is.

Image references: ``[registry[:port]/]repository[:tag][@digest]``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from daemon.core.model import Revision
from daemon.core.value import Value

Images = Mapping[str, str]
"""Container → image."""


class ImageReference(Value, frozen=True):
    """A reference in its parts; where it has a digest as well, its tag is for people."""

    repository: str
    tag: str = ""
    digest: str = ""

    @staticmethod
    def of(image: str) -> ImageReference:
        """
        >>> ImageReference.of("registry:5000/shop/cart:v1@sha256:aa")
        ImageReference(repository='registry:5000/shop/cart', tag='v1', digest='sha256:aa')
        """
        name, _, digest = image.partition("@")
        head, slash, tail = name.rpartition("/")
        bare, _, tag = tail.partition(":")
        return ImageReference(repository=f"{head}{slash}{bare}", tag=tag, digest=digest)

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}" if self.digest else f"{self.repository}:{self.tag}"


class ImageChange(Value, frozen=True):
    """What one container has, and is to get."""

    container: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"container {self.container}: {self.before} → {self.after}"


class AskedImage(Value, frozen=True):
    """``version`` is a tag, a digest or a whole reference; with no ``container`` the main one is meant, and
    whatever changed together with it."""

    version: str
    container: str = ""


class ImageChoice(Value, frozen=True):
    """What is to be changed, with what there is to say of it; or the problem, and then nothing is."""

    changes: tuple[ImageChange, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""


def with_version(image: str, version: str) -> str:
    """``image`` with a bare tag or digest put in; anything else in ``version`` is a whole reference."""
    if version.startswith("sha256:"):
        return f"{ImageReference.of(image).repository}@{version}"
    if any(mark in version for mark in "/:@"):
        return version
    return f"{ImageReference.of(image).repository}:{version}"


def images_in(template: Mapping[str, Any]) -> dict[str, str]:
    """Those of a raw pod template; names are unique over containers and init containers."""
    spec = template.get("spec") or {}
    found = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    return {container["name"]: container.get("image", "") for container in found}


def choose_images(
    name: str,
    template: Mapping[str, Any],
    history: Sequence[tuple[Revision, Images]],
    asked: Sequence[AskedImage],
) -> ImageChoice:
    """Which containers of the Deployment ``name`` get which image.

    ``history`` has the other revisions, the newest first. An image that is pinned by its digest stays pinned:
    a bare tag is looked up there.
    """
    now, changes, notes = images_in(template), dict[str, str](), list[str]()
    for one in asked:
        main = [container["name"] for container in (template.get("spec") or {}).get("containers") or ()]
        container = one.container or (main[0] if len(main) == 1 else name)
        if container not in now:
            problem = (
                f"Deployment {name} has no container {container!r}: name one of {', '.join(sorted(now))}"
            )
            return ImageChoice(problem=problem)
        known = [images[container] for _, images in history if container in images]
        after = _version(now[container], one.version, known)
        if not after:
            problem = (
                f"container {container} is pinned by its digest ({now[container]}), and no revision has "
                f"{one.version} with one: give the digest (sha256:…), or the whole image with it"
            )
            return ImageChoice(problem=problem)
        changes[container] = after
        if not one.container:
            more, said = _together(now, history, container, after)
            changes |= more
            notes += said
    made = (ImageChange(container=c, before=now[c], after=after) for c, after in changes.items())
    return ImageChoice(changes=tuple(made), notes=tuple(notes))


def _version(before: str, version: str, known: Iterable[str]) -> str:
    """The image that is meant; empty where that would take the pin off."""
    after = with_version(before, version)
    if "@" not in before or "@" in after:
        return after
    return next((image for image in known if image.startswith(f"{after}@")), "")


def _together(
    now: Images, history: Sequence[tuple[Revision, Images]], container: str, after: str
) -> tuple[dict[str, str], list[str]]:
    """What the newest revision with this image had in the other containers: they were changed at once, and go
    back at once."""
    found = next(((r, images) for r, images in history if images.get(container) == after), None)
    if found is None:
        return {}, [f"no revision that is kept had {after}: it is the only image that is set"]
    revision, images = found
    changes = {other: images[other] for other in now if other in images and images[other] != now[other]}
    notes = [
        f"container {other} goes back as well, for {revision} had {image} with it"
        for other, image in changes.items()
        if other != container
    ]
    notes += [
        f"container {other} is not in {revision}, and is left as it is"
        for other in now
        if other not in images
    ]
    return changes, notes
