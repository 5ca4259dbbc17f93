"""Samples into a Prometheus by its remote-write protocol 1.0, with timestamps of our own choice.

The specification: https://prometheus.io/docs/specs/prw/remote_write_spec/. A request's body is the protobuf
message ``prometheus.WriteRequest`` (prompb/remote.proto and prompb/types.proto of Prometheus; field numbers
stand beside each field here), compressed in snappy's block format.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import requests

STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
"""The NaN by which Prometheus marks the end of a series (model/value/value.go)."""
CUSTOM = -53
HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}


@dataclass(frozen=True)
class Native:
    """A native histogram: bucket ``i`` counts what lies in (b^(i-1), b^i], with b = 2^(2^-schema).

    Of the schema :data:`CUSTOM` it is what lies between ``edges`` i - 1 and i, as in a classic histogram.
    """

    schema: int
    buckets: Mapping[int, int]
    edges: Sequence[float] = ()
    total: float = 0.0
    """The sum of all that was observed."""


@dataclass(frozen=True)
class Series:
    """Points are (Unix seconds, value), in the order of time, and all of one kind: a server takes the plain
    values of a series before its histograms."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float | Native]]


def push(url: str, series: Iterable[Series]) -> None:
    """Write the series. Raises AssertionError with the server's words where it takes not all of them."""
    body = snappy(write_request(series))
    answer = requests.post(f"{url}/api/v1/write", data=body, headers=HEADERS, timeout=10)
    assert answer.status_code in {200, 204}, f"{answer.status_code}: {answer.text[:500]}"


def snappy(data: bytes) -> bytes:
    """The block format without any compression: the length, then literals.

    A literal's tag 0b111101_00 says that its length less one follows in two bytes, little-endian
    (https://github.com/google/snappy/blob/main/format_description.txt).
    """
    pieces = [data[start : start + 0x10000] for start in range(0, len(data), 0x10000)]
    return _varint(len(data)) + b"".join(
        b"\xf4" + struct.pack("<H", len(piece) - 1) + piece for piece in pieces
    )


def write_request(series: Iterable[Series]) -> bytes:
    return b"".join(_nested(1, _time_series(one)) for one in series)  # timeseries = 1


def _time_series(series: Series) -> bytes:
    """labels = 1 (by name, as the specification asks), samples = 2, histograms = 4."""
    labels = [_nested(1, _text(1, name) + _text(2, value)) for name, value in sorted(series.labels.items())]
    points = [
        _nested(4, _histogram(value, at)) if isinstance(value, Native) else _nested(2, _sample(value, at))
        for at, value in series.points
    ]
    return b"".join(labels + points)


def _sample(value: float, at: float) -> bytes:
    """value = 1, timestamp = 2 (milliseconds)."""
    return _double(1, value) + _integer(2, round(at * 1000))


def _histogram(histogram: Native, at: float) -> bytes:
    """count_int = 1, sum = 3, schema = 4, zero_threshold = 5, zero_count_int = 6, positive_spans = 11,
    positive_deltas = 12, timestamp = 15, custom_values = 16.

    Each bucket gets a span of its own: offset = 1 (buckets skipped since the last span), length = 2.
    """
    filled, edges = sorted(histogram.buckets), histogram.edges
    gaps = filled[:1] + [right - left - 1 for left, right in pairwise(filled)]
    counts = [0] + [histogram.buckets[index] for index in filled]
    spans = [_nested(11, _integer(1, _zigzag(gap)) + _integer(2, 1)) for gap in gaps]
    deltas = b"".join(_varint(_zigzag(after - before)) for before, after in pairwise(counts))
    return (
        _integer(1, sum(counts))
        + _double(3, histogram.total)
        + _integer(4, _zigzag(histogram.schema))
        + _double(5, 0.0 if edges else 1e-9)
        + _integer(6, 0)
        + b"".join(spans)
        + (_nested(12, deltas) if deltas else b"")
        + _integer(15, round(at * 1000))
        + (_nested(16, struct.pack(f"<{len(edges)}d", *edges)) if edges else b"")
    )


# ------------------------------------------------------------ protobuf's wire format


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*made, number))


def _zigzag(number: int) -> int:
    """The form of ``sint32`` and ``sint64``."""
    return number << 1 if number >= 0 else -(number << 1) - 1


def _integer(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _double(field: int, number: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", number)


def _nested(field: int, message: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(message)) + message


def _text(field: int, text: str) -> bytes:
    return _nested(field, text.encode())
