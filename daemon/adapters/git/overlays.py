"""Setting an overlay's images back: found done by its trailer, and nobody's newer word is written over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from daemon import ports
from daemon.adapters.git.kustomization import changes, set_back
from daemon.adapters.git.repository import Repository, Source, Tip
from daemon.adapters.git.review_services import Proposal
from daemon.adapters.git.reviews import Reviews
from daemon.adapters.git.values_file import ImageKeys, set_values_back
from daemon.core.case.effect import EffectOutcome
from daemon.core.value import Value
from daemon.ports import Clock, ImageReturn, Review, RollbackResult
from daemon.settings.overlays import OverlaySettings

TRAILER = "Rollbackd-Step"
TRIES = 3
"""How often a commit is made anew where others push at the same time."""


class Overlay(Value, frozen=True):
    """``path`` is the folder of a kustomization, or of the values file, within the repository."""

    source: Source
    path: str
    values: str = ""
    """The values file that has the images, instead of a kustomization."""
    keys: Mapping[str, ImageKeys] = {}
    """Repository → where its image stands in the values file."""
    reviews: Reviews | None = None
    """Where people merge what is committed; ``None``: the commit goes to the owner's branch itself."""
    waits: bool = True
    """Whether nothing further is done until they have."""

    @property
    def file(self) -> str:
        return "/".join(part for part in (self.path.strip("/"), self.values or "kustomization.yaml") if part)

    def back(self, text: str, wanted: ImageReturn) -> str:
        """The file's text with the target's images. Raises Rejected."""
        changed, place = changes(wanted.judged, wanted.target), f"{self.file} of {self.source}"
        if self.values:
            return set_values_back(text, changed, self.keys, place)
        return set_back(text, changed, place)


class GitOverlays:
    """Implements :class:`daemon.ports.Overlays`."""

    def __init__(self, overlays: Mapping[str, Overlay], clock: Clock) -> None:
        self._overlays = overlays
        self._clock = clock

    def set_back(self, name: str, wanted: ImageReturn, token: str) -> RollbackResult | Review:
        overlay = self._overlays.get(name)
        if overlay is None:
            known = ", ".join(sorted(self._overlays)) or "none"
            return _refused(f"there is no overlay {name} any more (configured: {known})")
        try:
            return self._set_back(overlay, wanted, token)
        except (ports.Missing, ports.Rejected) as error:
            return _refused(str(error))

    def _set_back(self, overlay: Overlay, wanted: ImageReturn, token: str) -> RollbackResult | Review:
        repository, place = Repository(overlay.source), f"{overlay.file} of {overlay.source}"
        mark = f"{TRAILER}: {token}"
        for _ in range(TRIES):
            tip = repository.read(overlay.file)
            if any(mark in message.splitlines() for message in tip.recent):
                return _done(f"{place} was set back already", already=True)
            text = overlay.back(tip.text, wanted)
            if text == tip.text:
                return _done(f"{place} has the target's images already", already=True)
            message = f"{wanted.message}\n\n{mark}\n"
            try:
                if overlay.reviews is not None:
                    return self._reviewed(overlay, overlay.reviews, tip, text, wanted, mark)
                made = repository.write(overlay.file, text, message, onto=tip.sha, at=self._clock.now())
            except ports.Conflict:
                continue
            return _done(f"{place} was set back in commit {made[:12]}")
        raise ports.Unavailable(f"{overlay.source} moved on under each of {TRIES} commits")

    def _reviewed(
        self, overlay: Overlay, reviews: Reviews, tip: Tip, text: str, wanted: ImageReturn, mark: str
    ) -> RollbackResult | Review:
        """Have people merge it: the branch is pushed once, and the request opened once."""
        title, _, body = wanted.message.partition("\n\n")
        head, base = wanted.branch, overlay.source.branch
        found = reviews.find(head, base)
        if found is None:
            self._branch(overlay, tip, text, wanted, mark)
            found = reviews.propose(Proposal(head=head, base=base, title=title, body=f"{body}\n\n{mark}"))
        match found.state:
            case "open" if overlay.waits:
                return Review(url=found.url)
            case "open":
                detail = f"{found.url} was opened, and sets {overlay.file} back when people merge it"
                return RollbackResult(outcome=EffectOutcome.DONE, detail=detail, review=found.url)
            case "merged":
                return _done(f"{found.url} was merged", already=True)
            case "closed":
                return _refused(f"{found.url} was closed without a merge", review="")
        assert_never(found.state)

    def _branch(self, overlay: Overlay, tip: Tip, text: str, wanted: ImageReturn, mark: str) -> None:
        """Raises Conflict as a commit does, Rejected where there is such a branch of somebody else's."""
        source = overlay.source.on(wanted.branch)
        try:
            there = Repository(source).read(overlay.file)
        except ports.Missing:
            message = f"{wanted.message}\n\n{mark}\n"
            Repository(overlay.source).write(
                overlay.file, text, message, onto=tip.sha, at=self._clock.now(), branch=wanted.branch
            )
            return
        of_the_case = mark.rpartition("/")[0] + "/"
        if not any(line.startswith(of_the_case) for message in there.recent for line in message.splitlines()):
            raise ports.Rejected(f"{source} is not the daemon's commit for this case: delete that branch")


def overlays_of(chosen: Iterable[OverlaySettings], clock: Clock) -> GitOverlays:
    """Those of the settings. Nothing is read before one is set back."""
    made = {
        one.name: Overlay(
            source=Source(
                url=one.url, branch=one.branch, username=one.username, password_file=one.password_file
            ),
            path=one.path,
            values=one.values.file if one.values is not None else "",
            keys=_keys(one),
            reviews=_reviews(one),
            waits=one.review is None or one.review.before_merge == "wait",
        )
        for one in chosen
    }
    return GitOverlays(made, clock)


def _keys(overlay: OverlaySettings) -> dict[str, ImageKeys]:
    images = overlay.values.images if overlay.values is not None else ()
    return {
        image.repository: ImageKeys(repository=image.repository, tag=image.tag, digest=image.digest)
        for image in images
    }


def _reviews(overlay: OverlaySettings) -> Reviews | None:
    review = overlay.review
    token_file = (review.token_file if review is not None else None) or overlay.password_file
    if review is None or token_file is None:
        return None
    return Reviews(
        name=review.service,
        api=review.api_of(overlay.url),
        project=review.project_of(overlay.url),
        token_file=token_file,
    )


def _done(detail: str, *, already: bool = False) -> RollbackResult:
    return RollbackResult(outcome=EffectOutcome.DONE, detail=detail, already=already, review="")


def _refused(detail: str, *, review: str | None = None) -> RollbackResult:
    return RollbackResult(outcome=EffectOutcome.REFUSED, detail=detail, review=review)
