"""Which images containers run, by digest: a tag may name another image than it did an hour ago."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from daemon.core.model import Revision, Workload
from daemon.core.value import Value

SHOWN = 19
"""Characters of a digest, ``sha256:`` included."""


class ImageDigest(Value, frozen=True):
    """Of the image that a container runs."""

    container: str
    digest: str


def digests_of(workload: Workload, revision: Revision | None) -> tuple[ImageDigest, ...]:
    """What a revision's pods run. A container that runs different images in them has none."""
    found: dict[str, set[str]] = {}
    for pod in workload.pods_of(revision) if revision is not None else ():
        for container in pod.containers:
            if container.digest:
                found.setdefault(container.name, set()).add(container.digest)
    return tuple(
        ImageDigest(container=name, digest=next(iter(digests)))
        for name, digests in sorted(found.items())
        if len(digests) == 1
    )


def digest_lines(before: Iterable[ImageDigest], after: Iterable[ImageDigest]) -> Iterator[str]:
    """The containers that are known to run another image than before.

    >>> old = [ImageDigest(container="app", digest="sha256:0123456789abcdef")]
    >>> new = [ImageDigest(container="app", digest="sha256:fedcba9876543210")]
    >>> list(digest_lines(old, new))
    ['container app, image digest: sha256:0123456789ab → sha256:fedcba987654']
    """
    known = {one.container: one.digest for one in before}
    for now in after:
        old = known.get(now.container)
        if old is not None and old != now.digest:
            yield f"container {now.container}, image digest: {old[:SHOWN]} → {now.digest[:SHOWN]}"
