"""Setting an overlay's images back: found done by its trailer, and nobody's newer word is written over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from daemon import ports
from daemon.adapters.git.kustomization import changes, set_back
from daemon.adapters.git.repository import Repository, Source
from daemon.core.case.effect import EffectOutcome
from daemon.core.value import Value
from daemon.ports import Clock, ImageReturn, RollbackResult
from daemon.settings.overlays import OverlaySettings

TRAILER = "Rollbackd-Step"
TRIES = 3
"""How often a commit is made anew where others push at the same time."""


class Overlay(Value, frozen=True):
    """``path`` is the folder of a kustomization within the repository."""

    source: Source
    path: str

    @property
    def file(self) -> str:
        return "/".join(part for part in (self.path.strip("/"), "kustomization.yaml") if part)


class GitOverlays:
    """Implements :class:`daemon.ports.Overlays`."""

    def __init__(self, overlays: Mapping[str, Overlay], clock: Clock) -> None:
        self._overlays = overlays
        self._clock = clock

    def set_back(self, name: str, wanted: ImageReturn, token: str) -> RollbackResult:
        overlay = self._overlays.get(name)
        if overlay is None:
            known = ", ".join(sorted(self._overlays)) or "none"
            return _refused(f"there is no overlay {name} any more (configured: {known})")
        try:
            return self._set_back(overlay, wanted, token)
        except (ports.Missing, ports.Rejected) as error:
            return _refused(str(error))

    def _set_back(self, overlay: Overlay, wanted: ImageReturn, token: str) -> RollbackResult:
        repository, place = Repository(overlay.source), f"{overlay.file} of {overlay.source}"
        mark = f"{TRAILER}: {token}"
        for _ in range(TRIES):
            tip = repository.read(overlay.file)
            if any(mark in message.splitlines() for message in tip.recent):
                return _done(f"{place} was set back already", already=True)
            text = set_back(tip.text, changes(wanted.judged, wanted.target), place)
            if text == tip.text:
                return _done(f"{place} has the target's images already", already=True)
            message = f"{wanted.message}\n\n{mark}\n"
            try:
                made = repository.write(overlay.file, text, message, onto=tip.sha, at=self._clock.now())
            except ports.Conflict:
                continue
            return _done(f"{place} was set back in commit {made[:12]}")
        raise ports.Unavailable(f"{overlay.source} moved on under each of {TRIES} commits")


def overlays_of(chosen: Iterable[OverlaySettings], clock: Clock) -> GitOverlays:
    """Those of the settings. Nothing is read before one is set back."""
    made = {
        one.name: Overlay(
            source=Source(
                url=one.url, branch=one.branch, username=one.username, password_file=one.password_file
            ),
            path=one.path,
        )
        for one in chosen
    }
    return GitOverlays(made, clock)


def _done(detail: str, *, already: bool = False) -> RollbackResult:
    return RollbackResult(outcome=EffectOutcome.DONE, detail=detail, already=already)


def _refused(detail: str) -> RollbackResult:
    return RollbackResult(outcome=EffectOutcome.REFUSED, detail=detail)
