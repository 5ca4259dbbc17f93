"""A service on the web that people are notified by, over real HTTP: what it keeps, shows and refuses."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from daemon.ports import IncidentSink
from tests.contract.sinks import SinkDriver

KEY = "xoxb-71f3-secret-of-the-service-9b2e"


@dataclass
class Place:
    """A thread, ticket or alert. ``messages`` are its own text and what was added."""

    id: str
    title: str = ""
    messages: list[str] = field(default_factory=list)
    metadata: list[Mapping[str, Any]] = field(default_factory=list)
    labels: tuple[str, ...] = ()
    closed: bool = False


class Service:
    """One service with its state. ``trouble`` answers every request instead of it."""

    def __init__(self, server: HTTPServer, folder: Path) -> None:
        self.server = server
        self.places: list[Place] = []
        self.seen: list[Request] = []
        self.trouble: Response | None = None
        self.secret = folder / "secret"
        self.secret.write_text(f"{self.key}\n")
        server.clear_all_handlers()
        server.expect_request(re.compile(".*")).respond_with_handler(self._take)
        self.address = server.url_for("").rstrip("/")

    key = KEY

    @property
    def driver(self) -> SinkDriver:
        return SinkDriver(sink=self.sink(), secrets=(self.key,), refuse=self.refuse)

    def refuse(self, status: int, text: str = "", **headers: str) -> None:
        self.trouble = Response(
            text or f"no: {self.key}", status, {name.replace("_", "-"): v for name, v in headers.items()}
        )

    def _take(self, request: Request) -> Response:
        self.seen.append(request)
        if self.trouble is not None:
            return self.trouble
        return self.answer(request, json.loads(request.get_data() or b"{}"))

    def delete(self) -> None:
        """Somebody deletes the only place."""
        (place,) = self.places
        self.places.remove(place)

    @property
    def shown(self) -> list[str]:
        """Everything that people read there."""
        return [text for place in self.places for text in (place.title, *place.messages)]

    @abstractmethod
    def sink(self) -> IncidentSink:
        """Ours, as after a start."""

    @abstractmethod
    def answer(self, request: Request, body: Mapping[str, Any]) -> Response: ...


def given(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")
