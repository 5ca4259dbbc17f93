"""Overlays in memory: what Git says, who reads it, and who has to merge it first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, assert_never

from daemon.core.case.effect import EffectOutcome
from daemon.ports import ImageReturn, Review, RollbackResult

Images = tuple[str, ...]


@dataclass
class MemoryRequest:
    overlay: str
    images: Images
    url: str
    state: Literal["open", "merged", "closed"] = "open"


class MemoryOverlays:
    """Implements :class:`daemon.ports.Overlays`. ``read`` hears of each commit, as an owner would."""

    def __init__(self, read: Callable[[str, Images], None]) -> None:
        self.overlays: dict[str, Images] = {}
        self.commits: list[tuple[str, str]] = []
        """Overlay and token of each commit of the daemon's."""
        self._read = read
        self.reviewed: dict[str, Literal["wait", "act"]] = {}
        """Overlays that people merge, and what is done before they have."""
        self.requests: dict[str, MemoryRequest] = {}
        """Branch → its request, each opened once."""

    def push(self, name: str, *images: str) -> None:
        """Somebody's commit."""
        self.overlays[name] = images
        self._read(name, images)

    def merge(self, branch: str) -> None:
        """People's decision."""
        request = self.requests[branch]
        request.state = "merged"
        self.push(request.overlay, *request.images)

    def set_back(self, name: str, wanted: ImageReturn, token: str) -> RollbackResult | Review:
        here = self.overlays.get(name)
        if here is None:
            return _refused(f"there is no overlay {name}")
        if (name, token) in self.commits:
            return _done(f"{name} was set back already", already=True)
        if len(wanted.judged) != len(wanted.target):
            return _refused("the images cannot be paired")
        if here == wanted.target:
            return _done(f"{name} has the target's images already", already=True)
        if here != wanted.judged:
            return _refused(f"{name} has {', '.join(here)}: somebody wrote it since")
        if name in self.reviewed:
            return self._reviewed(name, wanted)
        self.commits.append((name, token))
        self.push(name, *wanted.target)
        return _done(f"{name} was set back")

    def _reviewed(self, name: str, wanted: ImageReturn) -> RollbackResult | Review:
        request = self.requests.get(wanted.branch)
        if request is None:
            request = MemoryRequest(
                overlay=name,
                images=wanted.target,
                url=f"https://git.example/{name}/requests/{len(self.requests) + 1}",
            )
            self.requests[wanted.branch] = request
        match request.state:
            case "open" if self.reviewed[name] == "wait":
                return Review(url=request.url)
            case "open":
                return _done(f"{request.url} was opened", review=request.url)
            case "merged":
                return _done(f"{request.url} was merged", already=True)
            case "closed":
                return _refused(f"{request.url} was closed without a merge", review="")
        assert_never(request.state)


def _done(detail: str, *, already: bool = False, review: str = "") -> RollbackResult:
    return RollbackResult(outcome=EffectOutcome.DONE, detail=detail, already=already, review=review)


def _refused(detail: str, *, review: str | None = None) -> RollbackResult:
    return RollbackResult(outcome=EffectOutcome.REFUSED, detail=detail, review=review)
