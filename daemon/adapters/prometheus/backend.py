"""Which server answers in Prometheus's place, and what it does otherwise (docs/backends.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from daemon.adapters.prometheus.client import PrometheusClient
from daemon.adapters.prometheus.envelope import UNDECODABLE
from daemon.core.value import Value
from daemon.ports import PortError

BUILD = "/api/v1/status/buildinfo"
QUERY = "/api/v1/query?query=vector(1)"
_MARKS = re.compile(rb'"(isPartial|seriesFetched)"')
"""Fields of VictoriaMetrics's answers: the first of a cluster's, the second of every newer one."""
ENOUGH = (2, 40)
"""The first version of Prometheus with native histograms."""


class Backend(Value, frozen=True):
    """``without`` are sentences on what it cannot do."""

    name: str
    version: str = ""
    without: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} {self.version}".rstrip()


class _Build(msgspec.Struct):
    version: str = ""
    application: str = ""
    """Mimir's name of itself."""


class _Answer(msgspec.Struct):
    data: _Build = msgspec.field(default_factory=_Build)


def identify(client: PrometheusClient) -> Backend:
    """By what it says of itself. Raises PortError where it does not answer queries at all."""
    marked = _MARKS.search(client.get(QUERY)) is not None
    try:
        build = msgspec.json.decode(client.get(BUILD), type=_Answer).data
    except (PortError, msgspec.MsgspecError, *UNDECODABLE):
        build = _Build()
    if marked:
        # What it gives for a version is that of a Prometheus whose API it speaks.
        return Backend(name="VictoriaMetrics", without=tuple(_of_victoria_metrics()))
    if build.application:
        return Backend(name=build.application, version=build.version, without=(_TENANT,))
    if build.version.startswith("0."):
        return Backend(name="Thanos", version=build.version)
    if not build.version:
        return Backend(name="a server that does not say which (no buildinfo)")
    old = _number(build.version) < ENOUGH
    return Backend(name="Prometheus", version=build.version, without=(_NO_NATIVE,) if old else ())


_NO_NATIVE = "it has no native histograms: classic ones are read"
_TENANT = "it answers for one tenant, that of the header X-Scope-OrgID in prometheus.headers"


def _of_victoria_metrics() -> Iterator[str]:
    yield _NO_NATIVE
    yield "what it took in within the last three seconds is not read yet"
    yield "it refuses queries over its -search.maxQueryLen, 16 KiB where not set"


def _number(version: str) -> tuple[int, int]:
    """Major and minor; of what cannot be read, the newest that there may be."""
    major, _, rest = version.removeprefix("v").partition(".")
    minor = rest.partition(".")[0]
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else (999, 0)
