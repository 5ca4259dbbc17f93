"""Our own client of the Sentry SDK, for incidents and for defects."""

from __future__ import annotations

from sentry_sdk.client import Client
from sentry_sdk.utils import BadDsn, Dsn

from daemon import __version__
from daemon.adapters.incidents.delivery import BlockingTransport
from daemon.core.value import Value


class SentryOptions(Value, frozen=True):
    """``dsn`` is Sentry's address for us; ``page_url`` is where people reach the daemon's page."""

    dsn: str
    environment: str = "production"
    page_url: str = ""


def connect(options: SentryOptions) -> Client:
    """A client that is not the process's: nothing becomes an event by itself, no log line and no exception.

    No value of a local variable and no command line is sent. Raises ValueError on a DSN that is none.
    """
    _check(options.dsn)
    return Client(
        dsn=options.dsn,
        environment=options.environment,
        release=f"rollbackd@{__version__}",
        transport=BlockingTransport,
        default_integrations=False,
        auto_enabling_integrations=False,
        enable_backpressure_handling=False,
        auto_session_tracking=False,
        send_client_reports=False,
        include_local_variables=False,
    )


def _check(dsn: str) -> None:
    try:
        Dsn(dsn)
    except (BadDsn, ValueError) as error:
        # Not the DSN itself: it holds the project's key.
        raise ValueError(
            f"the Sentry DSN is not valid ({error}): copy it from the project's settings, "
            "https://KEY@HOST/PROJECT"
        ) from error
