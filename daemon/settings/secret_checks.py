"""Secrets: each given once, long enough, and not in the file that everybody reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from daemon.settings.flaw import Flaw
from daemon.settings.incidents import GROUPS
from daemon.settings.model import Settings

SHORTEST_TOKEN = 16
IDENTIFYING = frozenset({"authorization", "proxy-authorization", "cookie"})
"""Request headers that are secrets by their meaning."""


def secrets(settings: Settings) -> Iterator[Flaw]:
    prometheus, web, incidents = settings.prometheus, settings.web, settings.incidents
    if bool(prometheus.username) != (prometheus.password_file is not None):
        missing = "password_file" if prometheus.username else "username"
        yield Flaw(
            ("prometheus", missing), "basic authentication needs username and password_file", "set both"
        )
    if prometheus.username and prometheus.bearer_token_file is not None:
        message = "there is basic authentication and a bearer token"
        yield Flaw(("prometheus", "bearer_token_file"), message, "keep one of the two")
    for index, overlay in enumerate(settings.overlays):
        if bool(overlay.username) != (overlay.password_file is not None):
            missing = "password_file" if overlay.username else "username"
            message = "basic authentication needs username and password_file"
            yield Flaw(("overlays", index, missing), message, "set both")
        elif overlay.review is not None and not (overlay.review.token_file or overlay.password_file):
            message = f"nothing says by which token a request is opened at {overlay.review.service}"
            yield Flaw(
                ("overlays", index, "review"), message, "set token_file, or the overlay's password_file"
            )
    if web.token is not None and web.token_file is not None:
        yield Flaw(("web", "token_file"), "there is a token and a file with a token", "keep one of the two")
    if incidents.sentry_dsn is not None and incidents.sentry_dsn_file is not None:
        yield Flaw(
            ("incidents", "sentry_dsn_file"), "there is a DSN and a file with a DSN", "keep one of the two"
        )
    yield from _webhook_token(settings)
    yield from _sentry(settings)
    for sink in GROUPS:
        if getattr(incidents, sink) is None and sink in (incidents.sinks or ()):
            remedy = f"write the group incidents.{sink}, or take {sink} out"
            yield Flaw(("incidents", "sinks"), f"the sink {sink} is not configured", remedy)


def _webhook_token(settings: Settings) -> Iterator[Flaw]:
    token = settings.web.secret_token()
    if token is not None and len(token.get_secret_value()) < SHORTEST_TOKEN:
        yield Flaw(
            ("web", "token" if settings.web.token is not None else "token_file"),
            f"the webhook's token has fewer than {SHORTEST_TOKEN} characters, and can be guessed",
            "make one with: openssl rand -hex 32",
        )
    key = settings.web.webhook_key()
    if key is not None and len(key.get_secret_value()) < SHORTEST_TOKEN:
        yield Flaw(
            ("web", "webhook_key_file"),
            f"the key of signed deliveries has fewer than {SHORTEST_TOKEN} characters, and can be guessed",
            "make one with: openssl rand -hex 32",
        )
    link_key = settings.web.link_key()
    if link_key is not None and len(link_key.get_secret_value()) < SHORTEST_TOKEN:
        yield Flaw(
            ("web", "link_key_file"),
            f"the key of links in messages has fewer than {SHORTEST_TOKEN} characters, and can be guessed",
            "make one with: openssl rand -hex 32",
        )


def written_down(values: Mapping[str, Any]) -> Iterator[Flaw]:
    """Secrets in the settings file itself, which lies in a ConfigMap and in a repository."""
    group = values.get("prometheus")
    headers = group.get("headers") if isinstance(group, Mapping) else None
    for name in headers if isinstance(headers, Mapping) else ():
        if str(name).lower() in IDENTIFYING:
            yield Flaw(
                ("prometheus", "headers", str(name)),
                "the settings file is no place for secrets, and this header is one",
                "write the secret to a file, and set bearer_token_file, or username and password_file",
            )


def _sentry(settings: Settings) -> Iterator[Flaw]:
    incidents = settings.incidents
    dsn = incidents.secret_dsn()
    if dsn is None:
        if "sentry" in (incidents.sinks or ()):
            yield Flaw(
                ("incidents", "sinks"),
                "the sink sentry has no DSN",
                "set incidents.sentry_dsn or sentry_dsn_file, or take sentry out",
            )
        return
    parts = urlsplit(dsn.get_secret_value())
    complete = parts.scheme in {"http", "https"} and parts.username and parts.hostname
    if not complete or not parts.path.rpartition("/")[2].isdigit():
        field = "sentry_dsn" if incidents.sentry_dsn is not None else "sentry_dsn_file"
        yield Flaw(
            ("incidents", field),
            "this is not a Sentry DSN",
            "copy it from the project's client keys: https://key@host/project-number",
        )
