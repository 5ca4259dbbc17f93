"""What a release changed in its pod template, in lines for people: what matters most first, and not too many.

Values that look like secrets are masked, as they are in logs; that they differ is said nevertheless.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from daemon.core.masking import MASK, mask
from daemon.core.text import truncated
from daemon.core.value import Value

MOST_LINES = 30
DEEPEST = 20
"""Names of a path; no template of Kubernetes has as many."""
LONGEST_VALUE, LONGEST_PATH, LONGEST_LINE = 80, 160, 400
"""Characters."""
_FIRST = (
    "image",
    "env",
    "envFrom",
    "command",
    "args",
    "resources",
    "readinessProbe",
    "livenessProbe",
    "startupProbe",
)
"""The parts of a container that people ask for first, in this order; then the pod's, then its metadata."""
_LISTS: Mapping[str, tuple[str, str]] = {
    "containers": ("container", "name"),
    "initContainers": ("init container", "name"),
    "env": ("env", "name"),
    "volumes": ("volume", "name"),
    "volumeMounts": ("mount", "mountPath"),
    "ports": ("port", "containerPort"),
    "imagePullSecrets": ("image pull secret", "name"),
}
"""How an entry of a list is called, and by what it is known: its place in the list means nothing."""
_SILENT = frozenset({"pod-template-hash"})
Path = tuple[str, ...]


class TemplateDiff(Value, frozen=True, omit_defaults=True):
    """What changed since the revision of this number. ``left_out``: further lines there were no room for."""

    since: int
    lines: tuple[str, ...] = ()
    left_out: int = 0

    def __iter__(self) -> Iterator[str]:
        """The lines, and that there are more."""
        yield from self.lines or ("nothing in the pod template",)
        if self.left_out:
            yield f"and {self.left_out} more"

    def and_also(self, more: Iterable[str], *, first: bool = False) -> TemplateDiff:
        """With lines of what changed beside the template, as far as there is room; ``first``: before it."""
        new = tuple(truncated(line, LONGEST_LINE) for line in more)
        lines = (*new, *self.lines) if first else (*self.lines, *new)
        left_out = self.left_out + max(0, len(lines) - MOST_LINES)
        return replace(self, lines=lines[:MOST_LINES], left_out=left_out)


def template_diff(since: int, before: Mapping[str, Any], after: Mapping[str, Any]) -> TemplateDiff:
    """From a raw pod template to another one.

    >>> old = {"spec": {"containers": [{"name": "app", "image": "cart:1", "env": [
    ...     {"name": "LOG", "value": "info"}, {"name": "DB_PASSWORD", "value": "one"}]}]}}
    >>> new = {"spec": {"containers": [{"name": "app", "image": "cart:2", "env": [
    ...     {"name": "DB_PASSWORD", "value": "two"}]}]}}
    >>> list(template_diff(7, old, new))  # doctest: +NORMALIZE_WHITESPACE
    ['container app, image: cart:1 → cart:2',
     'container app, env DB_PASSWORD: changed, and not shown',
     'container app, env LOG: info → not set']
    """
    old, new = dict(_flat(before)), dict(_flat(after))
    changed = sorted((path for path in old.keys() | new.keys() if old.get(path) != new.get(path)), key=_rank)
    lines = tuple(_line(path, old.get(path), new.get(path)) for path in changed[:MOST_LINES])
    return TemplateDiff(since=since, lines=lines, left_out=max(0, len(changed) - MOST_LINES))


def _flat(node: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Each single value under its path; lists of texts, such as a command's, are one value."""
    match node:
        case _ if len(path) > DEEPEST:
            return
        case Mapping():
            for key, value in node.items():
                if key not in _SILENT:
                    yield from _flat_entry(str(key), value, path)
        case str() | bool() | int() | float():
            yield path, str(node).lower() if isinstance(node, bool) else str(node)
        case Sequence() if all(isinstance(each, str | int | float) for each in node):
            if node:
                yield path, " ".join(map(str, node))
        case Sequence():
            for index, each in enumerate(node):
                yield from _flat(each, (*path, str(index + 1)))
        case _:
            return


def _flat_entry(key: str, value: object, path: Path) -> Iterator[tuple[Path, str]]:
    named = _LISTS.get(key)
    if named is None or not isinstance(value, Sequence) or isinstance(value, str):
        yield from _flat(value, (*path, key))
        return
    word, by = named
    for index, entry in enumerate(value):
        if not isinstance(entry, Mapping):
            continue
        place = (*path, f"{word} {entry.get(by, index + 1)}")
        rest = {name: part for name, part in entry.items() if name != by}
        if rest.keys() == {"value"}:
            yield place, str(rest["value"])
        else:
            # What says nothing but that it is there, such as an emptyDir, is something all the same.
            yield from list(_flat(rest, place)) or [(place, "there")]


def _rank(path: Path) -> tuple[int, Path]:
    kinds = [part.partition(" ")[0] for part in path]
    first = next((_FIRST.index(kind) for kind in kinds if kind in _FIRST), None)
    if first is not None:
        return first, path
    return (len(_FIRST) if kinds[:1] == ["spec"] else len(_FIRST) + 1), path


def _line(path: Path, before: str | None, after: str | None) -> str:
    shown = [part for part in path if part != "spec"]
    where = truncated(", ".join(_joined(shown)), LONGEST_PATH)
    # By the name of what it is a value of: that is how a secret is told.
    name = path[-1].rpartition(" ")[2] if path else ""
    old, new = (_shown(name, value) for value in (before, after))
    hidden = old == new or MASK in (old, new)
    if hidden and before is not None and after is not None:
        return f"{where}: changed, and not shown"
    return f"{where}: {old} → {new}"


def _joined(parts: Sequence[str]) -> Iterator[str]:
    """``resources``, ``limits``, ``memory`` as one; what has a name of its own stands apart."""
    run: list[str] = []
    for part in parts:
        if " " in part:
            if run:
                yield ".".join(run)
            run = []
            yield part
        else:
            run.append(part)
    if run:
        yield ".".join(run)


def _shown(name: str, value: str | None) -> str:
    if value is None:
        return "not set"
    # Joined as it would stand in a log, where the name tells that the value is one.
    masked = mask(f"{name}={value}").removeprefix(f"{name}=")
    return truncated(" ".join(masked.split()), LONGEST_VALUE) if masked else "empty"
