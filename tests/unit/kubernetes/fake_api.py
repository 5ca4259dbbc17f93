"""A small API server on pytest-httpserver: objects by path, versions, preconditions, scripted watches."""

from __future__ import annotations

import json
import queue
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

Object = dict[str, Any]
Script = Callable[[], Response]


def status(code: int, message: str, reason: str = "") -> Response:
    """An answer of ``meta/v1 Status``."""
    body = {"kind": "Status", "status": "Failure", "message": message, "reason": reason, "code": code}
    return answer(body, code)


def answer(body: object, code: int = 200) -> Response:
    return Response(json.dumps(body), status=code, content_type="application/json")


def lines(*events: Object) -> Response:
    """A watch that tells these events and is then closed by the server."""
    return Response("".join(json.dumps(e) + "\n" for e in events), content_type="application/json")


def broken(*events: Object) -> Response:
    """A watch that breaks off in the middle of a line, without the end that HTTP demands."""

    def body() -> Iterator[str]:
        for event in events:
            yield json.dumps(event) + "\n"
        yield '{"type":"ADD'
        raise ConnectionResetError("the server dies here")

    return Response(body(), content_type="application/json")


class FakeApi:
    """Every object lives at its path; collections are the paths above."""

    def __init__(self, server: HTTPServer) -> None:
        self.objects: dict[str, Object] = {}
        self.version = 100
        self.requests: list[tuple[str, str, dict[str, str], Any]] = []
        self.accepted: list[str] = []
        """Media types that were asked for, request by request."""
        self.answers: dict[str, list[Response]] = {}
        """Method → answers to give in place of the real ones, in order."""
        self.before_write: Callable[[], None] = lambda: None
        self.watches: defaultdict[str, queue.Queue[Script]] = defaultdict(queue.Queue)
        """Resource → what its watches tell, one after the other."""
        self.watched_from: queue.Queue[str] = queue.Queue()
        self.closing = threading.Event()
        self.page = 1000
        server.expect_request(re.compile("/.+")).respond_with_handler(self._handle)

    def put(self, path: str, body: Object) -> Object:
        """Store an object as the server would: with a new version."""
        self.version += 1
        self.objects[path] = json.loads(json.dumps(body))
        self.objects[path]["metadata"]["resourceVersion"] = str(self.version)
        return self.objects[path]

    def writes(self) -> list[tuple[str, str, dict[str, str], Any]]:
        return [request for request in self.requests if request[0] != "GET"]

    def _handle(self, request: Request) -> Response:
        query = request.args.to_dict()
        if query.get("watch"):
            self.watched_from.put(query["resourceVersion"])
            return self._watch(request.path.rsplit("/", 1)[-1])
        body = json.loads(request.get_data() or b"null")
        self.accepted.append(request.headers["Accept"])
        self.requests.append((request.method, request.path, query, body))
        if self.answers.get(request.method):
            return self.answers[request.method].pop(0)
        match request.method:
            case "GET":
                return self._get(request.path, query)
            case "POST":
                return self._post(request.path, body)
            case "DELETE":
                return self._delete(request.path, body)
            case _:
                self.before_write()
                return self._change(request.path, query, body)

    def _watch(self, plural: str) -> Response:
        """The next scripted answer; until there is one, an open watch that tells nothing."""
        try:
            return self.watches[plural].get_nowait()()
        except queue.Empty:
            return Response(self._waiting(plural), content_type="application/json")

    def _waiting(self, plural: str) -> Iterator[bytes]:
        yield b""  # the headers
        while not self.closing.is_set():
            try:
                made = self.watches[plural].get(timeout=0.02)()
            except queue.Empty:
                continue
            if made.status_code == 200:
                yield from made.iter_encoded()
            else:  # too late for a status: the next request gets it
                self.watches[plural].put(partial(Response, made.get_data(), made.status_code, made.headers))
            return

    def _get(self, path: str, query: dict[str, str]) -> Response:
        if path in self.objects:
            return answer(self.objects[path])
        if path.rsplit("/", 1)[-1] not in ("deployments", "replicasets", "pods", "rolloutcases"):
            return status(404, f"{path} not found", "NotFound")
        found = [body for place, body in self.objects.items() if place.rsplit("/", 1)[0] == path]
        start = int(query.get("continue", "0"))
        metadata = {"resourceVersion": str(self.version)}
        if start + self.page < len(found):
            metadata["continue"] = str(start + self.page)
        return answer({"kind": "List", "metadata": metadata, "items": found[start : start + self.page]})

    def _post(self, path: str, body: Object) -> Response:
        place = f"{path}/{body['metadata']['name']}"
        if place in self.objects:
            return status(409, f"{place} already exists", "AlreadyExists")
        body["metadata"]["uid"] = f"uid-{self.version}"
        body.pop("status", None)
        return answer(self.put(place, body), 201)

    def _delete(self, path: str, body: Object) -> Response:
        if path not in self.objects:
            return status(404, f"{path} not found", "NotFound")
        wanted = (body or {}).get("preconditions", {}).get("uid")
        if wanted and wanted != self.objects[path]["metadata"]["uid"]:
            return status(409, "the UID in the precondition does not match", "Conflict")
        del self.objects[path]
        return answer({"kind": "Status", "status": "Success"})

    def _change(self, path: str, query: dict[str, str], body: Any) -> Response:
        whole = path.removesuffix("/status")
        stored = self.objects.get(whole)
        if stored is None:
            return status(404, f"{path} not found", "NotFound")
        changed = json.loads(json.dumps(stored))
        if isinstance(body, list):
            for operation in body:
                _set(changed, operation["path"].split("/")[1:], operation["value"])
        elif path != whole:
            changed["status"] = body["status"]
            changed["metadata"]["resourceVersion"] = body["metadata"]["resourceVersion"]
        else:
            changed["metadata"]["resourceVersion"] = body["metadata"]["resourceVersion"]
            changed["spec"] |= body["spec"]
        if changed["metadata"]["resourceVersion"] != stored["metadata"]["resourceVersion"]:
            return status(409, "the object has been modified", "Conflict")
        return answer(changed if "dryRun" in query else self.put(whole, changed))


def _set(body: Any, path: list[str], value: object) -> None:
    *way, last = path
    for step in way:
        body = body[int(step) if isinstance(body, list) else step]
    body[last] = value
