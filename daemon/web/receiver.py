"""The endpoint that Alertmanager posts to."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from contextlib import contextmanager

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Request, Response
from prometheus_client import CollectorRegistry, Counter
from starlette.exceptions import HTTPException

from daemon import logs
from daemon.ports import Unavailable
from daemon.web import webhook
from daemon.web.answers import RETRY, Described, answer
from daemon.web.body import discard, read_bounded
from daemon.web.door import peer
from daemon.web.ports import Intake
from daemon.web.rate import RateLimit
from daemon.web.seats import Unproven
from daemon.web.signature import HEADER, Signatures

MAX_IN_FLIGHT = 64
"""Deliveries handled at once; each holds a body, and a thread while it is recorded."""
MAX_UNPROVEN = 32
"""Signed deliveries whose bodies are read at once: only a whole body tells whether its signature is right."""
DELIVERIES_AT_ONCE, DELIVERIES_PER_SECOND = 300.0, 30.0
"""Of one address. Alertmanager repeats what gets 503."""
BODY_TIMEOUT = 10.0
RECORD_TIMEOUT = 8.0
"""Seconds; body and recording together stay well below the minute that Alertmanager repeats after."""

_UNAUTHORIZED = {"WWW-Authenticate": 'Bearer realm="rollbackd"'}

log = logs.get("web")


class Receiver:
    """``POST /webhooks/alertmanager``. A 200 is given only after the alerts are recorded.

    4xx only for what can never succeed, because Alertmanager does not repeat those; it repeats 5xx.
    """

    def __init__(
        self,
        *,
        intake: Intake,
        registry: CollectorRegistry,
        token: str | None,
        max_body: int,
        limit: RateLimit,
        signatures: Signatures | None = None,
    ) -> None:
        self._intake = intake
        self._token = token
        self._signatures = signatures
        self._limit = limit
        self._max_body = max_body
        self._in_flight = 0
        self._unproven = Unproven(MAX_UNPROVEN)
        # Its own, so that a slow store never takes the threads of anything else.
        self._limiter = CapacityLimiter(MAX_IN_FLIGHT)
        self._deliveries = Counter(
            "rollbackd_webhook_deliveries",
            "Deliveries to the webhook by status.",
            ["code"],
            registry=registry,
        )
        self._alerts = Counter(
            "rollbackd_webhook_alerts", "Alerts that concerned a guarded workload.", registry=registry
        )

    async def __call__(self, request: Request) -> Response:
        code = 500
        try:
            response = await self._handle(request)
            code = response.status_code
            return response
        except HTTPException as error:
            code = error.status_code
            raise
        finally:
            self._deliveries.labels(str(code)).inc()

    async def _handle(self, request: Request) -> Response:
        if not self._limit.take(peer(request)):
            raise HTTPException(503, f"too many deliveries came from {peer(request)}: deliver again", RETRY)
        signature = request.headers.get(HEADER)
        if self._signatures is not None and signature is not None:
            return await self._signed(request, self._signatures, signature)
        try:
            self._authorize(request)
        except HTTPException:
            await discard(request)
            raise
        with self._seat():
            return await self._take(await self._body(request))

    async def _signed(self, request: Request, signatures: Signatures, signature: str) -> Response:
        with self._unproven.seat(peer(request)):
            body = await self._body(request)
        if why := signatures.problem(signature, body):
            raise HTTPException(401, why, _UNAUTHORIZED)
        try:
            with self._seat():
                return await self._take(body)
        except Exception as error:
            if not isinstance(error, HTTPException) or error.status_code >= 500:
                # The sender delivers again, and may do so with the same signature.
                signatures.forget(signature)
            raise

    @contextmanager
    def _seat(self) -> Iterator[None]:
        if self._in_flight >= MAX_IN_FLIGHT:
            raise HTTPException(503, f"{MAX_IN_FLIGHT} deliveries are being recorded: deliver again", RETRY)
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1

    async def _body(self, request: Request) -> bytes:
        return await read_bounded(request, limit=self._max_body, timeout=BODY_TIMEOUT)

    async def _take(self, body: bytes) -> Response:
        delivery = _decode(body)
        recorded = await self._record(delivery)
        self._alerts.inc(recorded)
        return answer({"accepted": len(delivery.alerts), "recorded": recorded})

    def _authorize(self, request: Request) -> None:
        if self._token is None and self._signatures is None:
            raise HTTPException(403, "the webhook is switched off: set web.token_file to switch it on")
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        # The bytes that were sent: headers arrive decoded as Latin-1, and compare_digest refuses such str.
        sent = given.strip(" \t").encode("latin-1")
        own = self._token.encode() if self._token is not None else b""
        if own and scheme.lower() == "bearer" and hmac.compare_digest(sent, own):
            return
        raise HTTPException(
            401,
            "this webhook wants 'Authorization: Bearer TOKEN': set http_config.authorization.credentials "
            "in Alertmanager's receiver to the daemon's token",
            _UNAUTHORIZED,
        )

    async def _record(self, delivery: webhook.Delivery) -> int:
        if delivery.truncated:
            log.warning("alertmanager left alerts out (max_alerts)", truncated=delivery.truncated)
        if not delivery.alerts:
            return 0
        try:
            return await to_thread.run_sync(
                self._intake.alerts, delivery.alerts, RECORD_TIMEOUT, limiter=self._limiter
            )
        except Unavailable as error:
            raise HTTPException(503, f"the alerts could not be recorded: {error}", RETRY) from error


def _decode(body: bytes) -> webhook.Delivery:
    try:
        return webhook.decode(body)
    except webhook.BadPayloadError as error:
        raise HTTPException(400, str(error)) from error


def add_webhook(app: FastAPI, receiver: Receiver) -> None:
    answers: Described = {
        400: {"description": "Not a payload of version 4"},
        401: {"description": "Missing or wrong token"},
        403: {"description": "The webhook is switched off"},
        413: {"description": "Body too large"},
        503: {"description": "Cannot record now; deliver again"},
    }

    @app.post("/webhooks/alertmanager", responses=answers, openapi_extra=_JSON_BODY)
    async def alertmanager(request: Request) -> Response:
        """Take a delivery of Alertmanager (payload version 4)."""
        return await receiver(request)


_JSON_BODY = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
}
