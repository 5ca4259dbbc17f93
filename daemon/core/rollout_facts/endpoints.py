"""Which health endpoints a pod is asked for: those that the operator names, or its own HTTP probes.

A template's probes say at which path, port and scheme its containers answer for themselves, so that a fleet
needs no such settings. They are read as the kubelet reads them (``NewRequestForHTTPGetAction`` in
pkg/probe/http/request.go): a port's name is looked up among the ports of its own container, and init
containers are probed only where they are sidecars.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote

from daemon.core.value import Value

PROBES = ("readinessProbe", "livenessProbe", "startupProbe")
MOST = 20
"""Endpoints of one pod that are asked."""
KINDS = {"tcpSocket": "opens a TCP connection", "exec": "runs a command", "grpc": "speaks gRPC"}
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


class Endpoint(Value, frozen=True):
    """One address of a pod. ``port`` is ``None`` where the settings' common one is meant.

    ``timeout`` (seconds) is the probe's own; the one that is longer of it and the settings' counts.
    """

    path: str
    port: int | None = None
    scheme: Literal["http", "https"] = "http"
    headers: tuple[tuple[str, str], ...] = ()
    timeout: float = 0.0

    def __str__(self) -> str:
        scheme = "https" if self.scheme == "https" else ""
        return f"{scheme}{'' if self.port is None else f':{self.port}'}{self.path}"


class Endpoints(Value, frozen=True):
    """What is asked of each pod. ``unasked`` says in words which probes are not, and why.

    ``problem``: why it is not known what to ask.
    """

    asked: tuple[Endpoint, ...] = ()
    unasked: tuple[str, ...] = ()
    problem: str = ""


def chosen(paths: Sequence[str] | None, template: Mapping[str, Any] | None) -> Endpoints:
    """The endpoints that ``paths`` name, where they are given; those of the template's probes otherwise."""
    if paths is not None:
        return Endpoints(asked=tuple(written(path) for path in paths))
    if template is None:
        return Endpoints(problem="the pod template, whose probes say what to ask, is not known")
    return of_template(template)


def written(path: str) -> Endpoint:
    """As the settings write it: ``/ready``, or with a port of its own ``:8081/ready``."""
    if not path.startswith(":"):
        return Endpoint(path=path)
    port, slash, rest = path[1:].partition("/")
    return Endpoint(path=f"{slash}{rest}", port=int(port))


def of_template(template: Mapping[str, Any]) -> Endpoints:
    """The HTTP probes of a raw pod template, each address once, in the order of its containers."""
    found: dict[Endpoint, float] = {}
    unasked: list[str] = []
    containers = [*_probed(template.get("spec") or {})]
    for container in containers:
        for name in PROBES:
            probe = container.get(name)
            if not probe:
                continue
            endpoint = _endpoint(probe, container)
            if isinstance(endpoint, str):
                unasked.append(f"the {_words(name)} of container {container.get('name', '')} {endpoint}")
            else:
                seconds = float(probe.get("timeoutSeconds") or 1)
                found[endpoint] = max(found.get(endpoint, 0.0), seconds)
    asked = tuple(
        Endpoint(path=e.path, port=e.port, scheme=e.scheme, headers=e.headers, timeout=seconds)
        for e, seconds in found.items()
    )
    if len(asked) > MOST:
        unasked.append(f"only the first {MOST} of {len(asked)} probes are asked")
    if not asked and not unasked:
        unasked.append("no container has a probe")
    return Endpoints(asked=asked[:MOST], unasked=tuple(unasked))


def _probed(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from spec.get("containers") or ()
    yield from (c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always")


def _endpoint(probe: Mapping[str, Any], container: Mapping[str, Any]) -> Endpoint | str:
    """The address that a probe asks, or why it is not asked."""
    get = probe.get("httpGet")
    if not get:
        kind = next((words for name, words in KINDS.items() if name in probe), "is of an unknown kind")
        return f"{kind}, and asks for no HTTP address"
    if get.get("host"):
        return f"asks the host {get['host']}, and not the pod"
    port = _port(get.get("port"), container)
    if port is None:
        return f"names the port {get.get('port')!r}, which the container does not have"
    path = quote(str(get.get("path") or "/"), safe=_PRINTABLE)
    return Endpoint(
        path=path if path.startswith("/") else f"/{path}",
        port=port,
        scheme="https" if str(get.get("scheme") or "").upper() == "HTTPS" else "http",
        headers=tuple((str(h.get("name")), str(h.get("value") or "")) for h in get.get("httpHeaders") or ()),
    )


def _port(port: object, container: Mapping[str, Any]) -> int | None:
    """A number, a name among the container's own ports, or a number written as text."""
    named = [p.get("containerPort") for p in container.get("ports") or () if p.get("name") == port]
    number = next(iter(named), port)
    if isinstance(number, str):
        number = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else None
    return number if isinstance(number, int) and 0 < number < 65536 else None


def _words(name: str) -> str:
    return f"{name.removesuffix('Probe')} probe"
