"""Pictures of evidence: what they show, and that they can be drawn of anything."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.core.assessment import SignalEvidence, Verdict
from daemon.core.signals.trail import Point
from daemon.core.statistics.counts import Tally
from daemon.presentation.figure import Figure
from daemon.presentation.picture import MOST, PictureError, draw

START = 1_730_000_000.0


def evidence(name: str = "errors", *points: Point, lines: tuple[float, float] = (1.3, 2.6)) -> SignalEvidence:
    return SignalEvidence(
        name=name,
        verdict=Verdict.FAILING,
        reason="",
        limit=0.05,
        baseline=Tally(bad=40, total=10_000),
        trail=points or (point(1), point(2)),
        limit_line=lines[0],
        baseline_line=lines[1],
    )


def point(index: int, *, bad: float = 30, total: float = 300, e: float = 1.0) -> Point:
    return Point(at=START + 15 * index, bad=bad, total=total, over_limit=e * index, over_baseline=e * index)


def figure(title: str = "a", *signals: SignalEvidence) -> Figure:
    return Figure(
        title=title,
        signals=signals or (evidence("errors"), evidence("latency")),
        started_at=START,
        decided_at=START + 30,
        decision="rollback",
        onset=(START, START + 15),
    )


def texts(path: Path) -> str:
    """All that is written in an SVG, its text being text and not outlines."""
    return "\n".join(
        element.text or "" for element in ElementTree.parse(path).iter() if element.tag.endswith("text")
    )


def test_the_picture_names_what_it_shows(tmp_path: Path) -> None:
    path = tmp_path / "e.svg"

    draw([figure("greenlang/gl-006 r8")], path)

    shown = texts(path)
    for words in (
        "greenlang/gl-006 r8",
        "rollback after 30 s",
        "time since the rollout began (min)",
        "errors",
        "latency",
        "bad share",
        "evidence (odds)",
        "5 %",
        "100 : 1",
        "limit",
        "before, and old pods",
        "decides: over the limit",
        "decides: worse than before",
        "failure began",
    ):
        assert words in shown, words


def test_each_case_has_its_column(tmp_path: Path) -> None:
    path = tmp_path / "e.svg"

    draw([figure("one"), figure("two", evidence("errors")), figure("three")], path)

    lines = texts(path).splitlines()
    assert [lines.count(title) for title in ("one", "two", "three")] == [1, 1, 1]
    assert (lines.count("errors"), lines.count("latency")) == (6, 4)


def test_a_test_that_was_not_asked_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "e.svg"

    draw([figure("a", evidence(lines=(1.3, 0.0)))], path)

    assert "decides: over the limit" in texts(path)
    assert "worse than before" not in texts(path)


def test_evidence_beyond_the_frame_is_said(tmp_path: Path) -> None:
    path = tmp_path / "e.svg"

    draw([figure("a", evidence("errors", point(1, e=-40), point(2, e=40)))], path)

    assert "up to 10^80 : 1, down to 1 : 10^40" in texts(path)


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_the_same_figures_give_the_same_bytes(tmp_path: Path, ending: str) -> None:
    one, two = tmp_path / f"1.{ending}", tmp_path / f"2.{ending}"

    draw([figure()], one)
    draw([figure()], two)

    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("title", ["$\\frac{$", "日本語", "a\x00b\nc", "x" * 5000, ""])
def test_any_title_can_be_drawn(tmp_path: Path, title: str) -> None:
    for ending in ("svg", "png"):
        draw([figure(title, evidence())], tmp_path / f"e.{ending}")
    ElementTree.parse(tmp_path / "e.svg")


ANY = st.floats(-400, 400) | st.sampled_from([math.inf, -math.inf, math.nan])


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.floats(0, 1e9), st.floats(0, 1e9), ANY, ANY), max_size=4),
    st.tuples(st.floats(0, 5), st.floats(0, 5)),
)
def test_any_evidence_can_be_drawn(
    tmp_path: Path, rows: list[tuple[float, float, float, float]], lines: tuple[float, float]
) -> None:
    trail = tuple(
        Point(at=START + 15 * index, bad=min(bad, total), total=total, over_limit=one, over_baseline=two)
        for index, (bad, total, one, two) in enumerate(rows)
    )
    made = SignalEvidence(
        name="errors",
        verdict=Verdict.UNKNOWN,
        reason="",
        limit=0.05,
        trail=trail,
        limit_line=lines[0],
        baseline_line=lines[1],
    )

    draw([Figure(title="a", signals=(made,), started_at=START)], tmp_path / "e.svg")


def test_a_rollout_without_signals_can_be_drawn(tmp_path: Path) -> None:
    draw([Figure(title="only pods", signals=(), started_at=START)], tmp_path / "e.svg")

    assert "only pods" in texts(tmp_path / "e.svg")


def test_what_cannot_be_drawn_is_told_with_its_remedy(tmp_path: Path) -> None:
    for figures, name, says in (
        ([figure()], "e.pdf", "let it end in .svg or .png"),
        ([figure()], "no/e.svg", "make it first"),
        ([], "e.svg", "there is nothing to draw"),
        ([figure()] * (MOST + 1), "e.svg", f"choose {MOST} at most"),
    ):
        with pytest.raises(PictureError, match=says):
            draw(figures, tmp_path / name)
    (tmp_path / "dir.svg").mkdir()
    with pytest.raises(PictureError, match="cannot be written"):
        draw([figure()], tmp_path / "dir.svg")


def test_without_matplotlib_the_extra_is_named() -> None:
    check = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from pathlib import Path; from daemon.presentation.picture import PictureError, check\n"
        "try: check(Path('e.svg'))\n"
        "except PictureError as error: print(error)"
    )

    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)

    assert done.stdout == (
        "pictures need matplotlib, which is not installed: pip install 'rollbackd[plot]'\n"
    )


def test_matplotlib_waits_until_something_is_drawn() -> None:
    imports = "import daemon.cli.commands.judge, daemon.presentation.picture"
    check = f"import sys; {imports}; sys.exit('matplotlib' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
