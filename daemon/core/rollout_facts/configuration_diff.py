"""What changed in a ConfigMap, key by key, in lines for people: which keys, and never what they hold.

A ConfigMap may hold a secret by mistake, one that looks like nothing, and more people read a chat than may
read the ConfigMap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from daemon.core.value import Value

MOST_KEYS = 10
"""Of one ConfigMap; there are other things to be said of a release."""
LONGEST_KEY = 80
"""Characters; the API server takes 253."""


class ConfigMapData(Value, frozen=True):
    """What a ConfigMap holds. ``binary`` values are in base64."""

    text: Mapping[str, str] = {}
    binary: Mapping[str, str] = {}


def configuration_diff(name: str, before: ConfigMapData, after: ConfigMapData) -> tuple[str, ...]:
    """From one content of the ConfigMap to another one; empty where they are the same.

    >>> old = ConfigMapData(text={"LOG": "info", "OLD": "1", "app.yaml": "a: 1\\nb: 2\\n"})
    >>> new = ConfigMapData(text={"LOG": "debug", "app.yaml": "a: 1\\nb: 3\\nc: 4\\n"}, binary={"ca": "AAAA"})
    >>> for line in configuration_diff("cart", old, new):
    ...     print(line)
    ConfigMap cart, key LOG: changed
    ConfigMap cart, key OLD: gone
    ConfigMap cart, key app.yaml: changed (lines gone: 1, lines new: 2)
    ConfigMap cart, key ca: new
    """
    changed = sorted((*_changed(before.text, after.text), *_changed(before.binary, after.binary)))
    lines = [f"ConfigMap {name}, key {key[:LONGEST_KEY]}: {what}" for key, what in changed]
    more = len(lines) - MOST_KEYS
    return (*lines[:MOST_KEYS], *([f"ConfigMap {name}: {more} more keys"] if more > 0 else []))


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old is None:
            yield key, "new"
        elif new is None:
            yield key, "gone"
        elif old != new:
            yield key, f"changed{_lines(old, new)}"


def _lines(before: str, after: str) -> str:
    """How many lines differ of a file; nothing of a single value."""
    # By how often each line is there: a comparison in order may cost the square of a file's length.
    old, new = (Counter(text.splitlines()) for text in (before, after))
    if max(old.total(), new.total()) < 2:
        return ""
    return f" (lines gone: {(old - new).total()}, lines new: {(new - old).total()})"
