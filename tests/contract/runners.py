"""The drivers of the runners that need no cluster."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from daemon.adapters.clock import SystemClock
from daemon.adapters.http_runner import HttpRunner
from daemon.adapters.simulation.runner import Program
from daemon.core.runs import HttpCall, JobCommand, Kind, PodCommand, Task
from daemon.ports import Denied, Order, Runner, Unavailable
from tests.contract.runner_driver import Does
from tests.simulation.faulty import FaultyRunner
from tests.unit.core.made import REF, pod

OUTPUT = {
    Does.PASSES: b"all well",
    Does.FAILS: b"the plan is empty",
    Does.HANGS: b"",
    Does.FLOODS: b"x" * 10_000_000,
    Does.GARBLES: b"caf\xe9 \x00\x1b[31m",
    Does.TELLS: b"password=hunter2",
}
POD = pod(ready=True, ip="127.0.0.1")
IDS = itertools.count()


class Memory:
    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.failure = 500 if kind == "http" else 3
        good = 200 if kind == "http" else 0
        programs = {
            does: Program(
                code=self.failure if does is Does.FAILS else good,
                output=OUTPUT[does],
                seconds=1000.0 if does is Does.HANGS else 0.1,
            )
            for does in Does
        }
        self.runner = FaultyRunner(kind, {self._text(does): programs[does] for does in Does})

    def order(self, does: Does, *, timeout: float = 30.0) -> Order:
        task = self._task(does)
        return Order(id=f"case/{next(IDS)}", ref=REF, task=task, timeout=timeout, pods=(POD,))

    def again(self) -> Runner:
        return self.runner

    def sweep(self, order: Order) -> None:
        self.runner.sweep(order)

    def left(self, order: Order) -> bool:
        return order.id in self.runner.left

    def without_rights(self) -> Runner:
        refused = FaultyRunner(self.kind, self.runner.programs)
        refused.calls.fail(Denied("this is forbidden: grant it in the Role"))
        return refused

    def cut_off(self) -> Runner:
        silent = FaultyRunner(self.kind, self.runner.programs)
        silent.calls.fail(Unavailable("nobody answers"))
        return silent

    def _text(self, does: Does) -> str:
        return f"http://{{pod}}:8000/{does}" if self.kind == "http" else does.value

    def _task(self, does: Does) -> Task:
        match self.kind:
            case "http":
                return HttpCall(url=self._text(does))
            case "job":
                return JobCommand(command=(does.value,))
            case "exec":
                return PodCommand(command=(does.value,))


class Http:
    """The requests go to a server in this process, at the pod's address."""

    kind: Kind = "http"
    failure = 500

    def __init__(self, server: HTTPServer, stop: threading.Event) -> None:
        self.runner: Runner = HttpRunner(SystemClock())
        self._port = server.port
        self._stop = stop

    def order(self, does: Does, *, timeout: float = 30.0) -> Order:
        call = HttpCall(url=f"http://{{pod}}:{self._port}/{does}")
        return Order(id=f"case/{next(IDS)}", ref=REF, task=call, timeout=timeout, pods=(POD,))

    def again(self) -> Runner:
        return HttpRunner(SystemClock())

    def sweep(self, order: Order) -> None:
        """Requests leave nothing behind."""

    def left(self, order: Order) -> bool:
        return False

    def without_rights(self) -> Runner:
        raise NotImplementedError("a request needs no right of ours")

    def cut_off(self) -> Runner:
        self._port = 1
        return self.runner


@contextmanager
def http_driver() -> Iterator[Http]:
    stop = threading.Event()

    def answer(request: Request) -> Response:
        does = Does(request.path.strip("/"))
        if does is Does.HANGS:
            stop.wait(30)
        return Response(OUTPUT[does], status=500 if does is Does.FAILS else 200)

    with HTTPServer(threaded=True) as server:
        for does in Does:
            server.expect_request(f"/{does}").respond_with_handler(answer)
        try:
            yield Http(server, stop)
        finally:
            stop.set()
