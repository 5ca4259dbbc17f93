"""The kinds of values that settings are made of, each with the complaint it makes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, SecretStr, StringConstraints

from daemon.settings import promql, selector
from daemon.settings.problems import complaint
from daemon.settings.promql_names import is_name


class Group(BaseModel):
    """A frozen group of settings that knows no other names than its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_NAMESPACE = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_DNS_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")
_SIGNAL = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_HEALTH_PATH = re.compile(r"(?::(?P<port>[1-9]\d{0,4}))?/[!-~]*")


def parse_duration(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise complaint("this is not a duration", "write seconds, such as 30, or text such as '10m'")
    if not isinstance(value, str):
        return value
    text = value.strip().replace(" ", "")
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not _DURATION.fullmatch(text):
        raise complaint(
            f"{value!r} is not a duration", "write seconds, such as 30, or text such as '30s', '10m', '1h30m'"
        )
    return sum(float(number) * _UNITS[unit] for number, unit in _DURATION_PART.findall(text))


def _ratio(value: float) -> float:
    if 0 < value < 1:
        return value
    if 1 <= value < 100:
        raise complaint(f"{value:g} is not a ratio between 0 and 1", f"write {value / 100:g} for {value:g} %")
    raise complaint(f"{value:g} is not a ratio between 0 and 1", "write 0.05 for 5 %")


def _namespace(value: str) -> str:
    if _NAMESPACE.fullmatch(value):
        return value
    raise complaint(
        f"{value!r} cannot be a namespace's name",
        "write one namespace's name: at most 63 lower-case letters, digits and dashes",
    )


def _deployment(value: str) -> str:
    if _DNS_NAME.fullmatch(value):
        return value
    raise complaint(
        f"{value!r} cannot be a Deployment's name",
        "write its metadata.name (lower-case letters, digits, dashes and dots), or use selector",
    )


def _selector(value: str) -> str:
    try:
        selector.parse(value)
    except ValueError as error:
        raise complaint(
            str(error),
            "write a label selector, such as 'app.kubernetes.io/part-of=shop' or 'tier in (a,b)'",
        ) from None
    return value


def _signal_name(value: str) -> str:
    if _SIGNAL.fullmatch(value):
        return value
    raise complaint(
        f"{value!r} cannot be a signal's name",
        "begin with a lower-case letter, then at most 39 lower-case letters, digits, _ and -",
    )


def _promql(value: str) -> str:
    if found := promql.flaw(value):
        raise complaint(f"the PromQL expression is not complete: {found}", "try it in Prometheus's own page")
    return value.strip()


def _histogram(value: str) -> str:
    expression = _promql(value)
    found = promql.named_selector(expression)
    if found is None:
        raise complaint(
            f"{value!r} is not a histogram's name",
            "write its name, and matchers in braces if need be: name{endpoint='/x'}, or "
            "{'http.request.duration', endpoint='/x'}",
        )
    name, matchers = found
    if not is_name(name):
        raise complaint(f"{name!r} cannot be a metric's name", "write the name as Prometheus shows it")
    base, _, ending = name.rpartition("_")
    if base and ending in {"bucket", "count", "sum"}:
        raise complaint(f"{name} is one of a histogram's series", f"write the histogram's name: {base}")
    if "le" in promql.label_names(matchers):
        raise complaint("a matcher for le would hide buckets", "take it out; slower_than chooses the buckets")
    return expression


def _label(value: str) -> str:
    if is_name(value):
        return value
    raise complaint(
        f"{value!r} cannot be a Prometheus label",
        "write the label's name as Prometheus shows it, in one line: pod, or k8s.pod.name",
    )


def _exporter(value: str) -> str:
    if len(value) >= 3 and _DNS_NAME.fullmatch(value):
        return value
    raise complaint(
        f"{value!r} cannot be an exporter's name",
        "write its Deployment's or job's name, three lower-case letters, digits, dashes or dots at least",
    )


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise complaint("this is not an HTTP address", "write it as http://host:port or https://host/path")
    if parts.query or parts.fragment:
        raise complaint("an address here has no query and no fragment", "cut it off before '?' and '#'")
    if "@" in parts.netloc:
        raise complaint(
            "an address must not carry a password, for it is printed",
            "give username and password_file (or bearer_token_file) apart from it",
        )
    return value.rstrip("/")


def _host_name(value: str) -> str:
    if _HOST_NAME.fullmatch(value):
        return value
    raise complaint(f"{value!r} is not a host name", "write the name alone, such as rollbackd.example.org")


def _health_path(value: str) -> str:
    found = _HEALTH_PATH.fullmatch(value)
    if found and int(found["port"] or 1) <= 65535:
        return value
    raise complaint(f"{value!r} is not a path", "write '/ready', or with a port of its own ':8081/ready'")


def _readable(path: Path) -> Path:
    try:
        with path.open("rb") as file:
            first = file.read(1)
    except OSError as error:
        raise complaint(
            f"{path} cannot be read ({error.strerror})", "mount the file, or leave the setting out"
        ) from None
    if not first:
        raise complaint(f"{path} is empty", "put into it what belongs there, or leave the setting out")
    return path


Duration = Annotated[float, BeforeValidator(parse_duration)]
"""Seconds, or text such as ``10m``."""
Ratio = Annotated[float, AfterValidator(_ratio)]
"""Strictly between 0 and 1."""
Namespace = Annotated[str, AfterValidator(_namespace)]
DeploymentName = Annotated[str, AfterValidator(_deployment)]
LabelSelector = Annotated[str, AfterValidator(_selector)]
SignalName = Annotated[str, AfterValidator(_signal_name)]
PromQL = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_promql)]
Histogram = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_histogram)]
"""A histogram's name, with or without label matchers."""
LabelName = Annotated[str, AfterValidator(_label)]
ExporterName = Annotated[str, AfterValidator(_exporter)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
HostName = Annotated[str, AfterValidator(_host_name)]
HealthPath = Annotated[str, StringConstraints(max_length=500), AfterValidator(_health_path)]
ReadableFile = Annotated[Path, AfterValidator(_readable)]
"""A file that exists, can be read and is not empty when the settings are loaded."""
Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\r\n]*$")]
"""One line of text for people."""


def secret_from(direct: SecretStr | None, file: Path | None) -> SecretStr | None:
    """The secret given directly or by file; the file's surrounding white space does not count.

    Raises OSError where the file has gone since the settings were loaded.
    """
    if file is not None:
        return SecretStr(file.read_text(encoding="utf-8").strip())
    return direct
