"""Kinds of error lines in logs: what differs in nothing but numbers, identifiers and quoted text is one kind.

A line is an error by its own level: ERROR, FATAL or CRITICAL, as a field of a JSON object or as the first
level that stands in a plain line. Nothing is inferred from words such as "failed".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from daemon.core.masking import mask
from daemon.core.text import printable, truncated
from daemon.core.value import Value

MOST_KINDS = 20
"""Kinds that are listed, new ones first, then the most frequent."""
MOST_BEFORE = 50
"""Kinds of the time before that are remembered."""
LONGEST_LINE = 4000
"""Characters of a line that are looked at."""
LONGEST_SAMPLE = 300
LONGEST_KIND = 200

LEVEL_KEYS = ("level", "severity", "levelname", "log.level", "loglevel", "lvl", "@l")
MESSAGE_KEYS = ("message", "msg", "event", "@m", "error", "text")
ERRORS = frozenset({"ERROR", "ERR", "FATAL", "CRITICAL", "CRIT", "PANIC", "EMERGENCY", "ALERT", "SEVERE"})
OTHERS = "TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?"

_ESCAPES = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
_LEVEL = re.compile(
    rf"(?:\b(?:level|lvl|severity)=\"?(?P<field>[A-Za-z]{{1,10}})\b\"?"
    rf"|(?<![\w/.-])\[?(?P<word>ERROR|FATAL|CRITICAL|{OTHERS})(?=[\s\]:|,]|$)\]?"
    rf"|\[(?P<small>error|fatal|critical|crit|{OTHERS.lower()})\]"
    r"|^(?P<klog>[EFIW])\d{4} (?=\d\d:\d\d))"
)
_KLOG = {"E": "ERROR", "F": "FATAL", "I": "INFO", "W": "WARN"}
_BEGIN = 120
"""Characters in which a plain line has its level."""
_LOGFMT = re.compile(r"\bmsg=(\"(?:[^\"\\]|\\.)*\"|\S+)")
_VARYING = (
    re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE),
    re.compile(r"\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)|`[^`]*`"),
    re.compile(r"\b0x[0-9a-f]+\b|\b(?=[a-f]*\d)[0-9a-f]{6,}\b", re.IGNORECASE),
    re.compile(r"\d+(?:[.:,]\d+)*"),
    re.compile(r"#(?:[.:,#]*#)+"),
)


class ErrorKind(Value, frozen=True, omit_defaults=True):
    """``sample`` is one line of it, masked. ``new``: the proven revision did not have it before; ``None``
    where that is not known."""

    kind: str
    count: int
    sample: str
    new: bool | None = None


class LogReport(Value, frozen=True, omit_defaults=True):
    """What the logs of a revision's pods say: evidence for people, and no condition of a recovery.

    ``lines`` are all error lines, ``unlisted`` kinds found no room, ``problems`` say what was not read.
    """

    kinds: tuple[ErrorKind, ...] = ()
    lines: int = 0
    unlisted: int = 0
    pods: int = 0
    problems: tuple[str, ...] = ()


class KindsBefore(Value, frozen=True, omit_defaults=True):
    """The kinds that pods of these ReplicaSets logged before a rollout. ``complete``: all that there were."""

    replica_sets: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    complete: bool = True


def split(data: bytes) -> tuple[str, ...]:
    """A log's lines, each cut where it is too long. What is not UTF-8 is replaced."""
    lines = data.decode("utf-8", "replace").split("\n")
    return tuple(line.rstrip("\r")[:LONGEST_LINE] for line in lines if line.strip())


def error_kinds(lines: Iterable[str]) -> tuple[ErrorKind, ...]:
    """The kinds of error lines, the most frequent first; the sample is the newest line of each."""
    found: dict[str, ErrorKind] = {}
    for line in lines:
        text = _ESCAPES.sub("", line[:LONGEST_LINE]).strip()
        said = _error(text)
        if said is None:
            continue
        kind = line_kind(said)
        before = found.get(kind)
        sample = shown(text)
        found[kind] = ErrorKind(kind=kind, count=1 + (before.count if before else 0), sample=sample)
    return tuple(sorted(found.values(), key=lambda one: (-one.count, one.kind)))


def shown(line: str) -> str:
    """A line as it may be shown: on one line, without secrets and what a terminal would obey, and short."""
    text = " ".join(mask(_ESCAPES.sub("", line[:LONGEST_LINE])).split())
    return truncated(printable(text), LONGEST_SAMPLE)


def line_kind(message: str) -> str:
    """The message without what differs from line to line.

    >>> line_kind("heat exchanger 7 of plan 'A-12' took 5.3 s")
    'heat exchanger # of plan # took # s'
    """
    text = mask(message[:1000])
    for pattern in _VARYING:
        text = pattern.sub("#", text)
    text = printable(" ".join(text.split()))
    return text[:LONGEST_KIND].rstrip() or "(no message)"


def _error(line: str) -> str | None:
    """The message of an error line; ``None`` for any other."""
    if line.startswith("{"):
        try:
            fields = msgspec.json.decode(line.encode("utf-8", "replace"))
        except (msgspec.DecodeError, RecursionError):
            return _plain_error(line)
        return _json_error(fields, line) if isinstance(fields, dict) else None
    return _plain_error(line)


def _json_error(fields: Mapping[str, Any], line: str) -> str | None:
    nested = fields.get("log")
    level = next((fields[key] for key in LEVEL_KEYS if fields.get(key)), None)
    if level is None and isinstance(nested, Mapping):
        level = nested.get("level")
    if not (isinstance(level, str) and level.upper() in ERRORS):
        return None
    message = next((fields[key] for key in MESSAGE_KEYS if isinstance(fields.get(key), str)), None)
    return message if message is not None else line


def _plain_error(line: str) -> str | None:
    found = _LEVEL.search(line[:_BEGIN])
    if found is None:
        # A JSON line that was cut, or that is broken.
        found = re.search(r'"(?:level|severity|levelname)"\s{0,3}:\s{0,3}"(?P<field>[A-Za-z]{1,10})"', line)
        if found is None or found["field"].upper() not in ERRORS:
            return None
        return line
    groups = found.groupdict()
    level = groups["field"] or groups["word"] or groups["small"] or _KLOG[groups["klog"]]
    if level.upper() not in ERRORS:
        return None
    logfmt = _LOGFMT.search(line) if groups["field"] else None
    if logfmt is not None:
        return logfmt[1].strip('"')
    return line[found.end() :].strip(" \t:|-]") or line


def before_of(replica_sets: Iterable[str], kinds: Iterable[ErrorKind], *, complete: bool) -> KindsBefore:
    """``complete``: everything was read."""
    names = [one.kind for one in kinds]
    return KindsBefore(
        replica_sets=tuple(sorted(set(replica_sets))),
        kinds=tuple(names[:MOST_BEFORE]),
        complete=complete and len(names) <= MOST_BEFORE,
    )


def report(
    kinds: Iterable[ErrorKind],
    before: KindsBefore | None,
    revision: str,
    *,
    pods: int,
    problems: Iterable[str],
) -> LogReport:
    """``revision`` is the UID of the ReplicaSet that the logs are of."""
    marked = [replace(one, new=_new(one, before, revision)) for one in kinds]
    marked.sort(key=lambda one: (one.new is not True, one.new is False, -one.count, one.kind))
    return LogReport(
        kinds=tuple(marked[:MOST_KINDS]),
        lines=sum(one.count for one in marked),
        unlisted=max(0, len(marked) - MOST_KINDS),
        pods=pods,
        problems=tuple(dict.fromkeys(problems))[:3],
    )


def _new(one: ErrorKind, before: KindsBefore | None, revision: str) -> bool | None:
    if before is None or revision not in before.replica_sets:
        return None
    if one.kind in before.kinds:
        return False
    return True if before.complete else None


def sentences(found: LogReport) -> tuple[str, ...]:
    """The report in words, a line for each kind."""
    kinds = len(found.kinds) + found.unlisted
    head = f"logs of the last 10 minutes, {found.pods} pods read: "
    head += f"{found.lines} error lines of {kinds} kinds" if kinds else "no error line"
    marks = {True: "NEW", False: "as before", None: "not known whether new"}
    lines = [f"  {marks[one.new]}, {one.count} times: {one.sample}" for one in found.kinds]
    more = [f"  and {found.unlisted} kinds more"] if found.unlisted else []
    return (head, *lines, *more, *(f"  not read: {problem}" for problem in found.problems))
