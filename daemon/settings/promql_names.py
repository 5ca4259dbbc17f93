"""Names of metrics and labels in PromQL: as they are where old servers know them, quoted where they do not.

Since Prometheus 3 a name may be any UTF-8, such as OpenTelemetry's ``k8s.pod.name``; it stands in quotes
then, and a metric's inside the braces of its selector.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LABEL_LISTS = frozenset(("by", "without", "on", "ignoring", "group_left", "group_right"))
WORDS = LABEL_LISTS | {"and", "or", "unless", "atan2", "bool", "offset", "start", "end", "inf", "nan"}
"""Words of the language, in small letters: a metric of such a name has to be quoted."""
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_METRIC = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_NO_NAME = frozenset(("Cc", "Cs", "Zl", "Zp"))
"""Control characters, halves of surrogate pairs (which are no UTF-8), and line and paragraph separators."""
_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|[0-7]{3}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
_SHORT = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def is_name(text: str) -> bool:
    """Whether it can be a label's or a metric's name, and can be written down in one line."""
    return bool(text.strip()) and not any(unicodedata.category(char) in _NO_NAME for char in text)


def quoted(text: str) -> str:
    """A string literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def unquoted(literal: str) -> str:
    """What a string literal says."""
    inside = literal[1:-1]
    if literal.startswith("`"):
        return inside
    return _ESCAPE.sub(_meant, inside).encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def label(name: str) -> str:
    """A label's name, for lists such as that of ``by`` and for matchers."""
    return name if _LABEL.fullmatch(name) else quoted(name)


def labels(names: Iterable[str]) -> str:
    return ", ".join(label(name) for name in names)


def selector(metric: str, *matchers: str) -> str:
    """A vector selector. Empty matchers do not count; one that may end in a comment has to end its line."""
    inside = [matcher for matcher in matchers if matcher]
    if not _METRIC.fullmatch(metric) or metric.lower() in WORDS:
        return f"{{{','.join((quoted(metric), *inside))}}}"
    return f"{metric}{{{','.join(inside)}}}" if inside else metric


def _meant(found: re.Match[str]) -> str:
    what = found[1]
    if len(what) == 1:
        return _SHORT.get(what, what)
    if what[0] in "uU":
        code = int(what[1:], 16)
        # Half of a pair, or none: no server takes it, and NUL is no name either.
        return "\0" if 0xD800 <= code < 0xE000 or code > 0x10FFFF else chr(code)
    # These are bytes of UTF-8, of which several may make one character.
    byte = int(what[1:], 16) if what[0] == "x" else int(what, 8) % 256
    return chr(byte) if byte < 0x80 else chr(0xDC00 + byte)
