"""A values file that says which images run, and where in it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from daemon.settings.problems import complaint
from daemon.settings.types import Group, Line

_PATH = re.compile(r"[^.\s]+(\.[^.\s]+)*")
_NAME = re.compile(r"[^/\s]+\.ya?ml")


def _key(value: str) -> str:
    if value and not _PATH.fullmatch(value):
        raise complaint(f"{value!r} is no key", "write the keys with a dot between them, such as image.tag")
    return value


def _file(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise complaint(f"{value!r} is no YAML file's name", "write its name, and its folder as path")
    return value


def _repository(value: str) -> str:
    if not value or "@" in value or ":" in value.rpartition("/")[2] or " " in value:
        raise complaint(
            f"{value!r} is no image's repository",
            "write the image without tag and digest, such as registry/cart",
        )
    return value


Key = Annotated[Line, AfterValidator(_key)]


class ValuesImageSettings(Group):
    """Where one image of the workload stands."""

    repository: Annotated[Line, AfterValidator(_repository)] = Field(
        description="The image as the Deployment has it, without tag and digest."
    )
    tag: Key = Field(default="", description="The key of its tag, such as `image.tag`.")
    digest: Key = Field(default="", description="The key of its digest, such as `image.digest`.")

    @model_validator(mode="after")
    def _somewhere(self) -> ValuesImageSettings:
        if not self.tag and not self.digest:
            raise complaint("nothing says where its version stands", "set tag, digest, or both")
        return self


def _some_image(value: tuple[ValuesImageSettings, ...]) -> tuple[ValuesImageSettings, ...]:
    if not value:
        raise complaint("nothing says which images it has", "add one: {repository: ..., tag: image.tag}")
    return value


class ValuesSettings(Group):
    """A Helm chart's values file, or a HelmRelease's manifest, that says which images run.

    Instead of the `images` of a kustomization, for an [overlay](#overlays).
    """

    file: Annotated[Line, AfterValidator(_file)] = Field(
        default="values.yaml", description="The file's name in the overlay's `path`."
    )
    images: Annotated[tuple[ValuesImageSettings, ...], AfterValidator(_some_image)] = Field(
        max_length=20,
        description=(
            "Where each image stands: `repository` is the image as the Deployment has it, without tag and "
            "digest; `tag` and `digest` are keys with a dot between them, such as `image.tag`: one or both"
        ),
    )

    def by_hand(self, path: str) -> str:
        """What a person types in a clone of the repository to edit it."""
        file = "/".join(part for part in (path.strip("/"), self.file) if part)
        keys = ", ".join(key for image in self.images for key in (image.tag, image.digest) if key)
        return f"$EDITOR {file}  # {keys}"
