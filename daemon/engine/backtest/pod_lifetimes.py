"""Which pods of a Deployment were there when, as far as the metrics tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""Of generated names; they spell no words (apimachinery, util/rand)."""
PREFIX = 58
"""Characters that are left of a generated name's own part (apiserver/pkg/storage/names/generate.go)."""
SUFFIX = 5
HASH = 10
"""Most characters of a pod-template hash: a 32-bit number, letter by letter."""
SHORTEST_HASH = 4
"""One in two million is shorter; what looks so is the name of something else, such as a DaemonSet's pod."""
GAP = 360.0
"""Seconds without a sample that do not make two presences of one: Prometheus repeats a sample for five
minutes, and a missed scrape is no departure."""

Span = tuple[float, float]
"""First and last time, Unix seconds."""


def revision_of(deployment: str, pod: str) -> str | None:
    """The pod-template hash in a pod's name; ``None`` where the Deployment has no such pod.

    Of a Deployment with a long name the API server cuts the hash: then what is left of it.
    """
    prefix, suffix = pod[:-SUFFIX], pod[-SUFFIX:]
    if not prefix.startswith(f"{deployment}-"):
        return None
    rest = prefix[len(deployment) + 1 :]
    cut = len(prefix) == PREFIX and _may_be_cut(deployment)
    if not rest.endswith("-") and not cut:
        return None
    found = rest.removesuffix("-")
    least = 1 if cut else SHORTEST_HASH
    return found if least <= len(found) <= HASH and _generated(found) and _generated(suffix) else None


def pod_pattern(deployment: str) -> str:
    """A regular expression (RE2, anchored, without backslashes) that all its pods match, and few others."""
    name = deployment.replace(".", "[.]")
    return f"{name}-[{LETTERS}]{{1,{HASH}}}-?[{LETTERS}]{{{SUFFIX}}}"


def told_apart(deployment: str) -> bool:
    """Whether anything of the hash is left in its pods' names."""
    return len(deployment) + 1 < PREFIX


def _may_be_cut(deployment: str) -> bool:
    return len(deployment) + 1 + HASH + 1 > PREFIX


def _generated(text: str) -> bool:
    return re.fullmatch(f"[{LETTERS}]+", text) is not None


class PodLifetimes:
    """Gathers the times at which pods were seen into spans. Times of one pod come in ascending order."""

    def __init__(self, spans: Mapping[str, Iterable[Span]] | None = None) -> None:
        self._spans: dict[str, list[Span]] = {pod: list(known) for pod, known in (spans or {}).items()}

    def add(self, pods: Mapping[str, Sequence[float]]) -> None:
        for pod, times in pods.items():
            if times:
                spans = self._spans.setdefault(pod, [])
                spans[:] = joined([*spans, *((at, at) for at in times)])

    @property
    def spans(self) -> dict[str, tuple[Span, ...]]:
        return {pod: tuple(spans) for pod, spans in self._spans.items()}


def joined(spans: Iterable[Span]) -> list[Span]:
    """The spans without overlaps, and without gaps up to :data:`GAP`; in order."""
    made: list[Span] = []
    for first, last in sorted(spans):
        if made and first - made[-1][1] <= GAP:
            made[-1] = (made[-1][0], max(made[-1][1], last))
        else:
            made.append((first, last))
    return made


def span_at(spans: Iterable[Span], at: float) -> Span | None:
    """The span that a time lies in."""
    return next((span for span in spans if span[0] <= at <= span[1]), None)
