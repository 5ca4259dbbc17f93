"""Where a workload's users come in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from daemon.core.runs import HttpCall, Ingress
from daemon.settings.problems import complaint
from daemon.settings.smoke_tests import Url
from daemon.settings.types import Duration, Group

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
OWN = ("connection", "content-length", "transfer-encoding")
"""Headers that are the connection's own."""


def _address(value: str) -> str:
    if "{pod}" in value:
        raise complaint(
            "an ingress is not a pod's address", "write the address that users have, or use health.paths"
        )
    return value


def _headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or name.lower() in OWN:
            raise complaint(f"{name!r} cannot be sent as a header", "write a name such as Host")
        if not value.isascii() or not value.isprintable() or len(value) > 1000:
            raise complaint(
                f"what header {name} holds cannot be sent", "write one line of 1000 printable letters at most"
            )
    return headers


class IngressSettings(Group):
    """An address of the service that must answer well before a recovery may be called proven.

    It is asked again and again while that is tried, once the rollback's rollout is complete. Certificates are
    verified. Redirects are not followed: a login page is not the service.
    """

    url: Annotated[Url, AfterValidator(_address)] = Field(
        description=(
            "The address, best of a path that needs no login. `{workload}` stands for the Deployment's name, "
            "`{namespace}` for its namespace."
        )
    )
    status: int = Field(default=200, ge=100, le=599, description="The status of a good answer.")
    headers: Annotated[Mapping[str, str], AfterValidator(_headers)] = Field(
        default={},
        max_length=10,
        description="Headers to send besides, such as `Host`. Nothing secret: they stand in the settings.",
    )
    timeout: Duration = Field(default=5.0, ge=0.1, le=60, description="Seconds for one answer.")

    @property
    def check(self) -> Ingress:
        headers = tuple(sorted(self.headers.items()))
        return Ingress(call=HttpCall(url=self.url, status=self.status, headers=headers), timeout=self.timeout)
