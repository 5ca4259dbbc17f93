"""Image references: ``[registry[:port]/]repository[:tag][@digest]``."""

from __future__ import annotations


def repository(image: str) -> str:
    """The reference without tag and digest."""
    name = image.split("@", 1)[0]
    head, slash, tail = name.rpartition("/")
    return f"{head}{slash}{tail.split(':', 1)[0]}"


def with_version(image: str, version: str) -> str:
    """``image`` with a bare tag or digest put in; anything else in ``version`` is a whole reference."""
    if version.startswith("sha256:"):
        return f"{repository(image)}@{version}"
    if any(mark in version for mark in "/:@"):
        return version
    return f"{repository(image)}:{version}"
