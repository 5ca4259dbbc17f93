"""The page in a real browser, where there is one."""

from __future__ import annotations

import html
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from daemon.core.case.alerts import UnmatchedAlert
from daemon.core.case.case import Case, Status, Trouble
from daemon.core.signals.trail import Point
from daemon.core.statistics.counts import Tally
from tests.unit.web import samples, watched
from tests.unit.web.browser import CHROMIUM, Tab, browser
from tests.unit.web.conftest import Client
from tests.unit.web.fakes import FakeViews

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")


def seen(url: str, profile: Path) -> str:
    """The document after the page's script has drawn it twice."""
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
    command += ["--virtual-time-budget=2500", "--dump-dom", url]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return re.sub(r"<(script|style)>.*?</\1>", "", done.stdout, flags=re.DOTALL)


def words(document: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", document))


def test_a_workload_that_is_not_well_between_rollouts_is_not_shown_as_well(
    client: Client, views: FakeViews, tmp_path: Path
) -> None:
    case = samples.rolled_back()
    text = "1 of 3 pods is not well (heat-a: CrashLoopBackOff back-off 5m0s)"
    trouble = Trouble(since=samples.at(900), text=text)
    views.now_cases = [replace(case, status=replace(case.status, trouble=trouble))]
    views.now_workloads = [samples.workload()]

    shown = words(seen(client.base, tmp_path))

    assert "Not well" in shown
    assert text in shown
    assert "Rolled back" not in shown


def test_the_list_shows_workloads_cases_and_problems(
    client: Client, views: FakeViews, tmp_path: Path
) -> None:
    views.now_cases = [samples.rolled_back(), samples.awaiting()]
    views.now_workloads = [samples.workload()]
    views.now_problems = ["latency: Prometheus does not answer"]
    views.now_unmatched = [
        UnmatchedAlert(name="KubeHigh", status="firing", reason="no label names it", seen_at=samples.at(5))
    ]

    text = words(seen(client.base, tmp_path))

    for word in (
        "Rolled back",
        "Awaiting approval",
        "3 of 3 pods ready",
        "Prometheus does not answer",
        "KubeHigh",
        "no label names it",
        "live",
    ):
        assert word in text


def test_a_case_is_drawn_whole_and_its_texts_stay_texts(
    client: Client, views: FakeViews, tmp_path: Path
) -> None:
    case = samples.rolled_back()
    views.now_cases = [case]

    document = seen(f"{client.base}/#/cases/{case.namespace}/{case.name}", tmp_path)

    assert "<script>" not in document
    text = words(document)
    for word in (samples.REASON, "21.3 %", "1,600 to 1", "CrashLoopBackOff", "GL-006 ROLLBACK COMPLETED"):
        assert word in text
    assert "Error rate over 5 % <script>alert(1)</script>" in text


def test_a_daemon_that_knows_nothing_yet_says_so(client: Client, views: FakeViews, tmp_path: Path) -> None:
    views.unknown = "the first list of Deployments is not complete"

    text = words(seen(client.base, tmp_path))

    assert "The daemon cannot answer yet" in text
    assert "the first list of Deployments is not complete" in text


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    with browser(tmp_path) as tab:
        yield tab


def opened(tab: Tab, client: Client, case: Case) -> None:
    tab.open(f"{client.base}/#/cases/{case.namespace}/{case.name}", "document.querySelector('h3')")


@pytest.mark.parametrize("rate", [0.2, 0.06, 0.005])
def test_the_evidence_is_drawn_for_each_signal(
    client: Client, views: FakeViews, tab: Tab, rate: float
) -> None:
    case = watched.watched(rate)
    views.now_cases = [case]

    opened(tab, client, case)

    assert case.status.assessment is not None
    rounds = len(case.status.assessment.signals[0].trail)
    assert tab.value("document.querySelectorAll('svg[role=img]').length") == 2
    assert (
        tab.value("document.querySelectorAll('svg[role=img]')[0].querySelectorAll('circle').length")
        == 3 * rounds
    )
    assert tab.value("document.querySelectorAll('svg[role=img] .level').length") == 2 * 4
    for sign in ("rect.onset", "line.decided"):
        there = tab.value(f"document.querySelectorAll('svg[role=img] {sign}').length")
        assert there == (2 if rate > 0.05 else 0), sign
    assert "NaN" not in tab.value("document.querySelector('svg[role=img]').outerHTML")
    assert tab.complaints == []


def test_who_does_not_see_the_picture_gets_its_words_and_its_numbers(
    client: Client, views: FakeViews, tab: Tab
) -> None:
    case = watched.watched(0.06)
    views.now_cases = [case]

    opened(tab, client, case)

    named = "document.querySelector('svg[role=img]').getAttribute('aria-labelledby').split(' ')"
    title, words = tab.value(f"{named}.map((id) => document.getElementById(id).textContent)")
    assert title == "error rate: evidence over time"
    assert "limit 5 %" in words
    assert "would have decided" in words
    tab.value("document.querySelector('summary').click()")
    table = "[...document.querySelectorAll('details[open] tr')].map((row) => row.innerText)"
    rows = [" ".join(row.split()) for row in tab.value(table)]
    assert rows[1].startswith("+15 s 29 of 750 3.87 %")
    assert rows[-2].endswith("yes")
    assert rows[-1].split()[:3] == ["needed", "1.30", "2.60"]


def test_the_numbers_stay_open_when_the_case_moves_on(client: Client, views: FakeViews, tab: Tab) -> None:
    case = watched.watched(0.06)
    views.now_cases = [case]
    opened(tab, client, case)
    tab.value("document.querySelector('summary').click()")

    views.now_cases = [replace(case, status=replace(case.status, reason="it moved on"))]
    tab.until("document.body.innerText.includes('it moved on')")

    assert tab.value("[...document.querySelectorAll('details')].map((d) => d.open)") == [True, False]


@pytest.mark.parametrize("width", [360, 800, 1400])
@pytest.mark.parametrize("dark", [False, True])
def test_no_screen_is_too_narrow_and_the_letters_keep_their_size(
    client: Client, views: FakeViews, tab: Tab, width: int, dark: bool
) -> None:
    case = watched.watched(0.06, bursts=0.1)
    views.now_cases = [case]
    tab.screen(width, dark=dark)
    opened(tab, client, case)
    tab.value("document.querySelectorAll('details').forEach((d) => { d.open = true; })")

    assert tab.value("document.documentElement.scrollWidth") <= width
    picture = "document.querySelector('svg[role=img]')"
    scale = f"{picture}.getBoundingClientRect().width / {picture}.viewBox.baseVal.width"
    assert tab.value(scale) == pytest.approx(1, abs=0.02)
    tab.screen(width + 200, dark=dark)
    tab.until(f"Math.abs({scale} - 1) < 0.02")
    assert tab.complaints == []


def test_rounds_without_requests_and_without_a_baseline_are_drawn(
    client: Client, views: FakeViews, tab: Tab
) -> None:
    case = watched.watched(0.2)
    assert case.status.assessment is not None
    first, _ = case.status.assessment.signals
    idle = replace(
        first, trail=(Point(at=watched.BEGAN + 20),), baseline=Tally(), new=Tally(), baseline_line=0.0
    )
    assessment = replace(case.status.assessment, signals=(idle,))
    views.now_cases = [replace(case, status=replace(case.status, assessment=assessment))]

    opened(tab, client, case)

    drawn = tab.value("document.querySelector('svg[role=img]').outerHTML")
    assert "NaN" not in drawn
    assert "Infinity" not in drawn
    assert tab.value("document.querySelectorAll('svg[role=img] .usual').length") == 0
    assert tab.complaints == []


def test_what_has_no_evidence_over_time_says_so(client: Client, views: FakeViews, tab: Tab) -> None:
    case = samples.rolled_back()
    views.now_cases = [case, samples.case(9, status=Status())]

    opened(tab, client, case)
    assert "the version that judged it kept no evidence over time" in tab.words()
    assert tab.value("document.querySelectorAll('svg').length") == 0

    fresh = views.now_cases[1]
    tab.open(
        f"{client.base}/#/cases/{fresh.namespace}/{fresh.name}",
        "document.body.innerText.includes('Nothing was judged yet')",
    )
    assert tab.complaints == []
