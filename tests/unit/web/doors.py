"""People at the page's door: a server that lets nobody in whom the twin of the API server does not know."""

from __future__ import annotations

import base64
import ipaddress
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import requests

from daemon.adapters.simulation.people import MemoryAccess
from daemon.core.case.case import Status
from daemon.core.case.steps.step import Right
from daemon.ports import Person, PortError, Stranger
from daemon.presentation.action_links import ActionLinks
from daemon.web.app import ORDINARY
from daemon.web.door import Door, Proxy, ProxyDoor, TokenDoor
from daemon.web.live import Pace
from daemon.web.ports import Orders
from daemon.web.rate import RateLimit
from daemon.web.reviews import Reviews
from daemon.web.sessions import Sessions
from daemon.web.visitor import INSTRUCT, SEE
from tests.unit.web import samples
from tests.unit.web.fakes import FakeIntake, FakeViews, serving

HERE = samples.REF.namespace
MARKED = {"X-Rollbackd": "1"}


class Hands:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        return samples.at(1300) + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed


class Reachable(MemoryAccess):
    """The twin, with an API server that can be down."""

    down: PortError | None = None

    def who(self, token: str) -> Person | Stranger:
        if self.down is not None:
            raise self.down
        return super().who(token)

    def may(self, person: Person, namespace: str, right: Right) -> bool:
        if self.down is not None:
            raise self.down
        return super().may(person, namespace, right)


@dataclass
class House:
    """A server with a door. anna may see and instruct in the samples' namespace, berta nowhere."""

    access: Reachable = field(default_factory=Reachable)
    clock: Hands = field(default_factory=Hands)
    views: FakeViews = field(default_factory=FakeViews)
    orders: Orders | None = None
    links: ActionLinks | None = None
    base: str = ""

    def __post_init__(self) -> None:
        self.views.now_cases = [samples.rolled_back(), samples.case(namespace="hidden", status=Status())]
        self.views.now_workloads = [samples.workload()]
        for name in ("anna", "berta"):
            self.access.issue(f"{name}s", Person(name=name))
        for right in (SEE, INSTRUCT):
            self.access.grant("anna", HERE, right)

    def reviews(self) -> Reviews:
        return Reviews(self.access, self.clock)

    def token_door(self, longest: float = 3600.0) -> TokenDoor:
        wrong = RateLimit(self.clock.monotonic, rate=1.0, burst=20.0)
        return TokenDoor(self.reviews(), Sessions(self.clock, longest=longest), wrong)

    def proxy_door(self, *trusted: str) -> ProxyDoor:
        networks = tuple(map(ipaddress.ip_network, trusted))
        proxy = Proxy(user_header="X-User", groups_header="X-Groups", trusted=networks)
        return ProxyDoor(self.reviews(), proxy)

    @contextmanager
    def open(self, door: Door, hosts: Sequence[str] = (), *, pace: Pace = ORDINARY) -> Iterator[House]:
        with serving(
            FakeIntake(),
            self.views,
            door=door,
            hosts=hosts,
            namespaces=(HERE, "hidden"),
            orders=self.orders,
            pace=pace,
            links=self.links,
        ) as server:
            self.base = f"http://127.0.0.1:{server.port}"
            yield self

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(self.base + path, headers=headers, timeout=10)

    def bearing(self, token: str, path: str = "/api/cases") -> requests.Response:
        return self.get(path, Authorization=f"Bearer {token}")

    def log_in(self, session: requests.Session, token: str = "annas", **headers: str) -> requests.Response:
        return session.post(
            f"{self.base}/api/login", json={"token": token}, headers=MARKED | headers, timeout=10
        )


def living_until(end: datetime) -> str:
    """A token that says when it ends; only the twin that issued it knows it."""
    claims = base64.urlsafe_b64encode(json.dumps({"exp": end.timestamp()}).encode()).decode().rstrip("=")
    return f"head.{claims}.signature"
