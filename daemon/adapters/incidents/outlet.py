"""Posting to services on the web that people use: one request, one answer, one table of what it means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import requests

from daemon import __version__
from daemon.core.value import Value
from daemon.ports import Denied, PortError, Rejected, Unavailable

TIMEOUT = 5.0
"""Seconds for connecting and, again, for the answer. No retries: the engine asks again."""
SAID = 200
"""Characters of a refusal's body that are repeated."""


class Outlet(Value, frozen=True):
    """A service that takes JSON. ``remedy`` is what a person does when it refuses."""

    service: str
    url: str
    remedy: str
    secrets: tuple[str, ...] = ()
    """What no message may repeat."""

    def post(self, body: bytes, headers: Mapping[str, str]) -> str:
        """The answer's text. Raises Unavailable, Denied, Rejected; none of them holds a secret or the URL."""
        try:
            # A session each: incidents are rare, and an idle connection would be half-open by then.
            answer = requests.post(
                self.url,
                data=body,
                headers={
                    "Content-Type": "application/json",
                    "User-Agent": f"rollbackd/{__version__}",
                    **headers,
                },
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # Not the error's own text: it holds the URL, and through a proxy its password.
            raise Unavailable(
                f"{self._where} does not answer ({type(error).__name__}): check the network to it"
            ) from error
        text = answer.content.decode("utf-8", "replace")
        if not 200 <= answer.status_code < 300:
            raise refusal(self._where, answer, self._masked(text), self.remedy)
        return text

    @property
    def _where(self) -> str:
        return f"{self.service} at {urlsplit(self.url).hostname}"

    def _masked(self, text: str) -> str:
        for secret in (*self.secrets, self.url):
            text = text.replace(secret, "…")
        return " ".join(text.split())[:SAID]


def refusal(where: str, answer: requests.Response, reason: str, remedy: str) -> PortError:
    """What an answer other than 2xx means: what may pass by itself, and what a person has to change."""
    status = answer.status_code
    said = f"{where} answered {status} ({reason or _phrase(status)})"
    match status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            wait = answer.headers.get("Retry-After")
            return Unavailable(f"{said}: it takes no more for {f'{wait} s' if wait else 'now'}")
        case HTTPStatus.UNAUTHORIZED:
            return Unavailable(f"{said}: {remedy}")
        case HTTPStatus.FORBIDDEN:
            return Denied(f"{said}: {remedy}")
        case HTTPStatus.REQUEST_TIMEOUT:
            return Unavailable(f"{said}: it is out of order")
        case _ if status >= 500:
            return Unavailable(f"{said}: it is out of order")
        case _:
            return Rejected(f"{said}: {remedy}")


def secret_in(path: Path) -> str:
    """A secret from its file, read anew each time so that it may be rotated. Raises Unavailable."""
    try:
        found = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"{path} cannot be read ({type(error).__name__}): mount the file") from error
    if not found:
        raise Unavailable(f"{path} is empty: put the secret into it")
    return found


def encoded(payload: Mapping[str, object]) -> bytes:
    return json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no reason given"
