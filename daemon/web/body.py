"""Reading a request's body without trusting its sender."""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

_CLOSE = {"Connection": "close"}
"""After an answer that was given before the body was read, the connection is of no more use."""


async def read_bounded(request: Request, *, limit: int, timeout: float) -> bytes:
    """The body, at most ``limit`` bytes of it within ``timeout`` seconds.

    It is counted while it arrives, for Content-Length may be missing (chunked) or lie. Raises HTTPException:
    413 too large, 408 too slow, 400 when the sender went away.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    chunks, size = [], 0
    try:
        async with asyncio.timeout(timeout):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise _too_large(limit)
                chunks.append(chunk)
    except TimeoutError as error:
        raise HTTPException(408, f"the body did not arrive within {timeout:g} s", _CLOSE) from error
    except ClientDisconnect as error:
        raise HTTPException(400, "the connection was closed before the body was complete", _CLOSE) from error
    return b"".join(chunks)


def _too_large(limit: int) -> HTTPException:
    return HTTPException(
        413,
        f"the body is larger than {limit} bytes: lower max_alerts of Alertmanager's webhook_config, "
        "or raise the daemon's limit",
        _CLOSE,
    )
