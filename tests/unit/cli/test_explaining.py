from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Status
from daemon.core.model import Change
from tests.unit.cli.conftest import FakeParts, Rollbackd, answer
from tests.unit.web import samples, watched

NAME = samples.rolled_back().name


def lines_of(text: str, beginning: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.strip().startswith(beginning)]


def test_the_evidence_is_shown_round_by_round_with_what_it_needed(
    rollbackd: Rollbackd, parts: FakeParts
) -> None:
    parts.add(watched.watched(0.06))

    result = rollbackd("explain", NAME)

    assert result.exit_code == 0
    heads, *_ = lines_of(result.stdout, "AFTER")
    assert " ".join(heads) == "AFTER BAD OF ALL RATE OVER LIMIT WORSE THAN BEFORE REACHED"
    first, *_ = lines_of(result.stdout, "+15 s")
    assert first[2:5] == ["29", "of", "750"]
    assert lines_of(result.stdout, "needed")[0] == ["needed", "1.30", "2.60", "at", "once"]
    assert result.stdout.count("both <- for the first time") == 1
    assert "before" in lines_of(result.stdout, "+75 s")[0]


def test_it_teaches_how_to_read_it_and_says_what_was_decided(rollbackd: Rollbackd, parts: FakeParts) -> None:
    parts.add(watched.watched(0.2, bursts=0.1))

    words = " ".join(rollbackd("explain", "gl-006-heatreclaim").stdout.split())

    assert "An e-value says how many times better the counts fit a release that is failing" in words
    assert "20 against the limit (1.30) and 400 against the baseline (2.60) at once" in words
    assert "times fewer independent events" in words
    assert "would have decided" in words
    assert re.search(r"The failure began between \d+ and \d+ s after the rollout began\.", words)
    assert "Attributed to: deployment, only the new revision's pods are hit" in words
    assert re.search(r"Found failing \d+.8 s after the rollout began: error rate \d+ of", words)


@pytest.mark.usefixtures("story")
def test_a_case_without_evidence_over_time_says_why(rollbackd: Rollbackd) -> None:
    result = rollbackd("explain", NAME)

    assert result.exit_code == 0
    assert "the version that judged it kept no evidence over time" in result.stdout
    assert "CrashLoopBackOff: pod gl-006-heatreclaim" in result.stdout
    assert "AFTER" not in result.stdout


def test_an_adopted_case_says_why(rollbackd: Rollbackd, parts: FakeParts) -> None:
    case = samples.case(status=Status())
    parts.add(replace(case, spec=replace(case.spec, change=Change.ADOPTED)))

    assert "was running before it was guarded" in rollbackd("explain", NAME).stdout


@pytest.mark.usefixtures("story")
def test_programs_get_the_same_as_data(rollbackd: Rollbackd, parts: FakeParts) -> None:
    parts.add(replace(watched.watched(0.06), name="gl-006-heatreclaim-r9-x"))

    shown = answer(rollbackd("explain", "gl-006-heatreclaim-r9", "-o", "json"))

    assert shown["case"] == "greenlang/gl-006-heatreclaim-r9-x"
    errors = shown["signals"][0]
    assert errors["rounds"][0]["offset"] == 15.0
    assert errors["rounds"][-1]["reached"] is True
    assert errors["rounds"][-1]["overLimit"] >= errors["limitLine"]
    assert 0 <= shown["onset"][0] < shown["onset"][1] <= errors["rounds"][-1]["offset"]
    assert shown == answer(rollbackd("show", "gl-006-heatreclaim-r9", "-o", "json"))["explanation"]


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_the_picture_is_drawn(rollbackd: Rollbackd, parts: FakeParts, tmp_path: Path, ending: str) -> None:
    pytest.importorskip("matplotlib")
    parts.add(watched.watched(0.2))
    file = tmp_path / f"evidence.{ending}"

    result = rollbackd("explain", NAME, "--plot", str(file), "-o", "json")

    assert (result.exit_code, result.stderr) == (0, "")
    begin = file.read_bytes()[:200]
    assert (b"<?xml" if ending == "svg" else b"\x89PNG") in begin
    assert answer(result)["signals"]


@pytest.mark.usefixtures("story")
def test_a_picture_of_nothing_is_not_drawn(rollbackd: Rollbackd, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    file = tmp_path / "evidence.svg"

    result = rollbackd("explain", NAME, "--plot", str(file))

    assert result.exit_code == 1
    assert f"error: {file} was not drawn: There is no evidence over time" in result.stderr
    assert not file.exists()


@pytest.mark.usefixtures("story")
def test_a_picture_that_cannot_be_written_is_refused_first(rollbackd: Rollbackd, parts: FakeParts) -> None:
    result = rollbackd("explain", NAME, "--plot", "evidence.gif")

    assert result.exit_code == 2
    assert "let it end in .svg or .png" in result.stderr
    assert parts.asked("log") == [], "nothing was asked of the cluster"


def test_of_an_unknown_case(rollbackd: Rollbackd) -> None:
    result = rollbackd("explain", "gl-099")

    assert result.exit_code == 4
    assert result.stderr == "error: there is no case gl-099: see rollbackd history\n"


def test_what_is_piped_has_no_blanks_at_the_ends_of_its_sentences(
    rollbackd: Rollbackd, parts: FakeParts
) -> None:
    parts.add(watched.watched(0.2))

    sentences = [line for line in rollbackd("explain", NAME).stdout.splitlines() if "evidence" in line]

    assert sentences
    assert all(line == line.rstrip() for line in sentences)


def test_show_points_at_it_where_there_is_something_to_see(rollbackd: Rollbackd, parts: FakeParts) -> None:
    parts.add(samples.rolled_back())
    assert "rollbackd explain" not in rollbackd("show", NAME).stdout
    parts.add(replace(watched.watched(0.2), name="gl-006-heatreclaim-r9-x"))
    assert "rollbackd explain greenlang/gl-006-heatreclaim-r9-x" in rollbackd("show", f"{NAME[:-10]}9").stdout
