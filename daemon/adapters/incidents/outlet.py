"""Asking services on the web that people use: one request, one answer, one table of what it means."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests

from daemon import __version__
from daemon.core.value import Value
from daemon.ports import Denied, PortError, Rejected, Unavailable

T = TypeVar("T")
TIMEOUT = 5.0
"""Seconds for connecting and, again, for the answer. No retries: the engine asks again."""
SAID = 200
"""Characters of a refusal's body that are repeated."""
LIMITED = 60.0
"""Seconds to wait where a limit is reached and no time is named."""


class Answer(Value, frozen=True):
    status: int
    text: str


class Outlet(Value, frozen=True):
    """A service that takes JSON. ``remedy`` is what a person does when it refuses."""

    service: str
    url: str
    remedy: str
    secrets: tuple[str, ...] = ()
    """What no message may repeat."""
    headers: Mapping[str, str] = {}
    """Sent with each request; they may be secret."""
    barred: frozenset[int] = frozenset()
    """Statuses that mean, of this service, that a person has to change something."""
    limits_by_403: bool = False
    """Whether it says so when a limit is reached, with the time that the limit lasts."""

    def __repr__(self) -> str:
        return f"Outlet({self._where})"

    def post(self, body: bytes, headers: Mapping[str, str]) -> str:
        """The answer's text. Raises Unavailable, Denied, Rejected; none of them holds a secret or the URL."""
        return self._ask("POST", "", body, headers=headers).text

    def call(
        self,
        method: str,
        path: str = "",
        payload: Mapping[str, object] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        gone: frozenset[int] = frozenset(),
    ) -> Answer:
        """The answer, which is 2xx or one of ``gone``. Raises as :meth:`post`."""
        body = encoded(payload) if payload is not None else None
        return self._ask(method, path, body, query=query, gone=gone)

    def read(self, answer: Answer, shape: Callable[[Any], T]) -> T:
        """What ``shape`` makes of the answer's JSON. Raises Unavailable where it is none, or another one than
        the service's: a proxy, a login page or another API answered."""
        try:
            found = json.loads(answer.text)
        except ValueError as error:
            said = self._masked(answer.text)
            raise Unavailable(f"{self._where} answers what is not JSON ({said}): {self.remedy}") from error
        try:
            return shape(found)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            said, what = self._masked(answer.text), f"{type(error).__name__}: {error}"[:SAID]
            strange = f"{self._where} answers what is not its API's ({what}; {said})"
            raise Unavailable(f"{strange}: check the address, and {self.remedy}") from error

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        gone: frozenset[int] = frozenset(),
    ) -> Answer:
        given = {"Content-Type": "application/json", "User-Agent": f"rollbackd/{__version__}"}
        try:
            # A session each: incidents are rare, and an idle connection would be half-open by then.
            answer = requests.request(
                method,
                f"{self.url}{path}",
                params=query,
                data=body,
                headers={**given, **self.headers, **(headers or {})},
                timeout=TIMEOUT,
                # What is sent along is for this host alone.
                allow_redirects=False,
                # Else a .netrc would put other credentials in the token's place.
                auth=lambda request: request,
            )
        except requests.RequestException as error:
            # Not the error's own text: it holds the URL, and through a proxy its password.
            raise Unavailable(
                f"{self._where} does not answer ({type(error).__name__}): check the network to it"
            ) from error
        text = answer.content.decode("utf-8", "replace")
        if 200 <= answer.status_code < 300 or answer.status_code in gone:
            return Answer(status=answer.status_code, text=text)
        if answer.status_code in self.barred:
            raise Denied(f"{self._where} answered {answer.status_code} ({self._masked(text)}): {self.remedy}")
        if (
            answer.status_code == HTTPStatus.FORBIDDEN
            and self.limits_by_403
            and (wait := _wait(answer.headers))
        ):
            raise Unavailable(f"{self._where} answered 403: it takes no more for {wait:g} s", wait=wait)
        raise refusal(self._where, answer, self._masked(text), self.remedy)

    @property
    def _where(self) -> str:
        return f"{self.service} at {urlsplit(self.url).hostname}"

    def _masked(self, text: str) -> str:
        for secret in (*self.secrets, self.url):
            text = text.replace(secret, "…")
        return " ".join(text.split())[:SAID]


def fields(found: Any) -> Mapping[str, Any]:
    """An object of JSON. Raises TypeError for anything else."""
    if not isinstance(found, dict):
        raise TypeError(f"an object was expected, and this is {type(found).__name__}")
    return found


def entries(found: Any) -> list[Mapping[str, Any]]:
    """A list of objects. Raises TypeError for anything else."""
    if not isinstance(found, list):
        raise TypeError(f"a list was expected, and this is {type(found).__name__}")
    return [fields(each) for each in found]


def refusal(where: str, answer: requests.Response, reason: str, remedy: str) -> PortError:
    """What an answer other than 2xx means: what may pass by itself, and what a person has to change."""
    status = answer.status_code
    said = f"{where} answered {status} ({reason or _phrase(status)})"
    wait = _wait(answer.headers)
    match status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return Unavailable(f"{said}: it takes no more for {f'{wait:g} s' if wait else 'now'}", wait=wait)
        case HTTPStatus.UNAUTHORIZED:
            return Unavailable(f"{said}: {remedy}")
        case HTTPStatus.FORBIDDEN:
            return Denied(f"{said}: {remedy}")
        case HTTPStatus.REQUEST_TIMEOUT:
            return Unavailable(f"{said}: it is out of order")
        case _ if status >= 500:
            return Unavailable(f"{said}: it is out of order", wait=wait)
        case _ if 300 <= status < 400:
            return Rejected(f"{said}: it redirects, and a secret is sent to no other host: {remedy}")
        case _:
            return Rejected(f"{said}: {remedy}")


def _wait(headers: Mapping[str, str]) -> float:
    """The seconds that the other side asks for; a date is taken as no number."""
    asked = headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked)
    # GitHub says so of its hourly limit, with 403.
    return LIMITED if headers.get("X-RateLimit-Remaining") == "0" else 0.0


def secret_in(path: Path) -> str:
    """A secret from its file, read anew each time so that it may be rotated. Raises Unavailable."""
    try:
        found = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"{path} cannot be read ({type(error).__name__}): mount the file") from error
    if not found:
        raise Unavailable(f"{path} is empty: put the secret into it")
    if not found.isprintable() or not found.isascii():
        raise Unavailable(f"{path} holds more than one line of plain text: put the secret alone into it")
    return found


def address_in(path: Path) -> str:
    """A webhook's address, which is a secret itself. Raises Unavailable."""
    found = secret_in(path)
    parts = urlsplit(found)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Unavailable(f"{path} holds no address: put the webhook's https://… into it")
    return found


def place_of(files: Mapping[str, Path], channel: str) -> tuple[str, Path]:
    """A channel's name and file; the first is the usual one. Raises Rejected for one that is not there any
    more, while something that is still to be sent names it."""
    name = channel or next(iter(files))
    if name not in files:
        raise Rejected(f"there is no channel {name} any more (configured: {', '.join(files)})")
    return name, files[name]


def encoded(payload: Mapping[str, object]) -> bytes:
    return json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no reason given"
