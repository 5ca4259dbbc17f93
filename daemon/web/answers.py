"""Answers in JSON, encoded by msgspec and not by pydantic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from fastapi import Response

from daemon.core.value import Value

Described = dict[int | str, dict[str, Any]]
"""What FastAPI calls ``responses``: status codes with their descriptions."""
RETRY = {"Retry-After": "5"}


def answer(content: Value | Sequence[Value] | Mapping[str, Any], *, status: int = 200) -> Response:
    return Response(
        msgspec.json.encode(content),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
