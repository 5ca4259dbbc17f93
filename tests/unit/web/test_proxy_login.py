"""A proxy in front says who asks: the trusted one, and nobody else."""

from __future__ import annotations

import pytest
import requests
from starlette.requests import Request

from daemon.web.visitor import SEE
from tests.unit.web.doors import HERE, House


def test_whom_the_proxy_names_sees_what_they_may() -> None:
    house = House()
    with house.open(house.proxy_door("10.0.0.0/8", "127.0.0.1")):
        assert len(house.get("/api/cases", **{"X-User": "anna", "X-Groups": "a, b"}).json()) == 1
        assert house.get("/api/cases", **{"X-User": "berta"}).status_code == 403
        assert house.get("/api/cases", Authorization="Bearer annas").status_code == 401, "no second way in"
        assert requests.post(f"{house.base}/api/login", json={"token": "annas"}, timeout=5).status_code == 404


def test_who_is_a_proxys_word_has_the_groups_that_it_names() -> None:
    door = House().proxy_door("127.0.0.1")
    headers = [(b"x-user", b"anna"), (b"x-groups", b"ops, dev"), (b"x-groups", b"qa")]
    scope = {"type": "http", "headers": headers, "client": ("::ffff:127.0.0.1", 1)}
    identity = door.enter(Request(scope)).identity
    assert identity is not None
    assert identity.person.groups == ("ops", "dev", "qa", "system:authenticated")


def test_the_headers_of_others_are_refused() -> None:
    house = House()
    with house.open(house.proxy_door("10.0.0.0/8")):
        refused = house.get("/api/cases", **{"X-User": "anna", "X-Forwarded-For": "10.0.0.1"})
    assert refused.status_code == 403
    assert "requests from 127.0.0.1 are not the login proxy's" in refused.json()["error"]


@pytest.mark.parametrize(
    ("headers", "status", "says"),
    [
        ({}, 401, "the proxy sent no X-User"),
        ({"X-User": "system:admin"}, 403, "'system:admin', and names that begin with system:"),
        ({"X-User": "anna", "X-Groups": "ops,system:masters"}, 403, "'system:masters'"),
    ],
)
def test_a_proxy_that_names_nobody_or_the_clusters_own_is_not_believed(
    headers: dict[str, str], status: int, says: str
) -> None:
    house = House()
    house.access.grant("system:admin", HERE, SEE)
    with house.open(house.proxy_door("127.0.0.1")):
        refused = house.get("/api/cases", **headers)
    assert refused.status_code == status
    assert says in refused.json()["error"]
