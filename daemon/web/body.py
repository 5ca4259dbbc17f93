"""Reading a request's body without trusting its sender."""

from __future__ import annotations

import asyncio
import contextlib

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

DISCARDED = 64 * 1024 * 1024
DISCARD_TIMEOUT = 3.0
"""Bytes and seconds that are spent on a body that is refused."""
CLOSE = {"Connection": "close"}
"""After an answer that was given before the body was read, the connection is of no more use."""


async def read_bounded(request: Request, *, limit: int, timeout: float) -> bytes:
    """The body, at most ``limit`` bytes of it within ``timeout`` seconds.

    It is counted while it arrives, for Content-Length may be missing (chunked) or lie; what is too much is
    taken in and forgotten, see :func:`discard`. Raises HTTPException: 413 too large, 408 too slow, 400 when
    the sender went away.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        await discard(request)
        raise _too_large(limit)
    chunks, size = [], 0
    try:
        async with asyncio.timeout(timeout):
            async for chunk in request.stream():
                size += len(chunk)
                if size <= limit:
                    chunks.append(chunk)
                elif size > DISCARDED:
                    break
    except TimeoutError as error:
        if size > limit:
            raise _too_large(limit) from error
        raise HTTPException(408, f"the body did not arrive within {timeout:g} s", CLOSE) from error
    except ClientDisconnect as error:
        raise HTTPException(400, "the connection was closed before the body was complete", CLOSE) from error
    if size > limit:
        raise _too_large(limit)
    return b"".join(chunks)


async def discard(request: Request) -> None:
    """Take in and forget a body that is refused unread, up to a size and a time.

    A sender who is still writing does not read the answer; where the connection is closed on it then, it
    sees a reset and no reason. One that asks beforehand (``Expect``) is answered at once.
    """
    if "expect" in request.headers:
        return
    left = DISCARDED
    with contextlib.suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(DISCARD_TIMEOUT):
            async for chunk in request.stream():
                left -= len(chunk)
                if left < 0:
                    return


def _too_large(limit: int) -> HTTPException:
    return HTTPException(
        413,
        f"the body is larger than {limit} bytes: lower max_alerts of Alertmanager's webhook_config, "
        "or raise the daemon's limit",
        CLOSE,
    )
