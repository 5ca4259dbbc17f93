"""The endpoints that only read: the probes, the metrics, and the API that the page is drawn from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Query, Response
from prometheus_client import CollectorRegistry, generate_latest
from starlette.exceptions import HTTPException

from daemon import __version__
from daemon.ports import Clock
from daemon.presentation import case_views
from daemon.web import overview
from daemon.web.answers import RETRY, Described, answer
from daemon.web.ports import Views

READERS = 4
MAX_WAITING = 32
"""Threads that answer the page, and questions that may wait for one."""


class Readers:
    """Threads for what reads the daemon's memory: that may hang when the API server does.

    Few, and with a short queue: a page that asks every second must not pile up questions.
    """

    def __init__(self) -> None:
        self._limiter = CapacityLimiter(READERS)
        self._asked = 0

    async def read(self, question: Callable[[], Response]) -> Response:
        if self._asked >= READERS + MAX_WAITING:
            raise HTTPException(503, "too many questions are waiting for an answer: ask again", RETRY)
        self._asked += 1
        try:
            return await to_thread.run_sync(question, limiter=self._limiter)
        finally:
            self._asked -= 1


def add_probes(app: FastAPI, views: Views, registry: CollectorRegistry) -> None:
    # Readiness has threads of its own: the page's questions must not make the daemon unready.
    readers = Readers()

    @app.get("/healthz", responses={503: {"description": "Restart me"}})
    async def healthz() -> Response:
        """Whether the daemon makes progress."""
        return answer({"alive": True}) if views.alive() else answer({"alive": False}, status=503)

    @app.get("/readyz", responses={503: {"description": "Not ready, with the reasons"}})
    async def readyz() -> Response:
        """Whether the daemon can take alerts."""
        return await readers.read(lambda: _readiness(views.unready()))

    @app.get("/metrics")
    async def metrics() -> Response:
        """The daemon's own metrics in Prometheus's text format."""
        return Response(generate_latest(registry), media_type="text/plain; version=0.0.4; charset=utf-8")


def _readiness(reasons: Sequence[str]) -> Response:
    return answer({"ready": not reasons, "reasons": list(reasons)}, status=503 if reasons else 200)


def add_api(app: FastAPI, views: Views, clock: Clock) -> None:
    readers = Readers()

    @app.get("/api/status", responses=_UNKNOWN_YET)
    async def status() -> Response:
        """The guarded workloads with their newest cases, and what is wrong with the daemon itself."""
        return await readers.read(lambda: answer(_overview(views, clock)))

    @app.get("/api/cases", responses=_UNKNOWN_YET)
    async def cases(
        workload: Annotated[str | None, Query(description="name, or namespace/name")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Response:
        """Cases, the newest first."""
        return await readers.read(lambda: answer(_summaries(views, workload, limit)))

    @app.get("/api/cases/{namespace}/{name}", responses=_UNKNOWN_YET | _NO_CASE)
    async def case(namespace: str, name: str) -> Response:
        """One case with its evidence, timeline and message."""
        return await readers.read(lambda: answer(_detail(views, namespace, name)))


_UNKNOWN_YET: Described = {503: {"description": "Not known yet; ask again"}}
_NO_CASE: Described = {404: {"description": "No such case"}}


def _summaries(views: Views, workload: str | None, limit: int) -> list[case_views.CaseSummary]:
    wanted = [c for c in views.cases() if workload is None or workload in (c.spec.workload, str(c.ref))]
    return [case_views.summary(case) for case in case_views.newest_first(wanted)[:limit]]


def _detail(views: Views, namespace: str, name: str) -> case_views.CaseDetail:
    for found in views.cases():
        if (found.namespace, found.name) == (namespace, name):
            return case_views.detail(found, views.policy(found.ref))
    raise HTTPException(404, f"there is no case {namespace}/{name}; it may have been pruned")


def _overview(views: Views, clock: Clock) -> overview.Overview:
    unready = tuple(views.unready())
    workloads, cases = views.workloads(), views.cases()
    modes = {workload.ref: views.policy(workload.ref).mode.value for workload in workloads}
    return overview.Overview(
        now=clock.now(),
        version=__version__,
        ready=not unready,
        alive=views.alive(),
        unready=unready,
        problems=tuple(views.problems()),
        unmatched=tuple(views.unmatched()),
        workloads=overview.workload_views(workloads, cases, modes),
    )
