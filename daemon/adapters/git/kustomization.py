"""The images of a kustomization, set back in its text: what is not touched stays as it is, to the byte.

The text is parsed for where each value stands, and only those lines are written anew. The result is parsed
again, and must say what was intended and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml.comments import CommentedMap

from daemon.adapters.git.yaml_lines import parsed, position, reread, rewritten, untouchable
from daemon.core.value import Value
from daemon.ports import Rejected


class Version(Value, frozen=True):
    """An image in its parts; where it has a digest as well, its tag is for people."""

    repository: str
    tag: str = ""
    digest: str = ""

    @staticmethod
    def of(image: str) -> Version:
        name, _, digest = image.partition("@")
        head, slash, tail = name.rpartition("/")
        bare, _, tag = tail.partition(":")
        return Version(repository=f"{head}{slash}{bare}", tag=tag, digest=digest)

    @property
    def pin(self) -> tuple[str, str]:
        """The field that kustomize has for it, and its value."""
        return ("digest", self.digest) if self.digest else ("newTag", self.tag or "latest")

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}" if self.digest else f"{self.repository}:{self.tag}"


def changes(judged: Sequence[str], target: Sequence[str]) -> tuple[tuple[Version, Version], ...]:
    """The images that differ, each with what it was. Raises Rejected where they cannot be paired."""
    if len(judged) != len(target):
        raise Rejected("the target has other containers than the judged revision, so images cannot be paired")
    pairs = [
        (Version.of(before), Version.of(after))
        for before, after in zip(judged, target, strict=True)
        if before != after
    ]
    for before, after in pairs:
        if before.repository != after.repository:
            raise Rejected(
                f"{before.repository} became {after.repository}: another image, and no other version"
            )
    return tuple(dict.fromkeys(pairs))


def set_back(text: str, wanted: Sequence[tuple[Version, Version]], place: str) -> str:
    """The kustomization with its images at the target's versions; the same text where it has them already.

    ``place`` names it in messages. Raises Rejected for one that makes no sense, that has no such image, or
    that has neither the judged version nor the target's: somebody wrote it since.
    """
    document = parsed(text, place)
    lines = text.splitlines(keepends=True)
    for before, after in wanted:
        entry = _entry(document, before.repository, place)
        field = "digest" if entry.get("digest") else "newTag"
        if field not in entry:
            raise Rejected(f"{place} gives {before.repository} no newTag and no digest: pin it there")
        here = (field, str(entry[field]))
        if here == after.pin:
            continue
        if here != before.pin:
            raise Rejected(
                f"{place} has {before.repository} at {here[1]}, which is neither {before.pin[1]} nor "
                f"{after.pin[1]}: somebody wrote it since, and it is not overwritten"
            )
        line, key, column = position(entry, field, place)
        lines[line] = _written(lines[line], key, column, after.pin)
    after_text = "".join(lines)
    _prove(document, reread(after_text, place), wanted, place)
    return after_text


def _written(line: str, key: int, column: int, pin: tuple[str, str]) -> str:
    """The line with another key and value; quotes, comment and line end stay."""
    name, written = pin
    old = line[key:column]
    return f"{line[:key]}{name}{old[old.index(':') :]}{rewritten(line[column:], written)}"


def _entry(document: CommentedMap, repository: str, place: str) -> CommentedMap:
    """The one entry of ``images`` that makes this repository."""
    images = document.get("images") or []
    found = [
        entry
        for entry in images
        if isinstance(entry, CommentedMap) and str(entry.get("newName") or entry.get("name")) == repository
    ]
    if len(found) != 1:
        count = "no entry" if not found else f"{len(found)} entries"
        raise Rejected(f"{place} has {count} for {repository} under images: one is needed")
    return found[0]


def _prove(
    before: CommentedMap, after: CommentedMap, wanted: Sequence[tuple[Version, Version]], place: str
) -> None:
    """Raises Rejected unless the texts differ in the intended pins alone."""
    for _, version in wanted:
        entry = _entry(after, version.repository, place)
        name, value = version.pin
        other = "digest" if name == "newTag" else "newTag"
        if str(entry.get(name)) != value or entry.get(other):
            raise Rejected(f"{place} cannot be set back to {version} line by line: do it by hand")
    if _without_pins(before, wanted) != _without_pins(after, wanted):
        raise untouchable(place)


def _without_pins(document: Mapping[str, Any], wanted: Sequence[tuple[Version, Version]]) -> Any:
    repositories = {version.repository for _, version in wanted}
    images = [
        {k: v for k, v in entry.items() if k not in {"newTag", "digest"}}
        if str(entry.get("newName") or entry.get("name")) in repositories
        else dict(entry)
        for entry in document.get("images") or ()
    ]
    return {**document, "images": images}
