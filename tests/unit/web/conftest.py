"""A server for each test, and one for all of a module that leave it as it is: each takes its time to stop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from tests.unit.web.fakes import TOKEN, FakeIntake, FakeViews, serving


class Client:
    """Talks to one server, with the token unless told otherwise."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(self.base + path, headers=headers, timeout=10)

    def post(self, body: object, *, token: str | None = TOKEN) -> requests.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}".encode()}
        return requests.post(
            f"{self.base}/webhooks/alertmanager",
            data=body,  # type: ignore[arg-type]
            headers=headers,
            timeout=20,
        )


@pytest.fixture
def intake() -> FakeIntake:
    return FakeIntake()


@pytest.fixture
def views() -> FakeViews:
    return FakeViews()


@pytest.fixture
def client(intake: FakeIntake, views: FakeViews) -> Iterator[Client]:
    with serving(intake, views) as server:
        yield Client(server.port)


@pytest.fixture(scope="module")
def unmoved() -> Iterator[Client]:
    """Of a server that nothing may be recorded by."""
    intake = FakeIntake()
    with serving(intake, FakeViews()) as server:
        yield Client(server.port)
    assert intake.recorded == []
