"""The API server's time of day, by what comes with its answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.server_time import ServerTime
from tests.unit.kubernetes import fake_api
from tests.unit.kubernetes.fake_api import FakeApi

HEARD = datetime(2026, 1, 5, 9, 0, 0, 500_000, tzinfo=UTC)


def test_the_last_date_and_what_has_passed_since() -> None:
    seconds = [100.0]
    time = ServerTime(lambda: seconds[0])
    assert time.now() is None
    time.heard("Mon, 05 Jan 2026 09:00:00 GMT")
    assert time.now() == HEARD
    seconds[0] += 7
    assert time.now() == HEARD + timedelta(seconds=7)


@pytest.mark.parametrize(
    "header", [None, "", "yesterday", "Mon, 05 Jan 2026 09:00:00 -0000", "2026-01-05T09:00:00Z"]
)
def test_a_date_that_makes_no_sense_says_nothing(header: str | None) -> None:
    time = ServerTime(lambda: 0.0)
    time.heard("Mon, 05 Jan 2026 09:00:00 GMT")
    time.heard(header)
    assert time.now() == HEARD


@pytest.mark.parametrize("code", [200, 403, 503])
def test_every_answer_tells_it(api: FakeApi, client: KubeClient, code: int) -> None:
    api.answers["GET"] = [fake_api.status(code, "whatever it says")]
    assert client.server_time() is None
    client.greet()
    told = client.server_time()
    assert told is not None
    assert abs((told - datetime.now(UTC)).total_seconds()) < 5.0
