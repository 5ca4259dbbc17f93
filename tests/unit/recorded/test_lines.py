"""What a line of a recording says, and how a wrong one is named."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.adapters.recording.lines import LONGEST, Defect, Told, read
from daemon.core.judge.record_entries import (
    DependencyChanged,
    RecordEntry,
    RolloutStarted,
    Sampled,
    ScrapeFailed,
)

SIGNALS = ("errors", "latency")
SAMPLE: dict[str, Any] = {
    "case": "a",
    "at": 1730000000.0,
    "signal": "errors",
    "pod": "p-1",
    "revision": "7c9f",
    "bad": 12,
    "total": 3400,
}


def told(*lines: bytes) -> list[Told | Defect]:
    return list(read(io.BytesIO(b"\n".join(lines)), SIGNALS))


def one(line: bytes | dict[str, Any]) -> Told | Defect:
    (only,) = told(line if isinstance(line, bytes) else json.dumps(line).encode())
    return only


def entry(line: dict[str, Any]) -> RecordEntry:
    found = one(line)
    assert isinstance(found, Told), found
    return found.entry


def fault(line: bytes | dict[str, Any]) -> Defect:
    found = one(line)
    assert isinstance(found, Defect), found
    return found


def test_a_sample() -> None:
    assert one(SAMPLE) == Told(
        1,
        "a",
        Sampled(at=1730000000.0, signal="errors", pod="p-1", revision="7c9f", bad=12.0, total=3400.0),
    )


def test_the_events() -> None:
    started = {"case": "a", "at": 5, "event": "rollout-started", "revision": "new"}
    assert entry(started) == RolloutStarted(at=5.0, revision="new")
    assert entry(started | {"baseline": "old"}) == RolloutStarted(at=5.0, revision="new", baseline="old")
    assert entry({"at": 5, "event": "scrape-failed"}) == ScrapeFailed(at=5.0)
    assert entry({"at": 5, "event": "scrape-failed", "signal": "latency"}) == ScrapeFailed(
        at=5.0, signal="latency"
    )
    assert entry({"at": 5, "event": "dependency", "name": "db", "healthy": False}) == DependencyChanged(
        at=5.0, name="db", healthy=False
    )


def test_what_may_be_left_out() -> None:
    absent = {key: value for key, value in SAMPLE.items() if key not in ("bad", "case")}

    assert one(absent) == one(absent | {"bad": None, "case": None, "event": None, "unclear": None})
    found = one(absent)
    assert isinstance(found, Told)
    assert found.case == ""
    assert isinstance(found.entry, Sampled)
    assert (found.entry.bad, found.entry.unclear) == (None, 0.0)
    assert entry(SAMPLE | {"unclear": 3}) != entry(SAMPLE)


def test_a_pods_birth_is_a_time_like_any_other() -> None:
    found = entry(SAMPLE | {"born": "2024-10-27T03:33:20Z"})
    assert isinstance(found, Sampled)
    assert found.born == SAMPLE["at"]
    assert entry(SAMPLE | {"born": None}) == entry(SAMPLE)


def test_more_keys_are_passed_over() -> None:
    assert one(SAMPLE | {"namespace": "x", "le": [1, {"a": None}]}) == one(SAMPLE)


@pytest.mark.parametrize(
    "text",
    ["2024-10-27T03:33:20Z", "2024-10-27T05:33:20+02:00", "2024-10-27T03:33:20.000000Z"],
)
def test_a_time_may_be_rfc_3339(text: str) -> None:
    assert one(SAMPLE | {"at": text}) == one(SAMPLE)


def test_blank_lines_and_a_byte_order_mark_are_no_faults_and_count_as_lines() -> None:
    line = json.dumps(SAMPLE).encode()

    found = told(b"\xef\xbb\xbf" + line, b"", b"  \r", line + b"\r", b"{", b"")

    assert [(type(each), each.line) for each in found] == [(Told, 1), (Told, 4), (Defect, 5)]
    assert told(b"\xef\xbb\xbf", b"") == []


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"total": None}, "total", "it is missing"),
        ({"total": "3400"}, "total", '"3400" is not a number'),
        ({"total": True}, "total", "true is not a number"),
        ({"total": -1}, "total", "-1 is negative"),
        ({"total": math.nan}, "total", "NaN is negative or not finite"),
        ({"bad": math.inf}, "bad", "Infinity is negative or not finite"),
        ({"bad": 10**400}, "bad", "negative or not finite"),
        ({"bad": [1]}, "bad", "[1] is not a number"),
        ({"unclear": -2.5}, "unclear", "-2.5 is negative"),
        ({"born": "yesterday"}, "born", '"yesterday" is no time'),
        ({"born": 1730000000000}, "born", "too late to be Unix seconds"),
        ({"pod": None}, "pod", "it is missing"),
        ({"pod": ""}, "pod", "it is empty"),
        ({"revision": 7}, "revision", "7 is not text"),
        ({"case": 7}, "case", "7 is not text"),
        ({"signal": None}, "signal", "it is missing: valid here: errors, latency"),
        ({"signal": "erors"}, "signal", 'no signal "erors": valid here: errors, latency'),
        ({"signal": ["errors"]}, "signal", "valid here: errors, latency"),
        ({"at": None}, "at", "it is missing"),
        ({"at": "yesterday"}, "at", '"yesterday" is no time: write Unix seconds, or RFC 3339'),
        ({"at": "1730000000"}, "at", "is no time"),
        ({"at": "2024-10-27T03:33:20"}, "at", "add Z or an offset"),
        ({"at": 1730000000000}, "at", "write seconds, not milliseconds"),
        ({"at": -1}, "at", "negative"),
        ({"event": "started"}, "event", "valid here: rollout-started, scrape-failed, dependency"),
        ({"event": 3}, "event", "3 is no event"),
        ({"event": "rollout-started", "revision": None}, "revision", "it is missing"),
        ({"event": "rollout-started", "baseline": 3}, "baseline", "3 is not text"),
        ({"event": "scrape-failed", "signal": "x"}, "signal", "valid here: errors, latency"),
        ({"event": "dependency", "name": "db"}, "healthy", "it is missing"),
        ({"event": "dependency", "name": "db", "healthy": "no"}, "healthy", '"no" is not true or false'),
        ({"event": "dependency", "healthy": True}, "name", "it is missing"),
    ],
)
def test_a_wrong_value_is_named_with_its_field_and_the_remedy(
    changed: dict[str, Any], field: str, says: str
) -> None:
    found = fault(SAMPLE | changed)

    assert found.field == field
    assert says in str(found)
    assert str(found).startswith(f"line 1: {field}: ")
    assert found.remedy


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{", "this is not JSON"),
        (b"[1, 2]", "[1, 2] is no JSON object"),
        (b"null", "null is no JSON object"),
        (b'{"case": "\xff"}', "the line is not UTF-8 text"),
        ('{"case": "ä"}'.encode("utf-16"), "the line is not UTF-8 text"),
        (b'{"case": "\\ud800"}', "the line is not UTF-8 text"),
        (b"[" * 50_000, "beyond any measure"),
        (b'{"case": ' * 7_000, "beyond any measure"),
        (b'{"at": ' + b"1" * 10_000 + b"}", "beyond any measure"),
    ],
)
def test_what_is_no_object_at_all_is_told_of_the_line(line: bytes, says: str) -> None:
    found = fault(line)

    assert found.field == ""
    assert says in str(found)


def test_an_enormous_line_is_passed_over_and_not_held() -> None:
    class Counted(io.BytesIO):
        largest = 0

        def readline(self, size: int | None = -1) -> bytes:
            found = super().readline(size)
            self.largest = max(self.largest, len(found))
            return found

    line = json.dumps(SAMPLE).encode()
    stream = Counted(line + b"\n" + b"x" * (10 * LONGEST) + b"\n" + line + b"\n" + b"y" * (2 * LONGEST))

    found = list(read(stream, SIGNALS))

    assert [(type(each), each.line) for each in found] == [
        (Told, 1),
        (Defect, 2),
        (Told, 3),
        (Defect, 4),
    ]
    assert stream.largest == LONGEST + 1


def test_a_line_of_just_the_longest_length_is_read() -> None:
    line = json.dumps(SAMPLE).encode()

    assert isinstance(one(line + b" " * (LONGEST - len(line))), Told)
    assert isinstance(one(line + b" " * (LONGEST - len(line) + 1)), Defect)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*SAMPLE, "born", "event", "unclear", "healthy", "name", "x"]), JSON))
def test_any_object_is_an_entry_with_finite_numbers_or_a_fault(changed: dict[str, Any]) -> None:
    found = one(SAMPLE | changed)

    if isinstance(found, Defect):
        assert found.field in {*SAMPLE, "born", "event", "unclear", "healthy", "name", ""}
        assert found.message
        assert found.remedy
    else:
        numbers = [getattr(found.entry, name, 0.0) for name in ("at", "bad", "total", "unclear")]
        assert all(number is None or 0 <= number < math.inf for number in numbers)


@given(st.lists(st.binary(max_size=80)))
def test_any_bytes_are_read_to_their_end(lines: list[bytes]) -> None:
    last = json.dumps(SAMPLE).encode()

    found = told(*(line.replace(b"\n", b"") for line in lines), last)

    assert found[-1] == Told(len(lines) + 1, "a", entry(SAMPLE))
    assert [each.line for each in found] == sorted({each.line for each in found})
