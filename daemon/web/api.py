"""The endpoints that only read: the probes, the metrics, and the API that the page is drawn from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Annotated

from anyio import CapacityLimiter, move_on_after, to_thread
from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import PlainTextResponse
from msgspec import structs
from prometheus_client import CollectorRegistry, disable_created_metrics, generate_latest
from starlette.exceptions import HTTPException

from daemon import __version__
from daemon.core.case.case import Case
from daemon.core.case.instructing import timely
from daemon.core.case.outline import Outline
from daemon.core.value import Value
from daemon.ports import Clock
from daemon.presentation import case_views
from daemon.presentation.by_hand import Return, paused, returns
from daemon.web import overview
from daemon.web.answers import Described, answer
from daemon.web.door import Door
from daemon.web.fleet_metrics import FleetMetrics
from daemon.web.ports import Views
from daemon.web.readers import Readers
from daemon.web.sight import Sight
from daemon.web.visitor import INSTRUCT, SEE, Visitor, change

FLEET_WITHIN = 3.0
"""Seconds in which the cases must be known, for their metrics to be part of a scrape."""


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

    fleet = CollectorRegistry()
    fleet.register(FleetMetrics(views))
    one, under_way = CapacityLimiter(1), Lock()

    def known() -> bytes:
        # A scrape that gave up has left its thread behind, which still asks: no second one joins it.
        if not under_way.acquire(blocking=False):
            return b""
        try:
            return generate_latest(fleet)
        finally:
            under_way.release()

    # When a counter was made says nothing that its process's start does not.
    disable_created_metrics()  # type: ignore[no-untyped-call]

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> Response:
        """The daemon's own metrics in Prometheus's text format."""
        text = generate_latest(registry)
        # The cases may have to be listed: a scrape does not wait for an API server that is silent.
        with move_on_after(FLEET_WITHIN):
            text += await to_thread.run_sync(known, limiter=one, abandon_on_cancel=True)
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


def _readiness(reasons: Sequence[str]) -> Response:
    return answer({"ready": not reasons, "reasons": list(reasons)}, status=503 if reasons else 200)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What is shown, and to whom: the namespaces are those with guarded workloads."""

    views: Views
    door: Door
    namespaces: Collection[str]

    def to(self, request: Request) -> tuple[Visitor, Sight]:
        """Raises HTTPException, Unavailable."""
        visitor = self.door.enter(request)
        return visitor, Sight(self.views, visitor, self.namespaces)


def add_api(app: FastAPI, shown: Shown, clock: Clock) -> None:
    readers = Readers()

    @app.get("/api/status", responses=UNKNOWN_YET | NOT_LET_IN)
    async def status(request: Request) -> Response:
        """The guarded workloads with their newest cases, and what is wrong with the daemon itself."""
        return await readers.read(lambda: answer(_overview(shown, request, clock)))

    @app.get("/api/cases", responses=UNKNOWN_YET | NOT_LET_IN)
    async def cases(
        request: Request,
        workload: Annotated[str | None, Query(description="name, or namespace/name")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Response:
        """Cases, the newest first."""
        return await readers.read(lambda: answer(_summaries(shown.to(request)[1], workload, limit)))

    @app.get("/api/cases/{namespace}/{name}", responses=UNKNOWN_YET | NOT_LET_IN | _NO_CASE)
    async def case(request: Request, namespace: str, name: str) -> Response:
        """One case with its evidence, timeline and message."""
        return await readers.read(lambda: answer(_detail(shown, request, namespace, name, clock)))


UNKNOWN_YET: Described = {503: {"description": "Not known yet; ask again"}}
NOT_LET_IN: Described = {
    401: {"description": "Log in, or bear a token"},
    403: {"description": "A right is missing"},
}
_NO_CASE: Described = {404: {"description": "No such case"}}


def _summaries(views: Views, workload: str | None, limit: int) -> list[case_views.CaseSummary]:
    wanted = [one for one in views.outlines() if workload is None or workload in (one.ref.name, str(one.ref))]
    return [case_views.summary(one.whole()) for one in case_views.newest_first(wanted)[:limit]]


class ByHand(Value, frozen=True):
    """``running`` is what a rollback would replace, and 0 between two revisions."""

    running: int
    running_words: str
    paused: str
    returns: tuple[Return, ...]


class Detail(case_views.CaseDetail, frozen=True):
    actions: tuple[str, ...]
    """What the visitor may instruct in the case's phase: ``approve``, ``hold``."""
    by_hand: ByHand | None
    """Of the workload; ``None`` where it is gone, or where the visitor may not change it."""


def _detail(shown: Shown, request: Request, namespace: str, name: str, clock: Clock) -> Detail:
    """Raises HTTPException, Unavailable."""
    visitor, _ = shown.to(request)
    visitor.need(namespace, SEE)
    case = _find(shown.views.outlines(), namespace, name)
    detail = case_views.detail(case, shown.views.policy(case.ref))
    actions = timely(case) if visitor.may(namespace, INSTRUCT) else ()
    may = visitor.may(namespace, change(case.spec.workload))
    by_hand = _by_hand(shown.views, case, clock) if may else None
    return Detail(**structs.asdict(detail), actions=actions, by_hand=by_hand)


def _by_hand(views: Views, case: Case, clock: Clock) -> ByHand | None:
    workload = next((found for found in views.workloads() if found.ref == case.ref), None)
    if workload is None:
        return None
    current = workload.current
    return ByHand(
        running=current.number if current else 0,
        running_words=str(current) if current else "",
        paused=paused(workload.pause, clock.now()),
        returns=returns(workload, views.cases_of(case.ref)),
    )


def _find(outlines: Iterable[Outline], namespace: str, name: str) -> Case:
    """Raises HTTPException 404."""
    for found in outlines:
        if (found.name, found.namespace) == (name, namespace):
            return found.whole()
    raise HTTPException(404, f"there is no case {namespace}/{name}; it may have been pruned")


def _overview(shown: Shown, request: Request, clock: Clock) -> overview.Overview:
    visitor, sight = shown.to(request)
    unready, now = tuple(sight.unready()), clock.now()
    workloads, newest = sight.workloads(), case_views.newest_by_workload(sight.outlines())
    modes = {workload.ref: sight.policy(workload.ref).mode.value for workload in workloads}
    return overview.Overview(
        now=now,
        version=__version__,
        ready=not unready,
        alive=sight.alive(),
        follows=sight.follows(),
        part=sight.part(),
        unready=unready,
        problems=tuple(sight.problems()),
        unmatched=tuple(sight.unmatched()),
        workloads=overview.workload_views(workloads, newest, modes, now),
        visitor=visitor.name,
        login=shown.door.kind,
    )
