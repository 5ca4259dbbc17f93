"""Where Git says which images run."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from daemon.settings.overlay_review import ReviewSettings
from daemon.settings.overlay_values import ValuesSettings
from daemon.settings.problems import complaint
from daemon.settings.types import Group, Line, ReadableFile, SignalName

_SCP = re.compile(r"[\w.-]+@[\w.-]+:.*")
"""``git@host:group/name.git``"""


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme == "ssh" or _SCP.fullmatch(value):
        raise complaint(
            "Git is not spoken over SSH, for that takes a client and keys in the image",
            "write its HTTPS address (https://host/group/name.git), with username and password_file",
        )
    if parts.scheme not in {"http", "https"} or not parts.hostname or not parts.path.strip("/"):
        raise complaint("this is not a repository's HTTP address", "write it as https://host/group/name.git")
    if "@" in parts.netloc:
        raise complaint(
            "an address must not carry a password, for it is printed", "set username and password_file"
        )
    return value


def _path(value: str) -> str:
    if value.startswith("/") or ".." in value.split("/"):
        raise complaint(f"{value!r} is no folder of the repository", "leave out / before it, and ..")
    return value


class OverlaySettings(Group):
    """A file in Git that says which images run, so that a rollback can be said there.

    A kustomization with its `images`, or a [values file](#overlaysvalues).

    Where [owners](#owners) or a workload says `git`, the first step of a rollback is a commit that sets the
    images of the workload's overlay back. Nothing else of the file is touched.
    """

    name: SignalName = Field(description="Short name, unique among the overlays; workloads name it.")
    url: Annotated[Line, AfterValidator(_url)] = Field(
        description="The repository's HTTP address, without credentials."
    )
    branch: Line = Field(default="main", description="The branch that the owner reads; commits go to it.")
    path: Annotated[Line, AfterValidator(_path)] = Field(
        default="", description="The folder of that file within the repository."
    )
    values: ValuesSettings | None = Field(
        default=None,
        description="A values file that has the images; without it they are in `kustomization.yaml`.",
    )
    username: Line = Field(default="", description="For basic authentication; needs `password_file`.")
    password_file: ReadableFile | None = Field(
        default=None,
        description="A file with the password or token of an account that may push to the branch alone.",
    )
    review: ReviewSettings | None = Field(
        default=None, description="Where people merge the commit; without it, it goes to `branch` itself."
    )

    @property
    def by_hand(self) -> str:
        """What a person types to edit it, where it is no kustomization."""
        return self.values.by_hand(self.path) if self.values is not None else ""
