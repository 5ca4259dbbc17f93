"""A case as a postmortem: whole, self-contained, and with no markup of anybody's."""

from __future__ import annotations

import html
import re

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Phase
from daemon.core.signals.trail import Point
from tests.unit.cli.conftest import FakeParts, Rollbackd, answer
from tests.unit.web import samples

NASTY = "<script>alert(1)</script> **bold** | [x](https://evil.example)"


def added(parts: FakeParts) -> str:
    case = samples.rolled_back()
    first, *rest = case.status.timeline
    found = case.status.assessment
    assert found is not None
    began = case.spec.started_at.timestamp()
    trail = tuple(Point(at=began + 15 * n, bad=n, total=100, over_limit=n, over_baseline=n) for n in range(4))
    seen = replace(found, signals=(replace(found.signals[0], trail=trail), *found.signals[1:]))
    story = (replace(first, text=NASTY), *rest)
    parts.add(replace(case, status=replace(case.status, timeline=story, assessment=seen)))
    return case.name


def test_it_has_everything_that_is_known_and_what_is_not(rollbackd: Rollbackd, parts: FakeParts) -> None:
    text = rollbackd("report", added(parts)).stdout
    heads = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert [head.partition(" (")[0] for head in heads] == [
        "Summary",
        "Timeline",
        "Evidence",
        "What was done",
        "Proof of the recovery",
        "Open questions",
    ]
    for known in ("revision 8", "revision 7", "error rate", "root cause", "Does latency hold?"):
        assert known in text.replace("\\", "")


def test_markdown_reads_no_markup_of_the_cases_texts(rollbackd: Rollbackd, parts: FakeParts) -> None:
    text = rollbackd("report", added(parts)).stdout
    assert NASTY not in text
    assert r"\<script\>" in text


def test_html_stands_by_itself_with_its_picture_and_runs_nothing(
    rollbackd: Rollbackd, parts: FakeParts
) -> None:
    page = rollbackd("report", added(parts), "--format", "html").stdout
    assert "<script" not in page
    assert html.escape(NASTY) in page
    assert 'src="data:image/svg+xml;base64,' in page
    assert not re.search(r"(?:src|href)=\"(?!data:)", page)


def test_for_programs_it_has_the_same_sections(rollbackd: Rollbackd, parts: FakeParts) -> None:
    name = added(parts)
    made = answer(rollbackd("report", name, "--format", "json"))
    assert made["case"].endswith(name)
    assert "Open questions" in [section["title"] for section in made["sections"]]


def test_a_case_that_did_not_recover_asks_why(rollbackd: Rollbackd, parts: FakeParts) -> None:
    case = samples.rolled_back()
    parts.add(replace(case, status=replace(case.status, phase=Phase.UNRECOVERED)))
    assert "What keeps the service from recovering?" in rollbackd("report", case.name).stdout


@pytest.mark.parametrize("command", [("report",), ("notify", "render", "--sink", "log")])
def test_it_needs_no_settings_file(rollbackd: Rollbackd, parts: FakeParts, command: tuple[str, ...]) -> None:
    name = added(parts)
    parts.config.unlink()
    result = rollbackd("-n", samples.REF.namespace, *command, name)
    assert result.exit_code == 0, result.stderr
    assert samples.REF.name in result.stdout
