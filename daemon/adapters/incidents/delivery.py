"""A Sentry transport that tells its caller what became of each envelope.

The SDK's own transport queues for a thread of its own and drops what it cannot send. Here the caller waits,
and a failure is an exception that passes through ``Client.capture_event``.
"""

from __future__ import annotations

import gzip
from typing import Any

import requests
from sentry_sdk.consts import VERSION, EndpointType
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from daemon.adapters.incidents.outlet import SAID, TIMEOUT, refusal
from daemon.ports import Unavailable

REMEDY = "check the DSN, its project and address, and that the project and key are active"


class BlockingTransport(Transport):
    """Posts each envelope in the caller's thread. Raises Unavailable, Denied, Rejected."""

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(options)
        assert self.parsed_dsn is not None
        auth = self.parsed_dsn.to_auth(f"sentry.python/{VERSION}")
        self._url = str(auth.get_api_url(EndpointType.ENVELOPE))
        self._host = str(self.parsed_dsn.netloc)
        self._headers = {
            "Content-Type": "application/x-sentry-envelope",
            "Content-Encoding": "gzip",
            "X-Sentry-Auth": str(auth.to_header()),
            "User-Agent": f"sentry.python/{VERSION}",
        }

    def capture_envelope(self, envelope: Envelope) -> None:
        body = gzip.compress(envelope.serialize())
        try:
            # A session each: incidents are rare, and an idle connection would be half-open by then.
            answer = requests.post(
                self._url, data=body, headers=self._headers, timeout=TIMEOUT, allow_redirects=False
            )
        except requests.RequestException as error:
            # Not the error's own text: it holds the URL, and through a proxy its password.
            raise Unavailable(
                f"Sentry at {self._host} does not answer ({type(error).__name__}): check the network to it"
            ) from error
        if not 200 <= answer.status_code < 300:
            reason = answer.headers.get("X-Sentry-Error") or " ".join(answer.text.split())[:SAID]
            raise refusal(f"Sentry at {self._host}", answer, reason, REMEDY)
