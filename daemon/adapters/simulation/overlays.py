"""Overlays in memory: what Git says, and who reads it."""

from __future__ import annotations

from collections.abc import Callable

from daemon.core.case.effect import EffectOutcome
from daemon.ports import ImageReturn, RollbackResult

Images = tuple[str, ...]


class MemoryOverlays:
    """Implements :class:`daemon.ports.Overlays`. ``read`` hears of each commit, as an owner would."""

    def __init__(self, read: Callable[[str, Images], None]) -> None:
        self.overlays: dict[str, Images] = {}
        self.commits: list[tuple[str, str]] = []
        """Overlay and token of each commit of the daemon's."""
        self._read = read

    def push(self, name: str, *images: str) -> None:
        """Somebody's commit."""
        self.overlays[name] = images
        self._read(name, images)

    def set_back(self, name: str, wanted: ImageReturn, token: str) -> RollbackResult:
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
        self.commits.append((name, token))
        self.push(name, *wanted.target)
        return _done(f"{name} was set back")


def _done(detail: str, *, already: bool = False) -> RollbackResult:
    return RollbackResult(outcome=EffectOutcome.DONE, detail=detail, already=already)


def _refused(detail: str) -> RollbackResult:
    return RollbackResult(outcome=EffectOutcome.REFUSED, detail=detail)
