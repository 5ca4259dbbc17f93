"""Whatever bytes the API server, or a proxy in front of it, answers: a value or an error of the ports."""

from __future__ import annotations

import contextlib

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug import Response

from daemon import ports
from daemon.adapters.kubernetes import case_codec
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.errors import decode_answer, failure
from daemon.adapters.kubernetes.resources import PODS
from daemon.adapters.kubernetes.server_time import ServerTime
from tests.unit.kubernetes.fake_api import FakeApi

NESTED = 50_000
STRANGE = [
    b'{"message": "acc\xe8s refus\xe9"}',
    b'{"metadata": {"resourceVersion": "\xff"}, "items": []}',
    b'{"items": [' + b"[" * NESTED + b"]" * NESTED + b"]}",
    b'{"other": ' + b'{"a":' * NESTED + b"1" + b"}" * NESTED + b"}",
    b'{"message": 1, "metadata": []}',
    b"",
    b"\xff\xfe\x00",
]


class Anything(msgspec.Struct):
    metadata: dict[str, str] = {}
    message: str = ""


@pytest.mark.parametrize("body", STRANGE)
@pytest.mark.parametrize("code", [200, 403, 502])
def test_a_strange_answer_is_that_answers_problem(
    api: FakeApi, client: KubeClient, body: bytes, code: int
) -> None:
    api.answers["GET"] = [Response(body, status=code, content_type="application/json")]
    with pytest.raises(ports.PortError):
        client.list(PODS, "greenlang")


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.binary(max_size=200), st.sampled_from(STRANGE)), st.integers(400, 599))
def test_any_bytes_are_decoded_or_refused(body: bytes, status: int) -> None:
    assert isinstance(failure(status, body, "GET /x"), ports.PortError)
    with contextlib.suppress(ports.PortError):
        decode_answer(body, Anything, "GET /x")
    with contextlib.suppress(ports.Rejected):
        case_codec.decode(body, "greenlang", "case")


@given(st.one_of(st.text(max_size=60), st.just("Mon, 01 Jan 0001 00:00:00 +2359")))
def test_any_date_of_an_answer_is_a_time_or_says_nothing(header: str) -> None:
    time = ServerTime(lambda: 0.0)
    time.heard(header)
    time.now()
