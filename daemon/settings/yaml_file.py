"""A settings file as plain values, and the line on which each of them stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daemon.settings.positions import positioned
from daemon.settings.problems import Location, Problem, SettingsError

LARGEST = 4 * 1024 * 1024
"""Bytes. A file of 5,000 workloads has less than one megabyte; a larger one is not a settings file."""


@dataclass(frozen=True)
class SettingsFile:
    name: str
    values: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[Location, int] = field(default_factory=dict)

    def line(self, location: Location) -> int | None:
        """The line of a value, or of the nearest thing around it that stands in the file."""
        for length in range(len(location), 0, -1):
            if location[:length] in self.lines:
                return self.lines[location[:length]]
        return None

    def has(self, location: Location) -> bool:
        return location in self.lines


def read(path: Path) -> SettingsFile:
    """Raises SettingsError for a file that is missing, unreadable or not a YAML map. Empty is fine."""
    document = _document(path)
    if document is None:
        return SettingsFile(path.name)
    if not isinstance(document, Mapping):
        raise SettingsError(
            [_whole(path, "the file is not a map of settings", "begin with 'workloads:'", line=1)]
        )
    # A key with nothing (or only comments) below it: all its defaults.
    values = {str(key): _plain(value) for key, value in document.items() if value is not None}
    return SettingsFile(path.name, values, dict(_lines(document, ())))


def _document(path: Path) -> Any:
    # Here and not above: see positioned().
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    text = _text(path)
    try:
        return positioned().load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = " ".join(part for part in (error.context, error.problem) if part).splitlines()[0]
        line = mark.line + 1 if mark is not None else None
        problem = _whole(
            path, f"this is not YAML: {message}", "mind indentation, quotes and duplicates", line=line
        )
        raise SettingsError([problem]) from error
    except TypeError as error:
        # The parser's own: it puts every key into a map.
        problem = _whole(path, "a key is itself a map or a list", "write keys as plain text")
        raise SettingsError([problem]) from error
    except (YAMLError, ValueError) as error:
        problem = _whole(path, f"this is not YAML: {str(error).splitlines()[0]}", "write UTF-8 text")
        raise SettingsError([problem]) from error


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            message = f"the file is larger than {LARGEST} bytes"
            raise SettingsError([_whole(path, message, "name the settings file")])
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        problem = _whole(path, f"the file {path} does not exist", "give the settings file's path")
        raise SettingsError([problem]) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        problem = _whole(path, f"the file {path} cannot be read ({reason})", "make it a readable text file")
        raise SettingsError([problem]) from error


def _whole(path: Path, message: str, remedy: str, *, line: int | None = None) -> Problem:
    return Problem(source=path.name, line=line, field="", message=message, remedy=remedy)


def _plain(value: Any) -> Any:
    """The parser's own lists, maps and scalars as Python's."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return str(value)


def _lines(node: Any, location: Location) -> Iterator[tuple[Location, int]]:
    positions = getattr(node, "lc", None)
    if positions is None or positions.data is None:  # A scalar, or a node with a tag of its own.
        return
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield (*location, str(key)), positions.key(key)[0] + 1
            yield from _lines(value, (*location, str(key)))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield (*location, index), positions.item(index)[0] + 1
            yield from _lines(value, (*location, index))
