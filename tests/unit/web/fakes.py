"""Small stand-ins for what the web server asks, and a client that talks to it over a real socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from prometheus_client import CollectorRegistry

from daemon.core.case.alerts import UnmatchedAlert
from daemon.core.case.case import Case
from daemon.core.case.outline import Outline, outline
from daemon.core.model import Alert, Workload, WorkloadRef
from daemon.core.policy import Policy
from daemon.ports import Unavailable
from daemon.presentation.action_links import ActionLinks
from daemon.web.app import ORDINARY, build
from daemon.web.connections import REQUEST_TIMEOUT
from daemon.web.door import Door, NoDoor
from daemon.web.live import Pace
from daemon.web.ports import Orders
from daemon.web.server import WebServer
from tests.unit.web import samples

TOKEN = "s3cret-tökén"
MAX_BODY = 4096


class FixedClock:
    def now(self) -> datetime:
        return samples.at(1300)

    def monotonic(self) -> float:
        return 0.0


class FakeIntake:
    """Remembers what was recorded; ``gate`` closed keeps callers waiting, ``down`` refuses them."""

    def __init__(self) -> None:
        self.recorded: list[Alert] = []
        self.down = ""
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)

    def alerts(self, alerts: Sequence[Alert], timeout: float) -> int:
        self.entered.release()
        self.gate.wait(timeout)
        if self.down:
            raise Unavailable(self.down)
        self.recorded += alerts
        return sum(alert.labels.get("app") == samples.REF.name for alert in alerts)


class FakeViews:
    def __init__(self) -> None:
        self.now_workloads: Sequence[Workload] = ()
        self.now_cases: Sequence[Case] = ()
        self.now_problems: Sequence[str] = ()
        self.now_unready: Sequence[str] = ()
        self.now_unmatched: Sequence[UnmatchedAlert] = ()
        self.now_alive = True
        self.now_part = ""
        self.unknown = ""
        self.gate = threading.Event()
        self.gate.set()

    def workloads(self) -> Sequence[Workload]:
        if self.unknown:
            raise Unavailable(self.unknown)
        return self.now_workloads

    def outlines(self) -> Sequence[Outline]:
        self.gate.wait()
        if self.unknown:
            raise Unavailable(self.unknown)
        return [outline(case, packed=case.finished) for case in self.now_cases]

    def cases_of(self, ref: WorkloadRef) -> Sequence[Case]:
        return [case for case in self.now_cases if case.ref == ref]

    def policy(self, ref: WorkloadRef) -> Policy:
        return samples.POLICY if ref == samples.REF else Policy()

    def problems(self) -> Sequence[str]:
        return self.now_problems

    def unmatched(self) -> Sequence[UnmatchedAlert]:
        return self.now_unmatched

    def unready(self) -> Sequence[str]:
        return self.now_unready

    def follows(self) -> str:
        return ""

    def part(self) -> str:
        return self.now_part

    def alive(self) -> bool:
        return self.now_alive


@contextmanager
def serving(
    intake: FakeIntake,
    views: FakeViews,
    *,
    token: str | None = TOKEN,
    port: int = 0,
    hosts: Sequence[str] = (),
    request_timeout: float = REQUEST_TIMEOUT,
    door: Door | None = None,
    namespaces: Sequence[str] = (samples.REF.namespace,),
    orders: Orders | None = None,
    webhook_key: str | None = None,
    pace: Pace = ORDINARY,
    links: ActionLinks | None = None,
) -> Iterator[WebServer]:
    app = build(
        intake=intake,
        views=views,
        clock=FixedClock(),
        registry=CollectorRegistry(),
        token=token,
        max_body=MAX_BODY,
        hosts=hosts,
        door=door or NoDoor(),
        namespaces=namespaces,
        orders=orders,
        webhook_key=webhook_key,
        pace=pace,
        links=links,
    )
    server = WebServer(app, host="127.0.0.1", port=port, request_timeout=request_timeout)
    server.start()
    try:
        yield server
    finally:
        intake.gate.set()
        views.gate.set()
        assert server.stop(10), "the server did not stop"
