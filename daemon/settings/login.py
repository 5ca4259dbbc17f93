"""Who may see the page and the API."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from daemon.settings.problems import complaint
from daemon.settings.types import Duration, Group

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def network(value: str) -> Network:
    """Raises ValueError."""
    return ipaddress.ip_network(value.strip())


def _network(value: str) -> str:
    try:
        network(value)
    except ValueError as error:
        raise complaint(
            f"{value!r} is not a network ({error})", "write an address or a network such as 10.0.3.0/24"
        ) from None
    return value


HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,99}$")]
NetworkText = Annotated[str, AfterValidator(_network)]


class ProxyLogin(Group):
    """A proxy in front, such as an OIDC proxy, that says in headers who asks."""

    user_header: HeaderName = Field(
        default="X-Forwarded-User",
        description="The header with the user's name, as the cluster's RBAC has it.",
    )
    groups_header: HeaderName = Field(
        default="X-Forwarded-Groups", description="The header with the user's groups, separated by commas."
    )
    trusted: tuple[NetworkText, ...] = Field(
        min_length=1,
        max_length=50,
        description="Addresses or networks of the proxy; nobody else is believed.",
    )

    @property
    def networks(self) -> tuple[Network, ...]:
        return tuple(network(one) for one in self.trusted)


class LoginSettings(Group):
    mode: Literal["token", "proxy", "none"] = Field(
        default="token",
        description=(
            "`token`: a token of the cluster's, in a form or as `Authorization: Bearer`. `proxy`: headers of "
            "`proxy`. `none`: everybody sees everything, and nobody can do anything here; only on the "
            "loopback, or where `exposed` says so. It may be written alone: `login: none`."
        ),
    )
    session: Duration = Field(
        default=28_800.0,
        ge=60,
        le=604_800,
        description="Seconds after which one must log in again, or earlier where the token ends.",
    )
    exposed: bool = Field(
        default=False, description="With `none`: that all who reach the port may see every case."
    )
    proxy: ProxyLogin | None = Field(
        default=None,
        description=(
            "Map of `trusted` (addresses or networks of the proxy; nobody else is believed), `user_header` "
            "(`X-Forwarded-User`) and `groups_header` (`X-Forwarded-Groups`)."
        ),
    )

    @model_validator(mode="before")
    @classmethod
    def _spelled(cls, value: Any) -> Any:
        """``none`` is short for ``{mode: none}``, and ``{proxy: …}`` says its mode by being there."""
        if isinstance(value, str):
            return {"mode": value}
        if isinstance(value, dict) and value.get("proxy") is not None:
            return {"mode": "proxy"} | value
        return value
