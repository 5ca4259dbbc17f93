"""The page in a real browser, where there is one."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from daemon.core.case.alerts import UnmatchedAlert
from daemon.core.case.case import Case, Status, Trouble
from daemon.core.rollout_facts.template_diff import TemplateDiff
from daemon.core.signals.trail import Point
from daemon.core.statistics.counts import Tally
from tests.unit.web import samples, watched
from tests.unit.web.browser import CHROMIUM, Tab, browser
from tests.unit.web.conftest import Client
from tests.unit.web.fakes import FakeViews

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")]
NUMBERS = "document.querySelector('[data-key=fold-numbers-errors]').click()"


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with browser(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.fixture
def tab(chrome: Tab) -> Tab:
    chrome.open("about:blank", "true")
    chrome.screen(1280)
    chrome.complaints.clear()
    return chrome


def shows(tab: Tab, *texts: str) -> None:
    for text in texts:
        tab.until(f"document.body.textContent.includes({json.dumps(text)})")


def opened(tab: Tab, client: Client, case: Case) -> None:
    tab.open(f"{client.base}/#/cases/{case.namespace}/{case.name}", "document.querySelector('h3')")


def test_a_workload_that_is_not_well_between_rollouts_is_not_shown_as_well(
    client: Client, views: FakeViews, tab: Tab
) -> None:
    case = samples.rolled_back()
    text = "1 of 3 pods is not well (heat-a: CrashLoopBackOff back-off 5m0s)"
    trouble = Trouble(since=samples.at(900), text=text)
    views.now_cases = [replace(case, status=replace(case.status, trouble=trouble))]
    views.now_workloads = [samples.workload()]

    tab.open(client.base, "document.querySelector('.workload')")

    shows(tab, "Not well", text, "Needs a person", "1 of 1 workloads needs a person")
    assert "Rolled back" not in tab.words()


def test_the_list_shows_workloads_cases_and_problems(client: Client, views: FakeViews, tab: Tab) -> None:
    views.now_cases = [samples.rolled_back(), samples.awaiting()]
    views.now_workloads = [samples.workload()]
    views.now_problems = ["latency: Prometheus does not answer"]
    views.now_unmatched = [
        UnmatchedAlert(name="KubeHigh", status="firing", reason="no label names it", seen_at=samples.at(5))
    ]

    tab.open(client.base, "document.querySelector('.workload')")

    shows(
        tab,
        "Rolled back",
        "Awaiting approval",
        "3 of 3 pods ready",
        "Prometheus does not answer",
        "KubeHigh",
        "no label names it",
        "live",
        "all times in UTC",
    )


def test_a_case_is_drawn_whole_and_its_texts_stay_texts(client: Client, views: FakeViews, tab: Tab) -> None:
    case = samples.rolled_back()
    changed = TemplateDiff(since=7, lines=("container app, env LOG: info → <em>debug</em>",), left_out=3)
    case = replace(case, status=replace(case.status, differences=changed))
    views.now_cases = [case]

    opened(tab, client, case)

    assert "<em>" not in tab.value("document.getElementById('view').innerHTML")
    shows(tab, "What the release changed", "since revision 7", changed.lines[0], "and 3 more")
    assert "<script>" not in tab.value("document.getElementById('view').innerHTML")
    shows(tab, samples.REASON, "21.3 %", "1,600 to 1", "CrashLoopBackOff", "GL-006 ROLLBACK COMPLETED")
    shows(tab, "Error rate over 5 % <script>alert(1)</script>", "The recovery is verified.")
    heads = tab.value("[...document.querySelectorAll('#plain, h2')].map((node) => node.textContent)")
    assert heads[0].startswith("Revision 8 (v1.0.1) failed, and was rolled back to revision 7 (v1.0.0).")
    assert "Timeline" in heads[1]
    assert "Verified recovery" in heads[2]
    assert tab.value("document.querySelector('details.statistics').open") is False
    tab.value("dispatchEvent(new Event('beforeprint'))")
    assert tab.value("[...document.querySelectorAll('details')].every((node) => node.open)")
    tab.value("dispatchEvent(new Event('afterprint'))")
    assert tab.value("document.querySelector('details.statistics').open") is False


def test_a_daemon_that_knows_nothing_yet_says_so(client: Client, views: FakeViews, tab: Tab) -> None:
    views.unknown = "the Deployments of namespace shop are still being listed"

    tab.open(client.base, "document.querySelector('.banner')")

    shows(tab, "The daemon cannot answer yet", "the Deployments of namespace shop are still being listed")


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
    tab.value(NUMBERS)
    tab.value("document.querySelector('details.statistics').open = true")
    table = "[...document.querySelectorAll('details.numbers[open] tr')].map((row) => row.innerText)"
    rows = [" ".join(row.split()) for row in tab.value(table)]
    assert rows[1].startswith("+15 s 29 of 750 3.87 %")
    assert rows[-2].endswith("yes")
    assert rows[-1].split()[:3] == ["needed", "1.30", "2.60"]


def test_the_numbers_stay_open_when_the_case_moves_on(client: Client, views: FakeViews, tab: Tab) -> None:
    case = watched.watched(0.06)
    views.now_cases = [case]
    opened(tab, client, case)
    tab.value("document.querySelector('summary').click()")
    tab.value(NUMBERS)

    views.now_cases = [replace(case, status=replace(case.status, reason="it moved on"))]
    tab.until("document.body.textContent.includes('it moved on')")

    assert tab.value("[...document.querySelectorAll('details')].map((d) => d.open)") == [True, True, False]


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
        "document.body.textContent.includes('Nothing was judged yet')",
    )
    assert tab.complaints == []
