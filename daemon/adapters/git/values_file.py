"""The images of a values file, set back at the keys that the settings name.

It may be Helm's values.yaml, or the manifest of a HelmRelease. As with a kustomization, nothing but those
values is written anew, and the result is proven.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping

from ruamel.yaml.comments import CommentedMap

from daemon.adapters.git.kustomization import ImagePairs
from daemon.adapters.git.yaml_lines import parsed, position, reread, rewritten, untouchable
from daemon.core.case.images import ImageReference
from daemon.core.value import Value
from daemon.ports import Rejected


class ImageKeys(Value, frozen=True):
    """Where a values file has the tag and the digest of a repository's image; empty where it has none."""

    repository: str
    tag: str = ""
    digest: str = ""


def set_values_back(
    text: str,
    wanted: ImagePairs,
    keys: Mapping[str, ImageKeys],
    place: str,
) -> str:
    """The file with its images at the target's versions; the same text where it has them already.

    Raises Rejected for one that makes no sense, for an image that the settings name no key of, and for keys
    with neither the judged version nor the target's: somebody wrote it since.
    """
    try:
        return _set_back(text, wanted, keys, place)
    except RecursionError as error:
        raise untouchable(place) from error


def _set_back(
    text: str,
    wanted: ImagePairs,
    keys: Mapping[str, ImageKeys],
    place: str,
) -> str:
    document = parsed(text, place)
    edits: list[tuple[int, int, str]] = []
    intended = copy.deepcopy(document)
    for before, after in wanted:
        for path, here, there in _pins(before, after, keys, place):
            holder, key = _holder(document, path, place)
            found = "" if holder[key] is None else " ".join(str(holder[key]).split())
            if found == there:
                continue
            if found != here:
                raise Rejected(
                    f"{place} has {found or 'nothing'} at {path}, which is neither {here} nor {there}: "
                    "somebody wrote it since, and it is not overwritten"
                )
            position(holder, key, place)
            edits.append((*holder.lc.value(key), there))
            _holder(intended, path, place)[0][key] = there
    lines = text.splitlines(keepends=True)
    # From the end: several may stand in one line.
    for line, column, there in sorted(edits, reverse=True):
        lines[line] = lines[line][:column] + rewritten(lines[line][column:], there)
    after_text = "".join(lines)
    if reread(after_text, place) != intended:
        raise untouchable(place)
    return after_text


def _pins(
    before: ImageReference, after: ImageReference, keys: Mapping[str, ImageKeys], place: str
) -> list[tuple[str, str, str]]:
    """The keys that pin an image, each with what the judged revision and what the target has there."""
    own = keys.get(before.repository)
    if own is None:
        raise Rejected(
            f"nothing says where {place} has {before.repository}: name its keys in overlays[].values"
        )
    pins = [
        (path, here, there)
        for path, here, there in (
            (own.tag, before.tag, after.tag),
            (own.digest, before.digest, after.digest),
        )
        if path and (here or there)
    ]
    # With a tag alone on one side, and a digest on the other, nobody can tell what the chart makes of both.
    lost = (after.digest and not own.digest) or (before.digest and not own.digest)
    if not pins or lost or any(not here or not there for _, here, there in pins):
        raise Rejected(
            f"{place} cannot say {after} where it says {before}, for one is pinned by its digest and the "
            "other is not, or no key is named for it: do it by hand"
        )
    return pins


def _holder(document: CommentedMap, path: str, place: str) -> tuple[CommentedMap, str]:
    """The map that a dotted path ends in, and the last key."""
    *way, key = path.split(".")
    found: object = document
    for part in way:
        found = found.get(part) if isinstance(found, CommentedMap) else None
    if not isinstance(found, CommentedMap) or key not in found:
        raise Rejected(f"{place} has nothing at {path}: pin the image there, or correct overlays[].values")
    return found, key
