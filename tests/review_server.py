"""GitHub, GitLab and Gitea on loopback: the few requests that the daemon makes, answered as they document."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "a-token-that-nobody-prints"
PROJECT = "platform/infra"
Answer = tuple[int, Any]
MISSING: Answer = (404, {"message": "Not Found"})


@dataclass
class Request:
    """One pull or merge request; ``state`` is open, merged or closed."""

    number: int
    head: str
    base: str
    title: str
    body: str
    state: str = "open"


@dataclass
class ReviewServer:
    """``forced`` are answers (status, body, headers) that come before any of its own."""

    service: str
    requests: list[Request] = field(default_factory=list)
    accepts: str = TOKEN
    forced: list[tuple[int, Any, Mapping[str, str]]] = field(default_factory=list)
    lose_answer: bool = False
    """Close the connection after the next request was opened."""
    before_open: list[Callable[[], object]] = field(default_factory=list)
    """What happens instead when a request is about to be opened, one at a time; nobody hears an answer."""

    def __post_init__(self) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.address = f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def api(self) -> str:
        return self.address + {"github": "", "gitlab": "/api/v4", "gitea": "/api/v1"}[self.service]

    def start(self) -> None:
        threading.Thread(target=self._http.serve_forever, args=(0.01,), name="review", daemon=True).start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: Any) -> Answer:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        match self.service:
            case "github":
                return self._github(method, parts.path, query, headers, body)
            case "gitlab":
                return self._gitlab(method, parts.path, query, headers, body)
            case _:
                return self._gitea(method, parts.path, headers, body)

    def _github(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: Any
    ) -> Answer:
        if headers.get("Authorization") != f"Bearer {self.accepts}":
            return 401, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"}
        if path != f"/repos/{PROJECT}/pulls":
            return MISSING
        if method == "GET":
            owner, _, head = query["head"].partition(":")
            assert owner == PROJECT.partition("/")[0]
            return 200, [self._pull(one) for one in self._of(head, query["base"])]
        if any(one.state == "open" for one in self._of(body["head"], body["base"])):
            why = f"A pull request already exists for platform:{body['head']}."
            errors = [{"resource": "PullRequest", "code": "custom", "message": why}]
            return 422, {"message": "Validation Failed", "errors": errors}
        return 201, self._pull(self._open(body["head"], body["base"], body["title"], body["body"]))

    def _gitlab(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: Any
    ) -> Answer:
        if headers.get("PRIVATE-TOKEN") != self.accepts:
            return 401, {"message": "401 Unauthorized"}
        if path != "/api/v4/projects/platform%2Finfra/merge_requests":
            return 404, {"message": "404 Project Not Found"}
        if method == "GET":
            found = self._of(query["source_branch"], query["target_branch"])
            return 200, [self._merge_request(one) for one in found]
        head, base = body["source_branch"], body["target_branch"]
        open_ones = [one for one in self._of(head, base) if one.state == "open"]
        if open_ones:
            why = f"Another open merge request already exists for this source branch: !{open_ones[0].number}"
            return 409, {"message": [why]}
        return 201, self._merge_request(self._open(head, base, body["title"], body["description"]))

    def _gitea(self, method: str, path: str, headers: Mapping[str, str], body: Any) -> Answer:
        if headers.get("Authorization") != f"token {self.accepts}":
            return 401, {"message": "invalid username, password or token", "url": f"{self.address}/api"}
        if method == "GET":
            named = re.fullmatch(rf"/api/v1/repos/{PROJECT}/pulls/([^/]+)/(.+)", path)
            found = self._of(unquote(named[2]), unquote(named[1])) if named else []
            return (200, self._pull(found[0])) if found else MISSING
        if path != f"/api/v1/repos/{PROJECT}/pulls":
            return MISSING
        if any(one.state == "open" for one in self._of(body["head"], body["base"])):
            return 409, {"message": "pull request already exists for these targets [id: 1]"}
        return 201, self._pull(self._open(body["head"], body["base"], body["title"], body["body"]))

    def _of(self, head: str, base: str) -> list[Request]:
        return [one for one in reversed(self.requests) if (one.head, one.base) == (head, base)]

    def _open(self, head: str, base: str, title: str, body: str) -> Request:
        self.requests.append(Request(len(self.requests) + 1, head, base, title, body))
        return self.requests[-1]

    def _pull(self, one: Request) -> dict[str, Any]:
        merged = one.state == "merged"
        return {
            "number": one.number,
            "html_url": f"{self.address}/{PROJECT}/pull/{one.number}",
            "state": "open" if one.state == "open" else "closed",
            "merged_at": "2026-01-05T18:00:00Z" if merged else None,
            **({"merged": merged} if self.service == "gitea" else {}),
        }

    def _merge_request(self, one: Request) -> dict[str, Any]:
        return {
            "iid": one.number,
            "web_url": f"{self.address}/{PROJECT}/-/merge_requests/{one.number}",
            "state": {"open": "opened"}.get(one.state, one.state),
        }


def _handler(server: ReviewServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            del format, args

        def _answer(self, body: Any) -> None:
            if self.command == "POST" and server.before_open:
                server.before_open.pop(0)()
                self.close_connection = True
                return
            if server.forced:
                status, said, more = server.forced.pop(0)
                self._send(status, said, more)
                return
            status, said = server.answer(self.command, self.path, dict(self.headers), body)
            if status == 201 and server.lose_answer:
                server.lose_answer = False
                self.close_connection = True
                return
            self._send(status, said, {})

        def _send(self, status: int, said: Any, more: Mapping[str, str]) -> None:
            sent = said.encode() if isinstance(said, str) else json.dumps(said).encode()
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

    return Handler


@contextmanager
def reviewing(service: str) -> Iterator[ReviewServer]:
    server = ReviewServer(service)
    server.start()
    try:
        yield server
    finally:
        server.stop()
