"""What is changed at the page: by whom, asked for by which page, and what is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest
import requests

from daemon.core.case.case import Case, Instruction
from daemon.core.case.images import AskedImage
from daemon.core.model import WorkloadRef
from daemon.ports import Conflict, Denied, Identity, Missing, PortError, Rejected, Unavailable
from daemon.presentation.action_links import ActionLinks
from daemon.web.door import NoDoor
from daemon.web.ports import unconditional
from daemon.web.visitor import change
from tests.unit.web import samples
from tests.unit.web.doors import HERE, MARKED, House

CASE = f"/api/cases/{HERE}/{samples.awaiting().name}"
WORKLOAD = f"/api/workloads/{HERE}/{samples.REF.name}"
ALL = [f"{CASE}/approve", f"{CASE}/hold", *(f"{WORKLOAD}/{what}" for what in ("rollback", "pause", "resume"))]
BEARER = {"Authorization": "Bearer annas"}


class Remembered:
    """Orders that are written down, and refused where ``trouble`` says so."""

    def __init__(self) -> None:
        self.taken: list[tuple[Any, ...]] = []
        self.trouble: PortError | None = None

    def _take(self, who: Identity, *order: Any) -> str:
        if self.trouble is not None:
            raise self.trouble
        self.taken.append((who.person.name, who.token, *order))
        return "done"

    def instruct(
        self,
        namespace: str,
        name: str,
        order: Instruction,
        who: Identity,
        objection: Callable[[Case, datetime], str] = unconditional,
    ) -> str:
        """Of the case that awaits approval, whatever is named."""
        if why := objection(samples.awaiting(), samples.at(1300)):
            raise Conflict(why)
        return self._take(who, f"{namespace}/{name}", order.action, order.reason, order.revision, order.by)

    def roll_back(
        self,
        ref: WorkloadRef,
        who: Identity,
        *,
        revision: int | None,
        unproven: bool,
        images: Sequence[AskedImage],
        running: int | None = None,
    ) -> str:
        return self._take(who, str(ref), revision, unproven, tuple(images), running)

    def pause(self, ref: WorkloadRef, value: str | None, who: Identity) -> str:
        return self._take(who, str(ref), value)


@pytest.fixture
def house() -> Iterator[House]:
    made = House(orders=Remembered())
    made.views.now_cases = [samples.awaiting()]
    made.access.grant("anna", HERE, change(samples.REF.name))
    with made.open(made.token_door(), hosts=("Shown.Example",)):
        yield made


def taken(house: House) -> list[tuple[Any, ...]]:
    assert isinstance(house.orders, Remembered)
    return house.orders.taken


def post(house: House, path: str, body: object = None, **headers: str) -> requests.Response:
    return requests.post(house.base + path, json=body or {}, headers=headers, timeout=10)


def test_orders_are_taken_in_the_name_of_the_token(house: House) -> None:
    ref = str(samples.REF)
    for path, body, order in (
        (f"{CASE}/approve", {"reason": " a\nb ", "revision": 5}, ("approve", "a b", 5, "")),
        (f"{CASE}/hold", {"reason": "ours"}, ("hold", "ours", 0, "")),
        (f"{WORKLOAD}/rollback", {}, (None, False, (), None)),
        (f"{WORKLOAD}/rollback", {"revision": 3, "unproven": True, "running": 8}, (3, True, (), 8)),
        (f"{WORKLOAD}/rollback", {"image": "v1"}, (None, False, (AskedImage(version="v1"),), None)),
        (f"{WORKLOAD}/pause", {}, ("true",)),
        (f"{WORKLOAD}/resume", {}, (None,)),
    ):
        answer = post(house, path, body, **BEARER)
        assert (answer.status_code, answer.json()) == (200, {"done": "done", "by": "anna"})
        of = ref if path.startswith(WORKLOAD) else CASE.removeprefix("/api/cases/")
        assert taken(house)[-1] == ("anna", "annas", of, *order)


def test_a_session_acts_from_our_own_page_alone(house: House) -> None:
    with requests.Session() as browser:
        house.log_in(browser)
        for headers in (
            {},
            MARKED | {"Origin": "https://evil.example"},
            MARKED | {"Sec-Fetch-Site": "cross-site"},
        ):
            for path in ALL:
                assert browser.post(house.base + path, headers=headers, timeout=10).status_code == 403
        assert taken(house) == []
        for origin in (house.base, "https://shown.example"):
            answer = browser.post(f"{house.base}{CASE}/hold", headers=MARKED | {"Origin": origin}, timeout=10)
            assert answer.status_code == 200


def test_who_lacks_a_right_is_told_which(house: House) -> None:
    for path in ALL:
        refused = post(house, path, Authorization="Bearer bertas")
        right = "patch rolloutcases.rollbackd.io" if CASE in path else "patch deployments.apps"
        assert refused.status_code == 403
        assert refused.json()["error"].startswith(f"berta may not {right}")
        assert post(house, path).status_code == 403, "no mark"
        assert post(house, path, **MARKED).status_code == 401, "no login"
    assert taken(house) == []


def test_the_page_is_told_what_is_of_use_now_and_allowed(house: House) -> None:
    assert house.bearing("annas", CASE).json()["actions"] == ["approve", "hold"]
    house.views.now_cases = [samples.rolled_back()]
    assert (
        house.bearing("annas", CASE.replace(samples.awaiting().name, samples.rolled_back().name)).json()[
            "actions"
        ]
        == []
    )


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Conflict("too late"), 409),
        (Denied("a policy refuses"), 403),
        (Missing("it is gone"), 404),
        (Rejected("no such revision"), 422),
        (Unavailable("no answer"), 503),
    ],
)
def test_what_is_not_done_is_said_in_words(house: House, error: PortError, status: int) -> None:
    assert isinstance(house.orders, Remembered)
    house.orders.trouble = error
    refused = post(house, f"{CASE}/approve", **BEARER)
    assert (refused.status_code, refused.json()["error"]) == (status, str(error))


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        (f"{CASE}/approve", {"by": "carla"}, 400, "unknown field `by`"),
        (f"{CASE}/approve", {"revision": 0}, 422, "0 is no revision"),
        (f"{CASE}/approve", {"unproven": True}, 422, "unproven is about a revision"),
        (f"{CASE}/hold", {"reason": "x" * 501}, 422, "write 500 at most"),
        (f"{WORKLOAD}/rollback", {"revision": 1, "image": "v1"}, 422, "exclude each other"),
        (f"{WORKLOAD}/rollback", {"image": ""}, 422, "the image is empty"),
        (f"{WORKLOAD}/rollback", {"container": "app"}, 422, "give the image"),
        (f"{WORKLOAD}/rollback", {"unproven": True}, 422, "unproven is about a revision"),
        (f"{CASE}/hold", {"reason": "x" * 9000}, 413, "8192 bytes"),
    ],
)
def test_orders_that_make_no_sense_are_refused(
    house: House, path: str, body: dict[str, Any], status: int, says: str
) -> None:
    refused = post(house, path, body, **BEARER)
    assert refused.status_code == status
    assert says in refused.json()["error"]
    assert taken(house) == []


def test_a_proxys_people_act_by_the_daemons_hand_and_their_own_rights() -> None:
    house = House(orders=Remembered())
    with house.open(house.proxy_door("127.0.0.1")):
        answer = post(house, f"{CASE}/hold", **{"X-User": "anna"}, **MARKED)
        assert answer.json()["by"] == "anna (by proxy)"
        assert taken(house)[0][:2] == ("anna", None)
        assert post(house, f"{CASE}/hold", **{"X-User": "berta"}, **MARKED).status_code == 403
        assert post(house, f"{CASE}/hold", **{"X-User": "anna"}).status_code == 403, "no mark"


def test_without_a_login_nothing_can_be_done() -> None:
    house = House(orders=Remembered())
    with house.open(NoDoor()):
        assert house.get(f"/api/cases/{HERE}/{samples.rolled_back().name}").json()["actions"] == []
        assert {post(house, path, **MARKED).status_code for path in ALL} <= {404, 405}


LINKS = ActionLinks(page_url="https://shown.example", key=lambda: b"0123456789abcdef")


def test_what_a_link_says_is_done_once_it_is_confirmed_and_by_who_may(house: House) -> None:
    address = LINKS.of(samples.awaiting(), samples.at(1300))[0].address
    given = dict(part.split("=") for part in address.partition("?")[2].split("&"))
    until = int(given["until"])
    link = {"until": until, "sig": given["sig"]}
    refused = post(house, f"{CASE}/approve", {"link": link}, **BEARER)
    assert (refused.status_code, "not in use here" in refused.text) == (422, True)
    made = House(orders=Remembered(), links=LINKS)
    with made.open(made.token_door()):
        assert requests.get(f"{made.base}/?{address.partition('?')[2]}", timeout=10).status_code == 200
        assert taken(made) == [], "looking does nothing"
        for path, body, status in (
            ("approve", {"link": link | {"sig": "0" * 64}}, 409),
            ("approve", {"link": link | {"until": until + 1}}, 409),
            ("hold", {"link": link}, 409),
            ("approve", {"link": link, "revision": 3}, 422),
            ("approve", {"link": {"until": "soon"}}, 400),
        ):
            assert post(made, f"{CASE}/{path}", body, **BEARER).status_code == status
        assert post(made, f"{CASE}/approve", {"link": link}, Authorization="Bearer bertas").status_code == 403
        assert post(made, f"{CASE}/approve", {"link": link}, **MARKED).status_code == 401
        assert taken(made) == []
        assert post(made, f"{CASE}/approve", {"link": link}, **BEARER).status_code == 200
        assert len(taken(made)) == 1
