"""The images of a kustomization, set back in its text: what is not touched stays as it is, to the byte.

The text is parsed for where each value stands, and only those lines are written anew. The result is parsed
again, and must say what was intended and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml.comments import CommentedMap

from daemon.adapters.git.yaml_lines import parsed, position, reread, rewritten, untouchable
from daemon.core.case.images import ImageReference
from daemon.ports import Rejected

ImagePairs = Sequence[tuple[ImageReference, ImageReference]]
"""Images that differ, each as it was and as it is to be."""


def changes(judged: Sequence[str], target: Sequence[str]) -> ImagePairs:
    """The images that differ, each with what it was. Raises Rejected where they cannot be paired."""
    if len(judged) != len(target):
        raise Rejected("the target has other containers than the judged revision, so images cannot be paired")
    pairs = [
        (ImageReference.of(before), ImageReference.of(after))
        for before, after in zip(judged, target, strict=True)
        if before != after
    ]
    for before, after in pairs:
        if before.repository != after.repository:
            raise Rejected(
                f"{before.repository} became {after.repository}: another image, and no other version"
            )
    return tuple(dict.fromkeys(pairs))


def set_back(text: str, wanted: ImagePairs, place: str) -> str:
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
        if here == _pin(after):
            continue
        if here != _pin(before):
            raise Rejected(
                f"{place} has {before.repository} at {here[1]}, which is neither {_pin(before)[1]} nor "
                f"{_pin(after)[1]}: somebody wrote it since, and it is not overwritten"
            )
        line, key, column = position(entry, field, place)
        lines[line] = _written(lines[line], key, column, _pin(after))
    after_text = "".join(lines)
    _prove(document, reread(after_text, place), wanted, place)
    return after_text


def _pin(image: ImageReference) -> tuple[str, str]:
    """The field that kustomize has for it, and its value."""
    return ("digest", image.digest) if image.digest else ("newTag", image.tag or "latest")


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
    before: CommentedMap,
    after: CommentedMap,
    wanted: ImagePairs,
    place: str,
) -> None:
    """Raises Rejected unless the texts differ in the intended pins alone."""
    for _, version in wanted:
        entry = _entry(after, version.repository, place)
        name, value = _pin(version)
        other = "digest" if name == "newTag" else "newTag"
        if str(entry.get(name)) != value or entry.get(other):
            raise Rejected(f"{place} cannot be set back to {version} line by line: do it by hand")
    if _without_pins(before, wanted) != _without_pins(after, wanted):
        raise untouchable(place)


def _without_pins(document: Mapping[str, Any], wanted: ImagePairs) -> Any:
    repositories = {version.repository for _, version in wanted}
    images = [
        {k: v for k, v in entry.items() if k not in {"newTag", "digest"}}
        if str(entry.get("newName") or entry.get("name")) in repositories
        else dict(entry)
        for entry in document.get("images") or ()
    ]
    return {**document, "images": images}
