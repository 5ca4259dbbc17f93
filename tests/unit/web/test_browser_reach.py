"""The page for everybody: light and dark, on a phone, by keys alone, live or asking, with many workloads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case, Phase, Status
from daemon.presentation import panels
from daemon.web.visitor import change
from tests.unit.web import samples, watched
from tests.unit.web.browser import CHROMIUM, Tab, browser
from tests.unit.web.doors import HERE, House
from tests.unit.web.reachable import barriers
from tests.unit.web.test_actions import Remembered, taken

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")]
NAME = "gl-010-emissions"
HEARS = "document.activeElement"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[tuple[House, Tab]]:
    """A case that waits for an approval, and one with evidence over time; anna may do everything."""
    made = House(orders=Remembered())
    judged = replace(
        samples.rolled_back(),
        status=replace(
            samples.rolled_back().status, assessment=watched.watched(0.06, bursts=0.1).status.assessment
        ),
    )
    good = samples.case(11, name=NAME, opened=0.5, status=Status(phase=Phase.HEALTHY, proven=True))
    made.views.now_cases = [samples.awaiting(), judged, good]
    revisions = [samples.revision(number, name=NAME) for number in (12, 11, 10)]
    waiting = replace(samples.workload(NAME, number=12), revisions=tuple(revisions))
    made.views.now_workloads = [samples.workload(), waiting]
    for name in (NAME, samples.REF.name):
        made.access.grant("anna", HERE, change(name))
    with made.open(made.token_door()), browser(tmp_path) as tab:
        tab.screen(1280)
        tab.open(made.base, "document.querySelector('form.login')")
        assert barriers(tab) == []
        tab.value(
            "document.querySelector('form.login').token.value = 'annas';"
            "document.querySelector('form.login').requestSubmit()"
        )
        tab.until("document.querySelector('.workload')")
        yield made, tab


def link(case: Case) -> str:
    return f"#/cases/{case.namespace}/{case.name}"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_is_too_pale_without_a_name_or_out_of_sight(
    house: tuple[House, Tab], width: int, dark: bool
) -> None:
    made, tab = house
    tab.screen(width, dark=dark)
    assert barriers(tab) == []
    for case in made.views.now_cases[:2]:
        tab.value(f"location.hash = '{link(case)}'")
        tab.until("document.querySelector('.desk')")
        tab.value("document.querySelectorAll('details').forEach((node) => { node.open = true; })")
        assert barriers(tab) == []
    axes = tab.value("[...document.querySelectorAll('svg[role=img]')].map((node) => node.textContent)")
    assert len(axes) == 2
    for shown in axes:
        assert all(axis in shown for axis in (panels.SHARE_AXIS, panels.EVIDENCE_AXIS, panels.TIME_AXIS))
        assert "decided +42 s" in shown


def test_the_keyboard_alone_filters_opens_a_case_and_rolls_it_back(house: tuple[House, Tab]) -> None:
    made, tab = house
    tab.until("document.getElementById('link').textContent === 'live'")
    until_focused(tab, f"{HEARS}.id === 'filter'")
    tab.type(NAME)
    tab.until("document.querySelectorAll('.workload').length === 1")
    until_focused(tab, f"{HEARS}.matches('a.workload')")
    tab.press("Enter")
    tab.until(f"{HEARS}.tagName === 'H1' && {HEARS}.textContent.includes('{NAME}')")
    until_focused(tab, f"{HEARS}.matches('button.rollback')")
    made.views.now_cases = [replace(made.views.now_cases[0], resource_version="2"), *made.views.now_cases[1:]]
    tab.press("Enter")
    tab.until("document.getElementById('ask').open")
    assert barriers(tab) == []
    said = tab.value("document.getElementById('ask').textContent")
    assert "Roll greenlang/gl-010-emissions back to revision 11 (v1.0.4)?" in said
    assert "From revision 12 (v1.0.5). The target is proven good." in said
    tab.press("Escape")
    tab.until(f"!document.getElementById('ask').open && {HEARS}.matches('button.rollback')")
    assert taken(made) == []
    tab.press("Enter")
    until_focused(tab, f"{HEARS}.id === 'yes'")
    tab.press("Enter")
    tab.until("document.querySelector('.said').textContent === 'done'")
    assert taken(made) == [("anna", "annas", f"{HERE}/{NAME}", 11, False, (), 12)]
    until_focused(tab, f"{HEARS}.matches('button.pause')")
    tab.press("Enter")
    until_focused(tab, f"{HEARS}.id === 'yes'")
    tab.press("Enter")
    tab.until("!document.getElementById('ask').open")
    waiting = replace(made.views.now_workloads[1], pause="true")
    made.views.now_workloads = [made.views.now_workloads[0], waiting]
    tab.until("document.querySelector('button.resume')")
    assert taken(made)[-1][2].startswith(f"{HERE}/{NAME}")
    assert taken(made)[-1][3].startswith("until 20")


def test_changes_come_by_the_stream_and_where_it_is_mute_by_asking(house: tuple[House, Tab]) -> None:
    made, tab = house
    tab.until("document.getElementById('link').textContent === 'live'")
    tab.value("performance.clearResourceTimings()")
    made.views.now_workloads = [samples.workload(ready=1), made.views.now_workloads[1]]
    tab.until("document.body.textContent.includes('1 of 3 pods ready')")
    asked = "performance.getEntriesByType('resource').filter((one) => one.name.endsWith('api/status')).length"
    assert tab.value(asked) <= 3

    tab.value("window.EventSource = class extends EventTarget { close() {} }; hush('end')")
    tab.until("document.getElementById('link').textContent === 'live, by asking'")
    made.views.now_workloads = [samples.workload(ready=2), made.views.now_workloads[1]]
    tab.until("document.body.textContent.includes('2 of 3 pods ready')")
    assert [one for one in tab.complaints if "401" not in one] == []


def test_a_thousand_workloads_are_a_page_with_those_that_need_a_person_first(
    house: tuple[House, Tab],
) -> None:
    made, tab = house
    names = [f"service-{number:04}" for number in range(1000)]
    made.views.now_workloads = [samples.workload(name) for name in names]
    made.views.now_cases = [fleet_case(name) for name in names]
    tab.until("document.body.textContent.includes('10 of 1000 workloads need a person.')")
    assert tab.value("document.querySelectorAll('*').length") < 1500
    assert tab.value("document.querySelector('.workload .name').textContent") == "service-0000"
    first = "document.querySelector('.workload .name').textContent"
    tab.value("document.querySelector('nav.pager button:last-of-type').click()")
    tab.until(f"{first} !== 'service-0000'")
    tab.value(
        "document.getElementById('show').value = 'person';"
        "document.getElementById('show').dispatchEvent(new Event('change'))"
    )
    tab.until("document.querySelectorAll('.workload').length === 10")
    assert tab.value("document.querySelectorAll('nav.pager').length") == 1
    assert barriers(tab) == []


def fleet_case(name: str) -> Case:
    held = name.endswith("00")
    status = (
        Status(phase=Phase.HELD, failing_at=samples.at(3))
        if held
        else Status(phase=Phase.HEALTHY, proven=True)
    )
    return samples.case(7, name=name, status=status)


def until_focused(tab: Tab, expression: str) -> None:
    """By the tabulator alone."""
    for _ in range(40):
        if tab.value(f"Boolean({expression})"):
            return
        tab.press("Tab")
    raise AssertionError(f"the keyboard does not reach {expression}")
