"""That nobody sees the page by an oversight."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from daemon.settings.flaw import Flaw
from daemon.settings.model import Settings


def login(settings: Settings) -> Iterator[Flaw]:
    web, chosen = settings.web, settings.web.login
    if chosen.mode == "proxy" and chosen.proxy is None:
        remedy = "add proxy with trusted: the addresses of the proxy"
        yield Flaw(("web", "login", "proxy"), "nothing says which proxy is believed", remedy)
    if chosen.mode != "proxy" and chosen.proxy is not None:
        message = f"there is a proxy, and the mode is {chosen.mode}"
        yield Flaw(("web", "login", "mode"), message, "write mode: proxy, or take proxy out", chosen.mode)
    if chosen.mode == "none" and not chosen.exposed and not _loopback(web.host):
        yield Flaw(
            ("web", "login", "mode"),
            f"without a login all who reach {web.host} see every case",
            "set web.host to 127.0.0.1, keep token and set web.local_port for kubectl port-forward, or write "
            "exposed: true",
            chosen.mode,
        )
    if web.link_key_file is not None and (web.page_url is None or chosen.mode == "none"):
        lacking = "web.page_url" if web.page_url is None else "a login"
        message = f"links in messages lead to the page, and {lacking} is missing"
        yield Flaw(("web", "link_key_file"), message, "add it, or leave link_key_file out")
    if web.local_port is not None and web.local_port == web.port:
        message = f"port {web.port} is the web server's own already"
        yield Flaw(("web", "local_port"), message, "choose another", web.local_port)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
