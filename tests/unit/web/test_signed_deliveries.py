"""Deliveries by their signature, and how many of one sender's are taken at once."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Iterator, Sequence

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from starlette.exceptions import HTTPException
from starlette.requests import Request

from daemon.core.model import Alert
from daemon.web.rate import RateLimit
from daemon.web.receiver import MAX_IN_FLIGHT, MAX_UNPROVEN, Receiver
from daemon.web.signature import WINDOW, Signatures
from tests.unit.web.fakes import MAX_BODY, TOKEN, FakeIntake, FakeViews, FixedClock, serving
from tests.unit.web.test_webhook import alert, payload

KEY = "0123456789abcdef"
NOW = int(FixedClock().now().timestamp())


def sign(body: bytes, *, at: int = NOW, key: str = KEY) -> str:
    made = hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={made}"


@pytest.fixture
def url(intake: FakeIntake) -> Iterator[str]:
    with serving(intake, FakeViews(), token=None, webhook_key=KEY) as server:
        yield f"http://127.0.0.1:{server.port}/webhooks/alertmanager"


def post(url: str, body: bytes, **headers: str) -> requests.Response:
    return requests.post(url, data=body, headers=headers, timeout=10)


def test_a_signed_delivery_is_taken_once(url: str, intake: FakeIntake) -> None:
    body = payload(alert()).encode()
    signed = {"X-Rollbackd-Signature": sign(body)}
    assert post(url, body, **signed).status_code == 200
    again = post(url, body, **signed)
    assert (again.status_code, again.json()["error"]) == (
        401,
        "this delivery was taken already: sign each anew",
    )
    assert len(intake.recorded) == 1
    assert post(url, body).status_code == 401, "nothing at all is no proof"
    assert post(url, body, Authorization="Bearer ").status_code == 401, "no token is not an empty one"


def test_what_could_not_be_stored_may_be_delivered_again_as_it_was_signed(
    url: str, intake: FakeIntake
) -> None:
    body = payload(alert()).encode()
    signed = {"X-Rollbackd-Signature": sign(body)}
    intake.down = "the API server does not answer"
    assert post(url, body, **signed).status_code == 503
    intake.down = ""
    assert post(url, body, **signed).status_code == 200
    assert post(url, body, **signed).status_code == 401


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("", "form t=SECONDS,v1=HEX"),
        ("t=1,v1=zz", "form t=SECONDS,v1=HEX"),
        (sign(b"another"), "not that of this body"),
        (sign(b"{}", key="fedcba9876543210"), "not that of this body"),
        (sign(b"{}", at=NOW - int(WINDOW) - 1), "301 s off"),
        (sign(b"{}", at=NOW + int(WINDOW) + 1), "301 s off"),
    ],
)
def test_what_is_not_signed_by_the_key_now_is_refused(header: str, says: str) -> None:
    assert says in Signatures(KEY, FixedClock()).problem(header, b"{}")


@settings(max_examples=50)
@given(body=st.binary(max_size=64), flip=st.integers(0, 64 * 8), off=st.integers(-300, 300))
def test_a_body_that_was_touched_is_not_what_was_signed(body: bytes, flip: int, off: int) -> None:
    header = sign(body, at=NOW + off)
    touched = bytearray(body or b"\0")
    touched[flip // 8 % len(touched)] ^= 1 << flip % 8
    assert Signatures(KEY, FixedClock()).problem(header, bytes(touched))
    assert not Signatures(KEY, FixedClock()).problem(header, body)


def test_who_proves_nothing_keeps_no_signed_delivery_out() -> None:
    """Bodies that never end, from one address, beside one that comes in time and one that came before."""
    receiver, body = _receiver(signatures=Signatures(KEY, FixedClock())), payload(alert()).encode()
    proven = [sign(body), sign(body, at=NOW + 1)]

    async def story() -> list[int]:
        slow = asyncio.Event()
        early = asyncio.create_task(_delivered(receiver, "10.0.0.2", proven[0], body, slow))
        flood = [
            asyncio.create_task(_delivered(receiver, "10.0.0.1", sign(b"another"), body, asyncio.Event()))
            for _ in range(2 * MAX_IN_FLIGHT)
        ]
        await asyncio.sleep(0)
        codes = [await _delivered(receiver, "10.0.0.3", proven[1], body)]
        slow.set()
        codes.append(await early)
        refused = [await one for one in flood[: 2 * MAX_IN_FLIGHT - MAX_UNPROVEN]]
        for one in flood:
            one.cancel()
        return [*codes, *sorted(set(refused))]

    assert asyncio.run(story()) == [200, 200, 503]


def test_a_delivery_that_met_a_defect_may_be_delivered_again() -> None:
    class Defective(FakeIntake):
        def alerts(self, alerts: Sequence[Alert], timeout: float) -> int:
            raise KeyError("a defect")

    body, signatures = payload(alert()).encode(), Signatures(KEY, FixedClock())
    with pytest.raises(KeyError):
        asyncio.run(_delivered(_receiver(Defective(), signatures), "10.0.0.1", sign(body), body))
    assert not signatures.problem(sign(body), body)


def _receiver(intake: FakeIntake | None = None, signatures: Signatures | None = None) -> Receiver:
    return Receiver(
        intake=intake or FakeIntake(),
        registry=CollectorRegistry(),
        token=None,
        max_body=MAX_BODY,
        limit=RateLimit(lambda: 0.0, rate=1.0, burst=300.0),
        signatures=signatures,
    )


async def _delivered(
    receiver: Receiver, sender: str, signature: str, body: bytes, arrives: asyncio.Event | None = None
) -> int:
    async def receive() -> dict[str, object]:
        if arrives is not None:
            await arrives.wait()
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"x-rollbackd-signature", signature.encode())]
    scope = {"type": "http", "headers": headers, "client": (sender, 1)}
    try:
        return (await receiver(Request(scope, receive))).status_code
    except HTTPException as refused:
        return refused.status_code


def test_one_sender_that_floods_is_asked_to_come_again() -> None:
    passed = [0.0]
    limit = RateLimit(lambda: passed[0], rate=1.0, burst=2.0)
    receiver = Receiver(
        intake=FakeIntake(), registry=CollectorRegistry(), token=TOKEN, max_body=100, limit=limit
    )

    def deliver(sender: str) -> int:
        scope = {"type": "http", "headers": [(b"expect", b"100-continue")], "client": (sender, 1)}
        with pytest.raises(HTTPException) as refused:
            asyncio.run(receiver(Request(scope)))
        return refused.value.status_code

    assert [deliver("10.0.0.1") for _ in range(4)] == [401, 401, 503, 503]
    assert deliver("10.0.0.2") == 401, "others are not held up"
    passed[0] = 1.0
    assert [deliver("10.0.0.1") for _ in range(2)] == [401, 503]


@given(st.lists(st.tuples(st.floats(0, 5), st.sampled_from("ab"))))
def test_no_sender_gets_more_than_its_rate_and_burst(asked: list[tuple[float, str]]) -> None:
    at, taken = 0.0, {"a": 0, "b": 0}
    limit = RateLimit(lambda: at, rate=2.0, burst=3.0)
    for pause, sender in asked:
        at += pause
        allowed = limit.allows(sender)
        assert limit.take(sender) == allowed
        taken[sender] += allowed
    assert all(count <= 3 + 2 * at + 1e-6 for count in taken.values())
