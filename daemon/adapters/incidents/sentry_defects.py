"""Defects of the daemon's own as Sentry issues."""

from __future__ import annotations

from typing import Any

from sentry_sdk.utils import event_from_exception

from daemon.adapters.incidents.sentry_client import SentryOptions, connect
from daemon.ports import Rejected


class SentryDefects:
    """Implements :class:`daemon.ports.DefectReporter`. Sentry groups the events by type and lines of code.

    The texts of the exception and of those that it is chained to are left out, and so is every value: a text
    may hold a URL with a password in it. The daemon's log has them. Raises ValueError on a DSN that is none.
    """

    def __init__(self, options: SentryOptions) -> None:
        self._client = connect(options)

    def report(self, error: Exception, *, edge: str, about: str) -> None:
        """Returns when Sentry has taken the event. Raises Unavailable, Denied, Rejected."""
        if self._client.capture_event(self._event(error, edge, about)) is None:
            raise Rejected("the Sentry SDK dropped the report of a defect: check its SENTRY_ variables")

    def _event(self, error: Exception, edge: str, about: str) -> Any:
        event, _ = event_from_exception(
            error, client_options=self._client.options, mechanism={"type": "generic", "handled": True}
        )
        for exception in event["exception"]["values"]:
            exception["value"] = ""
        return {
            **event,
            "logger": "rollbackd.defects",
            "tags": {"edge": edge},
            "contexts": {
                "defect": {"about": about or "nothing in particular", "text": "in the daemon's log"}
            },
        }

    def close(self) -> None:
        self._client.close(timeout=0)
