"""The API server as the recorder speaks to it: requests that answer with objects, and watches."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from tests.e2e.cluster.cluster import Cluster
from tests.e2e.cluster.waiting import ClusterError

SECONDS = 30
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"


class Api:
    """A client without a connection of its own: any thread may use it."""

    def __init__(self, cluster: Cluster) -> None:
        self._address = urlsplit(cluster.api_url).netloc
        self._context = ssl.create_default_context(cafile=str(cluster.ca))
        self._token = cluster.token

    def get(self, path: str) -> dict[str, Any]:
        return self.ask("GET", path)

    def ask(
        self, method: str, path: str, body: Any = None, *, content: str = "application/json"
    ) -> dict[str, Any]:
        """The answer's object. Raises ``ClusterError`` with the API server's words where it refuses."""
        connection = self._connect(SECONDS)
        try:
            connection.request(
                method,
                path,
                body=None if body is None else json.dumps(body),
                headers={"Authorization": f"Bearer {self._token}", "Content-Type": content},
            )
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise ClusterError(f"{method} {path} ({answer.status}): {text.decode(errors='replace')}")
        return cast("dict[str, Any]", json.loads(text))

    def watch(self, path: str, since: str, selector: Mapping[str, str], tell: Callable[[Any], None]) -> Watch:
        return Watch(self._connect(None), f"Bearer {self._token}", path, since, selector, tell)

    def _connect(self, timeout: float | None) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self._address, context=self._context, timeout=timeout)


class Watch:
    """Tells each event of a watch from a thread of its own, until it is stopped."""

    def __init__(
        self,
        connection: http.client.HTTPSConnection,
        authorization: str,
        path: str,
        since: str,
        selector: Mapping[str, str],
        tell: Callable[[Any], None],
    ) -> None:
        query = urlencode({**selector, "watch": "1", "resourceVersion": since, "timeoutSeconds": "1200"})
        connection.request("GET", f"{path}?{query}", headers={"Authorization": authorization})
        self._socket = connection.sock
        self._answer = connection.getresponse()
        if self._answer.status != 200:
            raise ClusterError(f"watching {path} ({self._answer.status}): {self._answer.read()!r}")
        self._tell = tell
        self._thread = threading.Thread(target=self._run, name=f"watch {path}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            for line in self._answer:
                self._tell(json.loads(line))
        except (OSError, ValueError, http.client.HTTPException):
            return  # stopped: the socket was shut down under it

    def stop(self) -> None:
        self._socket.shutdown(2)
        self._thread.join(5)
        self._answer.close()
        self._socket.close()
