"""The log: one line an event on standard error, JSON for machines or text for people.

On the standard library's logging: structured lines need no more, and a library for them costs the daemon
several megabytes of resident memory.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

OWN = "rollbackd"


class Log:
    """A logger whose calls carry fields: ``log.info("watching", port=8080)``."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def info(self, event: str, **fields: object) -> None:
        self._write(logging.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        self._write(logging.WARNING, event, fields)

    def error(self, event: str, **fields: object) -> None:
        self._write(logging.ERROR, event, fields)

    def exception(self, event: str, **fields: object) -> None:
        """An error with the traceback of the exception that is being handled."""
        self._logger.error("%s", event, exc_info=True, extra={"fields": fields})

    def _write(self, level: int, event: str, fields: dict[str, object]) -> None:
        self._logger.log(level, "%s", event, extra={"fields": fields})


def get(part: str = "") -> Log:
    """The log of a part of the daemon, or of the whole."""
    return Log(f"{OWN}.{part}" if part else OWN)


def _fields(record: logging.LogRecord) -> dict[str, object]:
    own: dict[str, object] = getattr(record, "fields", {})
    return own if record.name.startswith(OWN) else {"logger": record.name, **own}


_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What a terminal obeys or is fooled by: control characters of both sets, line ends, changes of direction."""


def escaped(text: str) -> str:
    """The text on one line, with what is not to be shown as it is in the form ``\\u001b``."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        # Its own escapes are of the first set of controls alone; ours are JSON's as well.
        return escaped(json.dumps(line, default=str, ensure_ascii=False))


class _Console(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        fields = "".join(f"  {name}={escaped(str(value))}" for name, value in _fields(record).items())
        line = f"{time} {record.levelname.lower():<8}{escaped(record.getMessage())}{fields}"
        if not record.exc_info:
            return line
        # A message within it may pretend to be a line of the log; indented, it does not look like one.
        trace = (f"  {escaped(part)}" for part in self.formatException(record.exc_info).split("\n"))
        return "\n".join((line, *trace))


def configure(level: str, form: str) -> None:
    """Write our own events from ``level`` on and the libraries' from warning on to standard error.

    ``form`` is ``json`` or ``console``. Call once, before anything logs.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Console())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(OWN).setLevel(level.upper())
