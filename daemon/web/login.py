"""Logging in and out, for the page."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from daemon.web.answers import Described, answer
from daemon.web.body import read_bounded
from daemon.web.door import LONGEST_TOKEN, TokenDoor
from daemon.web.own_page import require_own_page
from daemon.web.readers import Readers

BODY_TIMEOUT = 10.0


class _Given(msgspec.Struct, forbid_unknown_fields=True):
    token: str


def add_login(app: FastAPI, door: TokenDoor, hosts: Collection[str]) -> None:
    readers = Readers()
    answers: Described = {
        400: {"description": "No token"},
        401: {"description": "Not a token that is taken"},
        403: {"description": "Asked for by another page"},
        503: {"description": "The API server cannot be asked"},
    }

    @app.post("/api/login", responses=answers, openapi_extra=_BODY)
    async def login(request: Request) -> Response:
        """Begin a session with a token of the cluster."""
        require_own_page(request, hosts)
        body = await read_bounded(request, limit=2 * LONGEST_TOKEN, timeout=BODY_TIMEOUT)
        token = _token(body)

        def enter() -> Response:
            visitor = door.known(request, token)
            response = answer({"name": visitor.name})
            door.sessions.open(request, response, token)
            return response

        return await readers.read(enter)

    @app.post("/api/logout", responses={403: answers[403]})
    async def logout(request: Request) -> Response:
        """End the session."""
        require_own_page(request, hosts)
        response = answer({})
        door.sessions.close(request, response)
        return response


def _token(body: bytes) -> str:
    try:
        token = msgspec.json.decode(body, type=_Given).token.strip()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # What is wrong with it is not said: it may hold the token.
        raise HTTPException(400, 'send {"token": "…"} as JSON') from None
    if not token or not token.isascii() or not token.isprintable():
        raise HTTPException(400, "this is not a token: paste what kubectl create token prints")
    return token


_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}}
