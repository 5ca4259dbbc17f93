"""From the settings to the servers and the door that they ask for."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import assert_never

from prometheus_client import CollectorRegistry

from daemon.ports import Access, Clock
from daemon.presentation.action_links import ActionLinks
from daemon.settings import Settings
from daemon.settings.login import LoginSettings
from daemon.web.app import LOCAL, build, look_only
from daemon.web.door import WRONG_AT_ONCE, WRONG_PER_SECOND, Door, NoDoor, Proxy, ProxyDoor, TokenDoor
from daemon.web.ports import Intake, Orders, Views
from daemon.web.rate import RateLimit
from daemon.web.reviews import Reviews
from daemon.web.server import WebServer
from daemon.web.sessions import Sessions


def door_of(settings: LoginSettings, access: Access, clock: Clock) -> Door:
    match settings.mode:
        case "none":
            return NoDoor()
        case "token":
            wrong = RateLimit(clock.monotonic, rate=WRONG_PER_SECOND, burst=WRONG_AT_ONCE)
            return TokenDoor(Reviews(access, clock), Sessions(clock, longest=settings.session), wrong)
        case "proxy":
            assert settings.proxy is not None, "the settings were never checked"
            proxy = Proxy(
                user_header=settings.proxy.user_header,
                groups_header=settings.proxy.groups_header,
                trusted=settings.proxy.networks,
            )
            return ProxyDoor(Reviews(access, clock), proxy)
    assert_never(settings.mode)


@dataclass(frozen=True, kw_only=True)
class Served:
    """What the page and the API are made of."""

    views: Views
    clock: Clock
    access: Access
    orders: Orders
    links: ActionLinks | None = None


class WebServers:
    """The web server, and where one is asked for a second one on the loopback, to look at and no more."""

    def __init__(
        self, settings: Settings, served: Served, *, intake: Intake, registry: CollectorRegistry
    ) -> None:
        web, token, key = settings.web, settings.web.secret_token(), settings.web.webhook_key()
        app = build(
            intake=intake,
            views=served.views,
            clock=served.clock,
            registry=registry,
            token=token.get_secret_value() if token is not None else None,
            max_body=web.max_body,
            webhook_key=key.get_secret_value() if key is not None else None,
            door=door_of(web.login, served.access, served.clock),
            orders=served.orders,
            links=served.links,
            namespaces=settings.namespaces,
            hosts=web.names or (LOCAL if web.login.mode == "none" and not web.login.exposed else ()),
        )
        self._servers = [WebServer(app, host=web.host, port=web.port)]
        if web.local_port is not None:
            local = look_only(views=served.views, clock=served.clock, namespaces=settings.namespaces)
            self._servers.append(WebServer(local, host="127.0.0.1", port=web.local_port))

    @property
    def port(self) -> int:
        return self._servers[0].port

    def start(self) -> None:
        """Raises Rejected when an address cannot be listened on; then none is."""
        started: list[WebServer] = []
        try:
            for server in self._servers:
                server.start()
                started.append(server)
        except BaseException:
            for server in started:
                server.stop(1.0)
            raise

    def stop(self, timeout: float) -> list[str]:
        """All within ``timeout`` seconds; the names of those that did not end."""
        edge = time.monotonic() + timeout
        return [
            f"web {server.port}"
            for server in self._servers
            if not server.stop(max(0.5, edge - time.monotonic()))
        ]
