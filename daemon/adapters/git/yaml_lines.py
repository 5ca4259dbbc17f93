"""Editing a value where it stands in YAML: quotes, comment and line end stay."""

from __future__ import annotations

import re

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from daemon.ports import Rejected
from daemon.settings.positions import positioned


def parsed(text: str, place: str) -> CommentedMap:
    """The one document of a file, which knows where its values stand. Raises Rejected."""
    try:
        document = positioned().load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        why = str(error).splitlines()[0]
        raise Rejected(f"{place} is not YAML: {why}") from error
    if not isinstance(document, CommentedMap):
        raise Rejected(f"{place} cannot be read: it is not a map")
    return document


def reread(text: str, place: str) -> CommentedMap:
    """What an edited text says. Raises Rejected where the edit broke it, as an alias or an anchor would."""
    try:
        return parsed(text, place)
    except Rejected as error:
        raise untouchable(place) from error


def position(holder: CommentedMap, key: str, place: str) -> tuple[int, int, int]:
    """The line of a key of a map, its own column and its value's.

    Raises Rejected where it stands elsewhere: it was merged in from another map (``<<``).
    """
    try:
        (line, column), (_, value) = holder.lc.key(key), holder.lc.value(key)
    except (KeyError, TypeError, AttributeError) as error:
        raise untouchable(place) from error
    return line, column, value


def untouchable(place: str) -> Rejected:
    return Rejected(f"{place} cannot be edited without touching more than its images: do it by hand")


def rewritten(value: str, written: str) -> str:
    """What begins at a value, to the end of its line, with another text for the value."""
    quote = value[0] if value[:1] in {'"', "'"} else ""
    if quote:
        rest = value[value.index(quote, 1) + 1 :]
    else:
        # What is in a tag or digest; an alias or an anchor is not, and is then seen not to be set.
        bare = re.match(r"[\w.:@/+-]*", value)
        rest = value[bare.end() if bare else 0 :]
    if not quote and not isinstance(YAML(typ="safe").load(written), str):
        quote = '"'
    return f"{quote}{written}{quote}{rest}"
