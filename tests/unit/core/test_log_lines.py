"""Error lines are found by their level, counted by kind, and compared with what there was before."""

from __future__ import annotations

import json
import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.rollout_facts.log_lines import (
    LONGEST_KIND,
    LONGEST_LINE,
    LONGEST_SAMPLE,
    MOST_KINDS,
    ErrorKind,
    KindsBefore,
    before_of,
    error_kinds,
    line_kind,
    report,
    sentences,
    split,
)

GL006 = (
    '{"timestamp": "2026-01-05T09:00:00Z", "level": "ERROR", "message": "calculation failed", "logger": "g"}'
)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (GL006, "calculation failed"),
        ('{"severity":"critical","msg":"disk 7 full"}', "disk # full"),
        ('{"log":{"level":"fatal"},"event":"gone"}', "gone"),
        ("2026-01-05 09:00:00,123 ERROR [heat.plan] no plan for 'A-12'", "[heat.plan] no plan for #"),
        ("ERROR: pinch at 283.15 K", "pinch at # K"),
        ("\x1b[31mFATAL\x1b[0m out of memory", "out of memory"),
        ("[error] 7#7: *1 upstream timed out", "#: *# upstream timed out"),
        ('time="x" level=error msg="no route to 10.0.0.1"', "no route to #"),
        ("E0105 09:00:00.000001 1 sync.go:12] cannot sync", "# # sync.go:#] cannot sync"),
    ],
)
def test_an_error_line_is_found_by_its_level(line: str, kind: str) -> None:
    (found,) = error_kinds([line])
    assert found.count == 1
    assert found.kind == kind


@pytest.mark.parametrize(
    "line",
    [
        '{"level":"INFO","message":"ERROR is over"}',
        '{"level":50,"message":"numbers mean different things"}',
        '["ERROR"]',
        "INFO recovered from ERROR 7",
        "0 errors found",
        "GET /ERROR HTTP/1.1 200",
        "I0105 09:00:00.000001 1 x.go:1] ERROR was here",
        "an Error that somebody writes of",
        "",
    ],
)
def test_other_lines_are_none(line: str) -> None:
    assert error_kinds([line]) == ()


def test_what_varies_is_one_kind_with_its_count_and_its_newest_sample() -> None:
    lines = [f"ERROR plan {n} of 'run {n}' at 0x{n:x}f took {n}.5 s" for n in range(1, 8)]
    (found,) = error_kinds(lines)
    assert (found.count, found.kind) == (7, "plan # of # at # took # s")
    assert found.sample == lines[-1]


def test_secrets_are_neither_in_the_kind_nor_in_the_sample() -> None:
    (found,) = error_kinds(['{"level":"ERROR","message":"no login at postgresql://heat:hunter22@db/gl006"}'])
    assert "hunter22" not in found.kind + found.sample


@given(
    form=st.sampled_from(["plan {} of {}", "{}: took {} s", "job {}/{} ended", "at ({},{})"]),
    one=st.tuples(st.integers(0), st.uuids()),
    other=st.tuples(st.integers(0), st.uuids()),
)
def test_what_differs_in_numbers_and_identifiers_alone_is_one_kind(
    form: str, one: tuple[int, UUID], other: tuple[int, UUID]
) -> None:
    assert line_kind(form.format(*one)) == line_kind(form.format(*other))


@given(st.lists(st.one_of(st.text(), st.binary().map(lambda b: b.decode("utf-8", "replace")))), st.binary())
def test_any_log_gives_a_bounded_answer(texts: list[str], raw: bytes) -> None:
    lines = [*texts, *(f"ERROR {text}" for text in texts), *split(raw)]
    for one in error_kinds(lines):
        assert 0 < len(one.kind) <= LONGEST_KIND
        assert len(one.sample) <= LONGEST_SAMPLE
        assert "\n" not in one.sample


@given(st.binary(max_size=200), st.integers(1, 5))
def test_bytes_that_are_no_utf_8_are_lines_nevertheless(raw: bytes, times: int) -> None:
    assert len(split((raw.replace(b"\n", b"") + b"x\n") * times)) == times


@pytest.mark.parametrize(
    "line",
    [
        "x" * 10_000_000,
        "ERROR " + '"' * 10_000_000,
        '{"level":"ERROR","message":"' + "a1" * 5_000_000,
        "[" * 10_000_000,
    ],
)
def test_a_line_of_ten_megabytes_costs_little(line: str) -> None:
    began = time.process_time()
    lines = split(line.encode())
    found = error_kinds(lines)
    assert time.process_time() - began < 1.0
    assert len(lines[0]) == LONGEST_LINE
    assert len(found) == ("ERROR" in line)


def kinds(*names: str) -> tuple[ErrorKind, ...]:
    return tuple(ErrorKind(kind=name, count=number, sample=name) for number, name in enumerate(names, 1))


def test_what_the_proven_revision_had_before_is_not_new_and_stands_last() -> None:
    before = before_of(["rs-1"], kinds("old"), complete=True)
    found = report(kinds("fresh", "old"), before, "rs-1", pods=3, problems=())
    assert [(one.kind, one.new) for one in found.kinds] == [("fresh", True), ("old", False)]
    assert sentences(found)[0] == "logs of the last 10 minutes, 3 pods read: 3 error lines of 2 kinds"
    assert "NEW, 1 times: fresh" in sentences(found)[1]


@pytest.mark.parametrize(
    "before",
    [
        None,
        KindsBefore(replica_sets=("rs-2",), kinds=("old",)),
        before_of(["rs-1"], kinds("old"), complete=False),
        before_of(["rs-1"], kinds(*(f"k{chr(n)}" for n in range(97, 97 + 60))), complete=True),
    ],
)
def test_what_was_not_read_before_is_not_known_to_be_new(before: KindsBefore | None) -> None:
    (found,) = report(kinds("fresh"), before, "rs-1", pods=1, problems=()).kinds
    assert found.new is None


def test_no_more_than_some_kinds_are_listed_the_new_ones_first() -> None:
    many = kinds(*(f"kind {chr(n)}" for n in range(97, 97 + 26)))
    before = before_of(["rs-1"], many[1:], complete=True)
    found = report(many, before, "rs-1", pods=1, problems=["a", "a", "b"])
    assert (len(found.kinds), found.unlisted, found.lines) == (MOST_KINDS, 6, sum(range(1, 27)))
    assert found.kinds[0].new
    assert found.problems == ("a", "b")


def test_a_json_line_that_was_cut_is_an_error_by_its_level() -> None:
    line = json.dumps({"level": "ERROR", "message": "x" * 9000})[:LONGEST_LINE]
    assert len(error_kinds([line])) == 1
