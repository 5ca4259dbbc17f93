"""Logging in and approving in a real browser, where there is one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daemon.core.case.edits import change
from daemon.presentation.action_links import ActionLinks
from tests.unit.web import samples
from tests.unit.web.browser import CHROMIUM, browser
from tests.unit.web.doors import HERE, House
from tests.unit.web.test_actions import Remembered, taken

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")]


def test_a_person_logs_in_with_a_token_approves_and_leaves(tmp_path: Path) -> None:
    case = samples.awaiting()
    house = House(orders=Remembered())
    house.views.now_cases = [case]
    with house.open(house.token_door()), browser(tmp_path) as tab:
        form = "document.querySelector('form.login')"
        tab.open(f"{house.base}/#/cases/{HERE}/{case.name}", form)
        assert case.spec.workload not in tab.words()

        tab.value(f"{form}.token.value = 'half of'; {form}.token.focus()")
        for cause in ("draw()", "location.hash = ''", "again()"):
            tab.value(cause)
            tab.value("new Promise((drawn) => setTimeout(drawn, 50))")
        assert tab.value("document.activeElement.value") == "half of", "what is typed stays"
        tab.value(f"location.hash = '#/cases/{HERE}/{case.name}'")

        def log_in(token: str) -> None:
            tab.value(f"{form}.token.value = {json.dumps(token)}; {form}.requestSubmit()")

        log_in("bertas-old")
        tab.until(f"{form}.textContent.includes('does not know this token')")
        log_in("annas")
        tab.until("document.querySelector('.actions button.approve')")
        assert tab.value("document.getElementById('visitor').textContent") == "annaLog out"
        assert tab.value("document.cookie") == "", "no script reads the session"

        tab.value(
            "document.querySelector('.actions input').value = 'seen';"
            "document.querySelector('.actions input').focus()"
        )
        house.views.now_cases = [change(case, reason="it fails more than before")]
        tab.until("document.getElementById('view').textContent.includes('it fails more than before')")
        assert tab.value("document.activeElement.value") == "seen", "what is typed stays"
        tab.value("document.querySelector('.actions button.approve').click()")
        asked = tab.value("document.getElementById('ask').textContent")
        assert "Roll greenlang/gl-010-emissions back to revision 11 (v1.0.4)?" in asked
        assert taken(house) == []
        tab.value("document.getElementById('yes').click()")
        tab.until("document.querySelector('.said').textContent.includes('done')")
        assert taken(house) == [("anna", "annas", case.key, "approve", "seen", 0, "")]

        tab.value("document.querySelector('#visitor button').click()")
        tab.until(form)
        assert case.spec.workload not in tab.words()
        refused = [one for one in tab.complaints if "401" not in one]
        assert refused == []


def test_a_messages_link_asks_first_and_once(tmp_path: Path) -> None:
    case = samples.awaiting()
    links = ActionLinks(page_url="", key=lambda: b"0123456789abcdef")
    house = House(orders=Remembered(), links=links)
    house.views.now_cases = [case]
    address = links.of(case, samples.at(1300))[0].address
    with house.open(house.token_door()), browser(tmp_path) as tab:
        form = "document.querySelector('form.login')"
        tab.open(f"{house.base}{address}", form)
        tab.value(f"{form}.token.value = 'annas'; {form}.requestSubmit()")
        tab.until("document.getElementById('ask')?.open")
        assert "Roll greenlang/gl-010-emissions back" in tab.value(
            "document.getElementById('ask').textContent"
        )
        assert tab.value("location.hash") == f"#/cases/{HERE}/{case.name}", "opened again it asks no more"
        assert taken(house) == []
        tab.value("document.getElementById('yes').click()")
        tab.until("document.querySelector('.said').textContent.includes('done')")
        assert len(taken(house)) == 1
        tab.open("about:blank", "true")
        tab.open(f"{house.base}{address.replace('sig=', 'sig=0')}", "document.getElementById('ask')?.open")
        tab.value("document.getElementById('yes').click()")
        tab.until("document.querySelector('.said').textContent.includes('not for the case as it is now')")
        assert len(taken(house)) == 1
