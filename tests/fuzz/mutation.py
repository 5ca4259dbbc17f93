"""Inputs near those of a corpus: a value of the JSON exchanged, or bytes cut, doubled, put together anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

NASTY: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1e308, -0.0, 2**31, 2**63, 2**64, int("9" * 60)),
    *("", " ", "\x00", "\x1b[2J\x1b]0;x\x07", "a\nb\r\nc", "\u202eetaler", "<img src=x onerror=alert(1)>"),
    *("NaN", "Inf", "-Inf", "1e999", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
    *("{{ x }}", "%s%n", "../../etc/passwd", "é" * 300, "x" * 2_000, [], {}, [[]], {"": {}}),
)
TOKENS = (
    b"\x00",
    b"\xff",
    b"\xc3\x28",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b'"',
    b"\\u0000",
    b"\\ud800",
    b"[[[[{",
)


class Mutator:
    """Endless; the same seed and corpus give the same inputs."""

    def __init__(self, random: Random, corpus: Sequence[bytes]) -> None:
        self._random = random
        self._corpus = corpus
        self._documents = [found for found in map(_parsed, corpus) if found is not None]

    def next(self) -> bytes:
        if self._documents and self._random.random() < 0.7:
            document = self._random.choice(self._documents)
            for _ in range(self._random.randint(1, 3)):
                document = self._changed(document)
            return json.dumps(document).encode()
        return self._cut(self._random.choice(self._corpus))

    def _changed(self, value: Any) -> Any:
        """The value with one place in it changed; the deeper a place, the likelier it is."""
        random = self._random
        if isinstance(value, dict) and value and random.random() < 0.9:
            key = random.choice(list(value))
            return self._in_map(value, key)
        if isinstance(value, list) and value and random.random() < 0.9:
            at = random.randrange(len(value))
            return [*value[:at], *self._in_list(value[at]), *value[at + 1 :]]
        return self._other(value)

    def _in_map(self, value: dict[str, Any], key: str) -> dict[str, Any]:
        match self._random.randrange(12):
            case 0:
                return {name: held for name, held in value.items() if name != key}
            case 1:
                return {**value, str(self._random.choice(NASTY)): value[key]}
            case _:
                return {**value, key: self._changed(value[key])}

    def _in_list(self, item: Any) -> list[Any]:
        match self._random.randrange(12):
            case 0:
                return []
            case 1:
                return [item] * self._random.choice((2, 3, 50))
            case _:
                return [self._changed(item)]

    def _other(self, value: Any) -> Any:
        random = self._random
        if isinstance(value, str) and value and random.random() < 0.4:
            at = random.randrange(len(value))
            return value[:at] + str(random.choice(NASTY)) + value[at + random.randrange(3) :]
        if isinstance(value, int | float) and random.random() < 0.4:
            return random.choice((-value, value + 1, value * 1e9, str(value)))
        return random.choice(NASTY)

    def _cut(self, body: bytes) -> bytes:
        random = self._random
        for _ in range(random.randint(1, 4)):
            at, to = sorted((random.randint(0, len(body)), random.randint(0, len(body))))
            match random.randrange(4):
                case 0:
                    body = body[:at] + random.choice(TOKENS) + body[at:]
                case 1:
                    body = body[:at] + body[to:]
                case 2:
                    body = body[:to] + body[at : at + 2_000] + body[to:]
                case _:
                    body = body[:at] + bytes([random.randrange(256)]) + body[at + 1 :]
        return body


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
