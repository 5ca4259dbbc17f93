"""Raw requests to the API server: authentication and TLS are the official client's, the rest is ours.

The official client's typed models are not used: they cost tens of megabytes, decode slowly and drop fields
that they do not know. Nothing here retries, follows redirects or waits without a bound.
"""

from __future__ import annotations

import contextlib
import copy
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

import urllib3
import websocket
from kubernetes import client as _client

from daemon import ports
from daemon.adapters.kubernetes import partial
from daemon.adapters.kubernetes.bounds import bounds
from daemon.adapters.kubernetes.errors import decode_answer, failure
from daemon.adapters.kubernetes.partial import Listing
from daemon.adapters.kubernetes.resources import Resource
from daemon.adapters.kubernetes.server_time import ServerTime
from daemon.adapters.kubernetes.stream import FOREIGN, Stream, one_line
from daemon.adapters.kubernetes.unreachable import unreachable
from daemon.core.value import learn_types

T = TypeVar("T")

# The official client's annotations are partial; behind this name it is untyped on purpose.
_kubernetes = cast("Any", _client)
_websocket = cast("Any", websocket)

READ_TIMEOUT = 10.0
LIST_TIMEOUT = 30.0
PAGE = 100
"""Objects of one answer. Several namespaces are listed at once, and a case may have tens of kilobytes."""
CHANNELS = ["v5.channel.k8s.io", "v4.channel.k8s.io"]
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"


class KubeClient:
    """One API server, one identity. Safe to use from several threads."""

    def __init__(
        self,
        configuration: Any,
        *,
        namespace: str = "default",
        renew: Callable[[], None] | None = None,
        origin: str = "",
    ) -> None:
        learn_types()
        configuration.retries = False
        configuration.keep_alive = True
        configuration.connection_pool_maxsize = 64
        self._api = _kubernetes.ApiClient(configuration)
        self._api.user_agent = "rollbackd"
        self.host: str = configuration.host
        self.namespace = namespace
        """The kubeconfig context's namespace, or in a cluster the pod's own."""
        self._renew = renew
        self._origin = origin
        self._allowance: Callable[[], float] | None = None
        self._server_time = ServerTime()

    def as_person(self, token: str) -> KubeClient:
        """The same API server as whoever bears the token, and as nobody else: not a certificate of ours is
        shown, which would win over the token. To be closed."""
        configuration = copy.deepcopy(self._api.configuration)
        configuration.cert_file = configuration.key_file = None
        configuration.username = configuration.password = None
        configuration.refresh_api_key_hook = None
        configuration.api_key_prefix = {}
        configuration.api_key = {"BearerToken": f"Bearer {token}"}
        return KubeClient(configuration, namespace=self.namespace)

    def close(self) -> None:
        self._api.close()

    def within(self, allowance: Callable[[], float]) -> KubeClient:
        """The same client, for writes that are over within the ``allowance`` (seconds), or not begun."""
        limited = copy.copy(self)
        limited._allowance = allowance
        return limited

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        timeout: float = READ_TIMEOUT,
    ) -> bytes:
        """The answer's body, which is JSON. ``timeout`` (seconds) bounds each wait for the server.

        Raises Denied, Missing, Conflict, Rejected, Unavailable.
        """
        what = f"{method} {path}"
        response = self._open(
            method,
            path,
            query=query,
            body=body,
            content_type=content_type,
            accept=accept,
            timeout=timeout,
        )
        try:
            data: bytes = response.data
        except FOREIGN as error:
            raise ports.Unavailable(f"{what}: {one_line(error)}") from error
        if not 200 <= response.status < 300:
            raise self._failure(response.status, data, what)
        _check(response, what)
        return data

    def text(self, path: str, *, query: Mapping[str, str], most: int, timeout: float) -> bytes:
        """A plain answer's first ``most`` bytes. Raises as :meth:`request`."""
        response = self._open("GET", path, query=query, accept="*/*", timeout=timeout)
        try:
            data: bytes = response.read(most)
        except FOREIGN as error:
            raise ports.Unavailable(f"GET {path}: {one_line(error)}") from error
        finally:
            response.close()
        if response.status != HTTPStatus.OK:
            raise self._failure(response.status, data, f"GET {path}")
        return data

    def read(
        self,
        path: str,
        kind: type[T],
        *,
        query: Mapping[str, str] | None = None,
        timeout: float = READ_TIMEOUT,
    ) -> T:
        """GET, decoded. Raises as :meth:`request`; an object that makes no sense is Unavailable."""
        return decode_answer(self.request("GET", path, query=query, timeout=timeout), kind, f"GET {path}")

    def tail(self, path: str, *, query: Mapping[str, str], keep: int, timeout: float = READ_TIMEOUT) -> bytes:
        """The last ``keep`` bytes of a text of any length, and of any encoding. Raises as :meth:`request`."""
        what = f"GET {path}"
        response = self._open("GET", path, query=query, accept="*/*", timeout=timeout)
        kept = b""
        try:
            for chunk in response.stream(65536):
                kept = (kept + chunk)[-keep:]
        except FOREIGN as error:
            raise ports.Unavailable(f"{what}: {one_line(error)}") from error
        finally:
            response.close()
        if response.status != HTTPStatus.OK:
            raise self._failure(response.status, kept, what)
        return kept

    def channels(self, path: str, query: Sequence[tuple[str, str]], *, timeout: float) -> websocket.WebSocket:
        """A websocket of the channel protocol (``v5.channel.k8s.io``), as ``exec`` speaks it. ``timeout``
        (seconds) bounds each wait. Raises as :meth:`request`."""
        what = f"exec {path}"
        bounds("POST", timeout, self._allowance)
        made: Any = self._api.configuration
        headers: dict[str, str] = {}
        secure: dict[str, Any] = {"cert_reqs": ssl.CERT_REQUIRED if made.verify_ssl else ssl.CERT_NONE}
        named = {
            "ca_certs": made.ssl_ca_cert,
            "certfile": made.cert_file,
            "keyfile": made.key_file,
            "server_hostname": made.tls_server_name,
        }
        secure |= {name: value for name, value in named.items() if value}
        socket: websocket.WebSocket = _websocket.WebSocket(sslopt=secure)
        try:
            self._api.update_params_for_auth(headers, [], ["BearerToken"], path, "GET", None)
            cast("Any", socket).connect(
                f"ws{self.host.removeprefix('http')}{path}?{urlencode(query)}",
                header=headers,
                subprotocols=CHANNELS,
                timeout=timeout,
                suppress_origin=True,
                http_no_proxy=["*"],
            )
        except websocket.WebSocketBadStatusException as error:
            raise self._failure(error.status_code, error.resp_body or b"", what) from error
        except (websocket.WebSocketException, *FOREIGN) as error:
            why = unreachable(error, self.host, self._origin)
            raise ports.Unavailable(f"{what}: {why}") from error
        return socket

    def list(
        self, resource: Resource, namespace: str, *, selector: str = "", timeout: float = LIST_TIMEOUT
    ) -> Listing:
        """Everything of a resource. Raises as :meth:`pages`."""
        items: list[bytes] = []
        version = ""
        for page in self.pages(resource, namespace, selector=selector, timeout=timeout):
            items += page.items
            version = page.resource_version
        return Listing(items=tuple(items), resource_version=version)

    def pages(
        self, resource: Resource, namespace: str, *, selector: str = "", timeout: float = LIST_TIMEOUT
    ) -> Iterator[Listing]:
        """The same page by page, each within ``timeout`` (seconds): a large fleet's objects are many times
        what is kept of them. Raises as :meth:`request`, Expired between pages."""
        path = resource.path(namespace)
        query = {"limit": str(PAGE)} | ({"labelSelector": selector} if selector else {})
        while True:
            page = self.read(path, partial.Page, query=query, timeout=timeout)
            items = tuple(bytes(item) for item in page.items or ())
            after, version = page.metadata.continue_, page.metadata.resource_version
            del page
            yield Listing(items=items, resource_version=version)
            if not after:
                return
            query["continue"] = after

    def watch(self, resource: Resource, namespace: str, *, since: str, seconds: int, grace: float) -> Stream:
        """Open a watch that the server closes after ``seconds``; silence for longer than that plus ``grace``
        (seconds) breaks it off. Raises as :meth:`request`, Expired when ``since`` is too old."""
        path = resource.path(namespace)
        query = {
            "watch": "1",
            "resourceVersion": since,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(seconds),
        }
        response = self._open("GET", path, query=query, timeout=seconds + grace)
        if response.status == 200:
            return Stream(response, f"WATCH {path}")
        try:
            body: bytes = response.data
        except FOREIGN as error:
            raise ports.Unavailable(f"WATCH {path}: {one_line(error)}") from error
        raise self._failure(response.status, body, f"WATCH {path}")

    def greet(self) -> None:
        """Ask for what anybody may read, so that the API server's time is known; a server that is down tells
        it later."""
        with contextlib.suppress(ports.PortError):
            self.request("GET", "/version")

    def server_time(self) -> datetime | None:
        """The API server's time of day now, by its last answer; ``None`` before its first."""
        return self._server_time.now()

    def _failure(self, status: int, body: bytes, what: str) -> ports.PortError:
        """The error of an answer. Who is not known reads its credentials again, for the next request."""
        if status == HTTPStatus.UNAUTHORIZED and self._renew is not None:
            with contextlib.suppress(*FOREIGN):
                self._renew()
        return failure(status, body, what)

    def _open(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None,
        timeout: float,
        body: object = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> urllib3.HTTPResponse:
        limits = bounds(method, timeout, self._allowance)
        url = self.host + path + (f"?{urlencode(query)}" if query else "")
        headers = {**self._api.default_headers, "Accept": accept, "Content-Type": content_type}
        try:
            # Reads the token file again when it is older than a minute, or runs the exec plugin.
            self._api.update_params_for_auth(headers, [], ["BearerToken"], path, method, None)
            answer = self._api.call_api(method, url, headers, body=body, _request_timeout=limits)
        except FOREIGN as error:
            why = unreachable(error, self.host, self._origin)
            raise ports.Unavailable(f"{method} {path}: {why}") from error
        response = cast("urllib3.HTTPResponse", answer.response)
        self._server_time.heard(response.headers.get("Date"))
        return response


def _check(response: urllib3.HTTPResponse, what: str) -> None:
    kind = response.headers.get("Content-Type", "")
    if not kind.startswith("application/json"):
        raise ports.Unavailable(
            f"{what}: expected JSON and got {kind or 'no content type'}; is this an API server?"
        )
