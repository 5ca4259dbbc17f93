"""Requests to merge at GitHub, GitLab or Gitea: opened once for a branch, and found again by it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from daemon import __version__
from daemon.adapters.git.review_services import SERVICES, Found, Proposal, Service, ServiceName
from daemon.core.value import Value
from daemon.ports import Denied, Missing, PortError, Rejected, Unavailable

TIMEOUT = 10.0
"""Seconds for connecting and, again, for the answer."""
SAID = 200
"""Characters of a refusal's body that are repeated."""


class Reviews(Value, frozen=True):
    """The requests of one project. ``token_file`` is read at each use, for it may be renewed; redirects are
    not followed, for a token is one host's. All methods raise Unavailable, Denied, Missing, Rejected."""

    name: ServiceName
    api: str
    project: str
    token_file: Path

    def find(self, head: str, base: str) -> Found | None:
        """The newest request to merge the branch, whatever became of it."""
        service = self._service
        answer = self._ask("GET", service.lookup(self.project, head, base))
        if service.single and answer.status_code == HTTPStatus.NOT_FOUND:
            # Of a project that is not there nothing can be opened either; that says so then.
            return None
        found = self._read(answer)
        if service.single:
            return self._request(found)
        if not isinstance(found, list):
            raise self._strange()
        requests_of_head = [self._request(one) for one in found]
        first = requests_of_head[0] if requests_of_head else None
        return next((one for one in requests_of_head if one.state == "open"), first)

    def propose(self, proposal: Proposal) -> Found:
        """Open a request, or find the one that is there."""
        path, body = self._service.create(self.project, proposal)
        answer = self._ask("POST", path, body)
        if answer.status_code == self._service.exists:
            found = self.find(proposal.head, proposal.base)
            if found is not None:
                return found
            raise Rejected(f"{self} does not open a request for {proposal.head} ({self._said(answer)})")
        return self._request(self._read(answer))

    def __str__(self) -> str:
        return f"{self._service.title} at {urlsplit(self.api).hostname} (project {self.project})"

    @property
    def _service(self) -> Service:
        return SERVICES[self.name]

    def _ask(self, method: str, path: str, body: Mapping[str, str] | None = None) -> requests.Response:
        token = self._token()
        headers = {**self._service.headers(token), "User-Agent": f"rollbackd/{__version__}"}
        try:
            return requests.request(
                method,
                self.api.rstrip("/") + path,
                json=body,
                headers=headers,
                timeout=TIMEOUT,
                allow_redirects=False,
                # Else a .netrc would put other credentials in the token's place.
                auth=_unchanged,
            )
        except (requests.RequestException, ValueError) as error:
            # Not the error's own text: a proxy's address may hold a password, a bad header the token.
            raise Unavailable(f"{self} does not answer ({type(error).__name__})") from error

    def _read(self, answer: requests.Response) -> Any:
        if refused := self._refusal(answer):
            raise refused
        try:
            return answer.json()
        except ValueError as error:
            raise self._strange() from error

    def _request(self, found: Any) -> Found:
        try:
            return self._service.read(found)
        except (KeyError, TypeError, ValueError) as error:
            raise self._strange() from error

    def _refusal(self, answer: requests.Response) -> PortError | None:
        status = answer.status_code
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return None
        said = f"{self} answered {status} ({self._said(answer)})"
        asked = answer.headers.get("Retry-After", "").strip()
        wait = float(asked) if asked.isascii() and asked.isdigit() else 0.0
        # GitHub says 403 for too many requests as well.
        spent = bool(asked) or answer.headers.get("X-RateLimit-Remaining") == "0"
        match status:
            case HTTPStatus.UNAUTHORIZED:
                # As Git itself (:mod:`.repository`): a plan waits for it, so that it is said at once.
                return Denied(f"{said}: renew the token in {self.token_file}")
            case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.FORBIDDEN if spent:
                text = f"{said}: it takes no more for {f'{wait:g} s' if wait else 'now'}"
                return Unavailable(text, wait=wait)
            case HTTPStatus.FORBIDDEN:
                return Denied(f"{said}: let the token's account read and open requests in the project")
            case HTTPStatus.NOT_FOUND:
                return Missing(f"{said}: correct review.project, or let the token's account see it")
            case HTTPStatus.REQUEST_TIMEOUT | HTTPStatus.TOO_MANY_REQUESTS:
                return Unavailable(said, wait=wait)
            case _ if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                return Unavailable(f"{said}: it is out of order", wait=wait)
            case _ if status < HTTPStatus.BAD_REQUEST:
                return Rejected(f"{said}: redirects are not followed, correct review.api and review.project")
            case _:
                return Rejected(said)

    def _strange(self) -> Unavailable:
        return Unavailable(f"{self} answers what is not its API: check review.api")

    def _token(self) -> str:
        try:
            found = self.token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Denied(
                f"{self.token_file} cannot be read ({type(error).__name__}): mount the Secret"
            ) from error
        if not found:
            raise Denied(f"{self.token_file} is empty: put the token into it")
        return found

    def _said(self, answer: requests.Response) -> str:
        """The service's own words, without what nobody may read."""
        try:
            body = answer.json()
            words = str(body.get("message") or body.get("error") or "") if isinstance(body, dict) else ""
        except ValueError:
            words = ""
        words = words.replace(self._token(), "…") or answer.reason or "no reason given"
        return " ".join(words.split())[:SAID]


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
