"""Recorded samples, one JSON object a line, as entries of cases; or what is wrong with a line.

A line is a scrape of one pod, or an event:

* ``{"case", "at", "signal", "pod", "revision", "bad", "total", "unclear", "born"}``: cumulative counters, as
  scraped, and when the pod was made;
* ``{"case", "at", "event": "rollout-started", "revision", "baseline"}``;
* ``{"case", "at", "event": "scrape-failed", "signal"}``;
* ``{"case", "at", "event": "dependency", "name", "healthy"}``.

``case``, ``unclear``, ``born``, ``baseline`` and the signal of a failed scrape may be left out, ``bad`` may
be null. Keys that are not named here are passed over.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple

import msgspec

from daemon.core.judge.record_entries import (
    DependencyChanged,
    RecordEntry,
    RolloutStarted,
    Sampled,
    ScrapeFailed,
)

LONGEST = 65_536
"""Bytes of a line. A sample has some 150; what is longer was not recorded for us."""
LATEST = 100_000_000_000.0
"""Seconds: the year 5138. A later time was written in milliseconds or finer."""
TIMES = "write Unix seconds, or RFC 3339 such as 2024-10-27T03:33:20Z"
SHOWN = 60
"""Characters of a wrong value that are repeated in a complaint."""


class Told(NamedTuple):
    line: int
    case: str
    entry: RecordEntry


class Defect(NamedTuple):
    """A line that is not used, and what would make it right. ``field`` is empty for the line as a whole."""

    line: int
    field: str
    message: str
    remedy: str

    def __str__(self) -> str:
        field = f"{self.field}: " if self.field else ""
        return f"line {self.line}: {field}{self.message}: {self.remedy}"


class _Wrong(Exception):
    def __init__(self, field: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.field, self.message, self.remedy = field, message, remedy


class _Line(msgspec.Struct, gc=False):
    """Any JSON object; each field is checked by hand, so that the complaint can name it."""

    at: Any = None
    case: Any = None
    event: Any = None
    signal: Any = None
    pod: Any = None
    revision: Any = None
    bad: Any = None
    total: Any = None
    unclear: Any = None
    born: Any = None
    baseline: Any = None
    name: Any = None
    healthy: Any = None


_decode = msgspec.json.Decoder(_Line).decode


def read(stream: BinaryIO, signals: Collection[str]) -> Iterator[Told | Defect]:
    """The stream's lines, blank ones skipped. ``signals`` are the names that a policy knows."""
    for number, raw in enumerate(_bounded(stream), start=1):
        try:
            if raw is None:
                raise _Wrong(
                    "", f"the line is longer than {LONGEST} bytes", "write one sample or event a line"
                )
            text = raw if number > 1 else raw.removeprefix(b"\xef\xbb\xbf")
            if text and not text.isspace():
                line = _parsed(text)
                yield Told(number, _case(line), _entry(line, signals))
        except _Wrong as wrong:
            yield Defect(number, wrong.field, wrong.message, wrong.remedy)


def _bounded(stream: BinaryIO) -> Iterator[bytes | None]:
    """Line by line; ``None`` for one that is too long, of which no more than ``LONGEST`` bytes are held."""
    while raw := stream.readline(LONGEST + 1):
        if len(raw) <= LONGEST:
            yield raw
            continue
        while raw and not raw.endswith(b"\n"):
            raw = stream.readline(LONGEST)
        yield None


def _parsed(raw: bytes) -> _Line:
    try:
        return _decode(raw)
    except (ValueError, RecursionError):
        return _parsed_leniently(raw)


def _parsed_leniently(raw: bytes) -> _Line:
    """For what strict JSON refuses: NaN and Infinity get through, so that their field can be named."""
    try:
        found = json.loads(raw.decode())
        json.dumps(found, ensure_ascii=False).encode()  # Half a surrogate pair could not be written again.
    except UnicodeError:
        raise _Wrong("", "the line is not UTF-8 text", "write the file in UTF-8") from None
    except json.JSONDecodeError as error:
        where = f"{error.msg} at column {error.colno}"
        raise _Wrong("", f"this is not JSON ({where})", "write one JSON object a line") from None
    except (ValueError, RecursionError):
        raise _Wrong(
            "", "this JSON has a value beyond any measure", "write one plain object a line"
        ) from None
    if not isinstance(found, dict):
        raise _Wrong("", f"{_shown(found)} is no JSON object", 'write {"at": …, "signal": …} or an event')
    return msgspec.convert(found, _Line)


def _case(line: _Line) -> str:
    return "" if line.case is None else _text("case", line.case)


def _entry(line: _Line, signals: Collection[str]) -> RecordEntry:
    if line.event is None:
        return _sampled(line, signals)
    kind = _EVENTS.get(line.event) if isinstance(line.event, str) else None
    if kind is None:
        names = ", ".join(_EVENTS)
        raise _Wrong("event", f"{_shown(line.event)} is no event", f"valid here: {names}; none for a sample")
    return kind(line, signals)


def _sampled(line: _Line, signals: Collection[str]) -> Sampled:
    return Sampled(
        at=_time("at", line.at),
        signal=_signal(line.signal, signals),
        pod=_name("pod", line.pod),
        revision=_name("revision", line.revision),
        total=_number("total", line.total),
        bad=None if line.bad is None else _number("bad", line.bad),
        unclear=0.0 if line.unclear is None else _number("unclear", line.unclear),
        born=None if line.born is None else _time("born", line.born),
    )


def _rollout_started(line: _Line, signals: Collection[str]) -> RolloutStarted:
    del signals
    baseline = "" if line.baseline is None else _text("baseline", line.baseline)
    return RolloutStarted(
        at=_time("at", line.at), revision=_name("revision", line.revision), baseline=baseline
    )


def _scrape_failed(line: _Line, signals: Collection[str]) -> ScrapeFailed:
    signal = "" if line.signal is None or line.signal == "" else _signal(line.signal, signals)
    return ScrapeFailed(at=_time("at", line.at), signal=signal)


def _dependency(line: _Line, signals: Collection[str]) -> DependencyChanged:
    del signals
    if not isinstance(line.healthy, bool):
        raise _Wrong("healthy", _not(line.healthy, "true or false"), "write true or false, without quotes")
    return DependencyChanged(at=_time("at", line.at), name=_name("name", line.name), healthy=line.healthy)


_EVENTS: dict[str, Callable[[_Line, Collection[str]], RecordEntry]] = {
    "rollout-started": _rollout_started,
    "scrape-failed": _scrape_failed,
    "dependency": _dependency,
}


def _time(field: str, value: Any) -> float:
    """Unix seconds, from a number or from RFC 3339 with its offset."""
    at = _moment(field, value) if isinstance(value, str) else _number(field, value)
    if at > LATEST:
        raise _Wrong(
            field, f"{_shown(value)} is too late to be Unix seconds", "write seconds, not milliseconds"
        )
    return at


def _moment(field: str, text: str) -> float:
    try:
        moment = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        raise _Wrong(field, f"{_shown(text)} is no time", TIMES) from None
    if moment.tzinfo is None:
        raise _Wrong(field, f"{_shown(text)} does not say of which time zone it is", "add Z or an offset")
    return _number(field, moment.timestamp())


def _signal(value: Any, signals: Collection[str]) -> str:
    if isinstance(value, str) and value in signals:
        return value
    message = "it is missing" if value is None else f"the policy has no signal {_shown(value)}"
    valid = ", ".join(signals) or "none, for the policy has no signals"
    raise _Wrong("signal", message, f"valid here: {valid}")


def _text(field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _Wrong(field, _not(value, "text"), "write it in quotes")
    return value


def _name(field: str, value: Any) -> str:
    if not (text := _text(field, value)):
        raise _Wrong(field, "it is empty", "give its name")
    return text


def _number(field: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        remedy = TIMES if field in ("at", "born") else "write the counter as scraped, a number without quotes"
        raise _Wrong(field, _not(value, "a number"), remedy)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not 0 <= number < math.inf:
        raise _Wrong(field, f"{_shown(value)} is negative or not finite", "leave the line out, or correct it")
    return number


def _not(value: Any, kind: str) -> str:
    return "it is missing" if value is None else f"{_shown(value)} is not {kind}"


def _shown(value: Any) -> str:
    """A wrong value as it was written, cut short."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = "a value beyond any measure"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
