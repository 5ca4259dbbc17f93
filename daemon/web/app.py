"""The application, put together, and what it answers when something is wrong."""

from __future__ import annotations

from collections.abc import Collection

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException

from daemon import __version__
from daemon.ports import Clock, PortError, Unavailable
from daemon.presentation.action_links import ActionLinks
from daemon.web.actions import Desk, add_actions
from daemon.web.answers import RETRY, answer
from daemon.web.api import Shown, add_api, add_probes
from daemon.web.door import Door, NoDoor, TokenDoor
from daemon.web.guard import Guard
from daemon.web.live import Pace, add_live
from daemon.web.login import add_login
from daemon.web.page import FILES, PageFile
from daemon.web.ports import Intake, Orders, Views
from daemon.web.rate import RateLimit
from daemon.web.readers import Readers
from daemon.web.receiver import DELIVERIES_AT_ONCE, DELIVERIES_PER_SECOND, Receiver, add_webhook
from daemon.web.signature import Signatures

ORDINARY = Pace()
LOCAL = ("localhost",)
"""The hosts of a page without a login: no foreign page gets to read it by leading its own name here."""


def build(
    *,
    intake: Intake,
    views: Views,
    clock: Clock,
    registry: CollectorRegistry,
    token: str | None,
    max_body: int,
    webhook_key: str | None = None,
    door: Door,
    orders: Orders | None = None,
    namespaces: Collection[str] = (),
    hosts: Collection[str] = (),
    pace: Pace = ORDINARY,
    links: ActionLinks | None = None,
) -> FastAPI:
    """``door`` decides who sees the page and the API; ``namespaces`` are those that are guarded. Without
    ``orders`` nothing can be done there.

    ``token`` is what the webhook's senders must bear; ``None`` switches it off. ``max_body`` in bytes.

    ``hosts``: the names that people reach the page under; without any, the page answers to every name.
    """
    app = _bare(hosts)
    receiver = Receiver(
        intake=intake,
        registry=registry,
        token=token,
        max_body=max_body,
        limit=RateLimit(clock.monotonic, rate=DELIVERIES_PER_SECOND, burst=DELIVERIES_AT_ONCE),
        signatures=Signatures(webhook_key, clock) if webhook_key is not None else None,
    )
    add_webhook(app, receiver)
    add_probes(app, views, registry)
    shown = Shown(views=views, door=door, namespaces=namespaces)
    add_api(app, shown, clock)
    add_live(app, shown, pace)
    if isinstance(door, TokenDoor):
        add_login(app, door, hosts)
    if orders is not None and not isinstance(door, NoDoor):
        add_actions(app, Desk(door=door, orders=orders, hosts=hosts, readers=Readers(), links=links))
    _add_page(app)
    return app


def look_only(*, views: Views, clock: Clock, namespaces: Collection[str]) -> FastAPI:
    """The page and the API for whoever reaches them, and nothing else."""
    app = _bare(LOCAL)
    shown = Shown(views=views, door=NoDoor(), namespaces=namespaces)
    add_api(app, shown, clock)
    add_live(app, shown, ORDINARY)
    _add_page(app)
    return app


def _bare(hosts: Collection[str]) -> FastAPI:
    app = FastAPI(
        title="rollbackd",
        version=__version__,
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
    )
    app.add_middleware(Guard, hosts=hosts)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(PortError, _failed)
    return app


def _add_page(app: FastAPI) -> None:
    for name in FILES:
        _add_file(app, "/" if name == "page.html" else f"/{name}", PageFile.load(name))


def _add_file(app: FastAPI, path: str, file: PageFile) -> None:
    @app.get(path, include_in_schema=False)
    async def get(request: Request) -> Response:
        if request.headers.get("if-none-match") == file.etag:
            return Response(status_code=304, headers=file.headers)
        return Response(file.content, media_type=file.media_type, headers=file.headers)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = answer({"error": error.detail}, status=error.status_code)
    response.headers.update(error.headers or {})
    return response


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return answer({"error": wrong}, status=422)


async def _failed(_: Request, error: Exception) -> Response:
    response = answer({"error": str(error)}, status=503 if isinstance(error, Unavailable) else 502)
    if isinstance(error, Unavailable):
        response.headers.update(RETRY)
    return response
