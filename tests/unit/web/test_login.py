"""Nobody sees or learns anything whom the API server does not know and allow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from daemon.ports import Denied, Person, Unavailable
from daemon.web.visitor import SEE
from tests.unit.web import samples
from tests.unit.web.doors import HERE, MARKED, House, living_until
from tests.unit.web.fakes import TOKEN

CASE = f"/api/cases/{HERE}/{samples.rolled_back().name}"


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    with made.open(made.token_door()):
        yield made


@pytest.mark.parametrize("path", ["/api/status", "/api/cases", CASE])
def test_without_a_login_nothing_is_shown_but_the_form_and_what_machines_ask(house: House, path: str) -> None:
    refused = house.get(path)

    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert "kubectl create token" in refused.json()["error"]
    for other in ("/", "/healthz", "/readyz"):
        answer = house.get(other)
        assert answer.status_code == 200
        assert samples.REF.name not in answer.text
    metrics = house.get("/metrics")
    assert metrics.status_code == 200
    # Prometheus has no login, and its alerts name workloads: their names and phases are there, and no more.
    for secret in (samples.rolled_back().name, samples.REASON, samples.rolled_back().spec.revision.image):
        assert secret not in metrics.text
    assert house.access.asked == 0


def test_a_token_shows_the_cases_of_the_namespaces_that_its_holder_may_list(house: House) -> None:
    house.views.now_problems = ["hidden/web: its watch is silent", "latency: Prometheus does not answer"]

    assert [case["namespace"] for case in house.bearing("annas").json()] == [HERE]
    assert house.bearing("annas", CASE).status_code == 200
    status = house.bearing("annas", "/api/status").json()
    assert (status["visitor"], status["login"]) == ("anna", "token")
    hidden = house.bearing("annas", CASE.replace(HERE, "hidden"))
    assert hidden.status_code == 403
    assert "anna may not list rolloutcases.rollbackd.io in namespace hidden" in hidden.json()["error"]


def test_what_cannot_be_told_apart_is_shown_to_those_who_see_everything(house: House) -> None:
    house.views.now_problems = [f"{HERE}/web: its watch is silent", "latency: Prometheus does not answer"]
    house.access.issue("carlas", Person(name="carla"))
    house.access.grant("carla", "hidden", SEE)

    shown = house.bearing("carlas", "/api/status").json()["problems"]

    assert shown == ["latency: Prometheus does not answer", "1 more, of namespaces that you may not see"]


def test_who_may_see_nothing_is_told_what_is_missing(house: House) -> None:
    for path in ("/api/status", "/api/cases", CASE):
        refused = house.bearing("bertas", path)
        assert refused.status_code == 403
        assert refused.json()["error"].startswith("berta may not list rolloutcases.rollbackd.io in ")


def test_the_form_gives_a_session_that_holds_no_token_and_ends(house: House) -> None:
    with requests.Session() as browser:
        entered = house.log_in(browser)
        assert (entered.status_code, entered.json()) == (200, {"name": "anna"})
        cookie = entered.headers["Set-Cookie"]
        assert {"HttpOnly", "SameSite=strict", "Path=/", "Max-Age=3600"} <= set(cookie.split("; "))
        assert "annas" not in cookie
        assert browser.get(house.base + CASE, timeout=10).status_code == 200

        kept = browser.cookies["rollbackd"]
        house.log_in(browser)
        assert house.get(CASE, Cookie=f"rollbackd={kept}").status_code == 401, "a new login ends the old one"
        cookie = f"rollbackd={browser.cookies['rollbackd']};"
        browser.post(f"{house.base}/api/logout", headers=MARKED, timeout=10)
        assert browser.get(house.base + CASE, timeout=10).status_code == 401
        browser.cookies.set("rollbackd", cookie.partition("=")[2].partition(";")[0])
        ended = browser.get(house.base + CASE, timeout=10)
        assert "session has ended" in ended.json()["error"], "a kept cookie is of no use"


def test_over_tls_the_cookie_never_leaves_it(house: House) -> None:
    with requests.Session() as browser:
        cookie = house.log_in(browser, **{"X-Forwarded-Proto": "https"}).headers["Set-Cookie"]
    assert cookie.startswith("__Host-rollbackd=")
    assert "Secure" in cookie.split("; ")


def test_a_session_is_no_longer_than_the_token_lives(house: House) -> None:
    token = living_until(samples.at(1300 + 90))
    house.access.issue(token, Person(name="anna"))
    with requests.Session() as browser:
        assert "Max-Age=90;" in house.log_in(browser, token).headers["Set-Cookie"]
        house.clock.passed = 89
        assert browser.get(house.base + CASE, timeout=10).status_code == 200
        house.clock.passed = 91
        assert browser.get(house.base + CASE, timeout=10).status_code == 401
    assert "expired" in house.bearing(token).json()["error"]


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({"X-Rollbackd": ""} | {"Origin": "https://evil.example"}, "another page (https://evil.example)"),
        (MARKED | {"Sec-Fetch-Site": "cross-site"}, "another page (cross-site)"),
        (MARKED | {"Sec-Fetch-Site": "same-site"}, "another page (same-site)"),
        (MARKED | {"Origin": "null"}, "another page (null)"),
        ({}, "X-Rollbackd is missing"),
    ],
)
def test_another_page_cannot_log_anybody_in_or_out(house: House, headers: dict[str, str], says: str) -> None:
    for path in ("/api/login", "/api/logout"):
        refused = requests.post(house.base + path, json={"token": "annas"}, headers=headers, timeout=10)
        assert refused.status_code == 403
        assert says in refused.json()["error"]
        assert "Set-Cookie" not in refused.headers


@pytest.mark.parametrize("body", [b"", b"{}", b'{"token": 1}', b'{"token": "annas"', b'{"token": "a\\nb"}'])
def test_what_is_no_token_is_refused_without_repeating_it(house: House, body: bytes) -> None:
    refused = requests.post(f"{house.base}/api/login", data=body, headers=MARKED, timeout=10)
    assert refused.status_code == 400
    assert "annas" not in refused.text


def test_a_token_that_is_not_taken_says_why(house: House) -> None:
    house.access.refuse("old", "the token has expired: make one")
    assert house.bearing("old").json() == {"error": "the token has expired: make one"}
    assert house.bearing("old").status_code == 401


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (Unavailable("connection refused"), "nobody is let in: connection refused"),
        (Denied("may not create tokenreviews"), "system:auth-delegator"),
    ],
)
def test_while_the_api_server_cannot_be_asked_nobody_is_let_in(
    house: House, error: Unavailable | Denied, says: str
) -> None:
    assert house.bearing("annas").status_code == 200
    house.access.down = error
    house.clock.passed = 61

    refused = house.bearing("annas")

    assert refused.status_code == 503
    assert says in refused.json()["error"]


def test_the_api_server_is_asked_once_in_a_while_and_what_it_takes_back_is_gone(house: House) -> None:
    for _ in range(20):
        assert house.bearing("annas", CASE).status_code == 200
    assert house.access.asked == 7, "who; to list, to patch and to change, in all namespaces and in this one"
    house.access.revoke("anna", HERE, SEE)
    house.clock.passed = 61
    assert house.bearing("annas", CASE).status_code == 403
    house.access.refuse("annas", "gone")
    house.clock.passed = 122
    assert house.bearing("annas", CASE).status_code == 401


def test_guessing_is_slowed_and_disturbs_nobody_who_is_known(house: House) -> None:
    assert house.bearing("annas").status_code == 200
    codes = [house.bearing(f"guess-{number}").status_code for number in range(30)]
    assert codes == [401] * 20 + [429] * 10
    assert house.bearing("annas").status_code == 200
    assert house.access.asked < 30
    house.clock.passed = 5
    assert house.bearing("guess").status_code == 401


def test_the_webhook_has_its_own_token_and_no_login(house: House) -> None:
    answer = requests.post(
        f"{house.base}/webhooks/alertmanager",
        data='{"version": "4", "alerts": []}',
        headers={"Authorization": f"Bearer {TOKEN}".encode()},
        timeout=10,
    )
    assert answer.status_code == 200
    assert (
        house.get("/api/status", Authorization=f"Bearer {TOKEN}".encode().decode("latin-1")).status_code
        == 401
    )
