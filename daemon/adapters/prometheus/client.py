"""Queries of Prometheus by ``prometheus-api-client``, with what that library leaves out.

It has no timeout of its own, ignores ``warnings`` (which mark partial answers, and what a query could not
take into account), takes any 200 for an answer, and its retries hide what the server said. So every response
is looked at before the library sees it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec
import requests
from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException
from urllib3.exceptions import HTTPError

from daemon.adapters.prometheus.envelope import UNDECODABLE, opened
from daemon.adapters.prometheus.session import TimedSession
from daemon.core.value import Value
from daemon.ports import Clock, PortError, Unavailable
from daemon.settings import PrometheusSettings

WISHES = {"partial_response": "false", "deny_partial_response": "1", "latency_offset": "3s"}
"""What Thanos and VictoriaMetrics take for a wish to fail rather than to answer in part, and the latter for
one to leave out the last three seconds, in which a scrape may be seen in part, and not the last thirty.
Prometheus, Cortex and Mimir read the arguments that they know, and no others; Google's service refuses what
it does not know."""
LATEST = 253_402_300_800.0
"""The end of the year 9999: no later time can be a calendar's."""


class Series(Value, frozen=True):
    """One row of an answer: its labels, and its (time, value) pairs; values are as text, such as ``NaN``."""

    labels: dict[str, str]
    points: tuple[tuple[float, str], ...] = ()
    buckets: tuple[tuple[str, str], ...] = ()
    """Left and right edges of the filled buckets, where the values are native histograms."""


class Answer(Value, frozen=True):
    series: tuple[Series, ...]
    infos: tuple[str, ...] = ()
    """What Prometheus found worth saying of the query."""


class _InstantRow(msgspec.Struct):
    metric: dict[str, str]
    value: tuple[float, str]


class _RangeRow(msgspec.Struct):
    metric: dict[str, str]
    values: list[tuple[float, str]]


class _Buckets(msgspec.Struct):
    buckets: list[tuple[int, str, str, str]] = []


class _AnyRow(msgspec.Struct):
    """Of either kind of answer, with values or with native histograms."""

    metric: dict[str, str]
    value: tuple[float, str] | None = None
    values: list[tuple[float, str]] = []
    histogram: tuple[float, _Buckets] | None = None
    histograms: list[tuple[float, _Buckets]] = []

    def series(self) -> Series:
        values = self.values if self.value is None else [self.value]
        found = self.histograms if self.histogram is None else [self.histogram]
        edges = dict.fromkeys((left, right) for _, one in found for _, left, right, _ in one.buckets)
        return Series(labels=self.metric, points=tuple(values), buckets=tuple(edges))


class _UnknownArgument(Unavailable):
    """The server refuses arguments that it does not know."""


class PrometheusClient:
    """Thread-safe. Raises Rejected for queries that are wrong, Unavailable for all else."""

    def __init__(self, settings: PrometheusSettings, clock: Clock) -> None:
        self.address = without_credentials(settings.url)
        self._url = str(settings.url).rstrip("/")
        self._timeout = settings.timeout
        self._seen = threading.local()
        self._session = TimedSession(settings, clock, self._inspect)
        self._connect = PrometheusConnect(
            url=settings.url, session=self._session, timeout=settings.timeout, method="POST"
        )
        # The library mounts an adapter of its own that retries; ours takes its place.
        self._session.mount(settings.url, self._session.adapter)
        self._limit = {"timeout": f"{settings.timeout:g}s"}
        self._asking = {**self._limit, **WISHES}

    def instant(self, query: str) -> Answer:
        """The newest values, at the server's own present."""
        rows = self._complete(self._ask_now(query))
        return self._answer(
            rows, list[_InstantRow], lambda row: Series(labels=row.metric, points=(row.value,))
        )

    def range(self, query: str, start: datetime, end: datetime, *, step: float) -> Answer:
        """The values at each ``step`` seconds of a span of time."""
        rows = self._complete(self._ask_span(query, start, end, step))
        return self._answer(
            rows, list[_RangeRow], lambda row: Series(labels=row.metric, points=tuple(row.values))
        )

    def layout(self, query: str, span: tuple[datetime, datetime, float] | None = None) -> Answer:
        """As the two above (``span``: start, end, step), of a query that may give native histograms.

        Sums that Prometheus warns of, such as one of histograms that cannot be added, are not in the answer.
        """
        rows = self._ask_now(query) if span is None else self._ask_span(query, *span)
        return self._answer(rows, list[_AnyRow], _AnyRow.series)

    def get(self, path: str) -> bytes:
        """The body of what is no query, whatever it is. Raises Unavailable."""

        def unseen(response: requests.Response, *_: Any, **__: Any) -> None:
            if response.status_code != 200:
                raise Unavailable(f"it answers {response.status_code}")

        def ask(_: dict[str, str]) -> bytes:
            url, hooks = f"{self._url}{path}", {"response": [unseen]}
            return self._session.get(url, timeout=self._timeout, allow_redirects=False, hooks=hooks).content

        found: bytes = self._asked(ask, {})
        return found

    def _ask_now(self, query: str) -> Any:
        return self._ask(lambda more: self._connect.custom_query(query, params=more))

    def _ask_span(self, query: str, start: datetime, end: datetime, step: float) -> Any:
        return self._ask(
            lambda more: self._connect.custom_query_range(query, start, end, f"{step:g}", params=more)
        )

    def close(self) -> None:
        self._session.close()

    def _ask(self, ask: Callable[[dict[str, str]], Any]) -> Any:
        """By the arguments that the server knows: what it answers in part is seen in any case."""
        try:
            return self._asked(ask, self._asking)
        except _UnknownArgument:
            rows = self._asked(ask, self._limit)
            self._asking = self._limit
            return rows

    def _asked(self, ask: Callable[[dict[str, str]], Any], arguments: dict[str, str]) -> Any:
        self._seen.infos = self._seen.warnings = ()
        self._seen.wished = arguments.keys() >= WISHES.keys()
        try:
            return ask(dict(arguments))
        except PortError as error:
            raise type(error)(f"Prometheus at {self.address}: {error}") from error
        except (requests.RequestException, PrometheusApiClientException, OSError) as error:
            raise Unavailable(f"Prometheus at {self.address} {self._trouble(error)}") from error
        except (*UNDECODABLE, HTTPError, AttributeError, LookupError, TypeError) as error:
            raise Unavailable(
                f"Prometheus at {self.address} could not be asked, or its answer not be "
                f"decoded ({type(error).__name__}) — check the settings of prometheus, and that it is one"
            ) from error

    def _complete(self, rows: Any) -> Any:
        """Raises Unavailable where the query did not take all into account that it asks for."""
        if self._seen.warnings:
            raise Unavailable(
                f"Prometheus at {self.address}: its answer leaves something out "
                f"({'; '.join(self._seen.warnings)[:300]}) — correct the signal's queries"
            )
        return rows

    def _answer(self, rows: Any, kind: Any, series_of: Callable[[Any], Series]) -> Answer:
        try:
            series = tuple(series_of(row) for row in msgspec.convert(rows, kind))
            _check_times(series)
        except (msgspec.ValidationError, *UNDECODABLE) as error:
            raise Unavailable(
                f"Prometheus at {self.address} answered with rows that make no sense ({error}) — check that "
                "prometheus.url is a Prometheus, and that the query gives plain counters, no histograms"
            ) from error
        return Answer(series=series, infos=self._seen.infos)

    def _trouble(self, error: Exception) -> str:
        if isinstance(error, requests.Timeout):
            return (
                f"did not answer within {self._timeout:g} s — look at its load, or raise prometheus.timeout"
            )
        if isinstance(error, requests.exceptions.SSLError):
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                return "has a certificate that is not trusted — set prometheus.tls_ca to its authority's file"
            return "does not speak TLS as we do — check whether prometheus.url begins with http or https"
        if isinstance(error, requests.ConnectionError):
            return f"cannot be reached ({_cause(error)}) — check prometheus.url and that it runs"
        if isinstance(error, requests.RequestException):  # Its text may hold headers, which are secrets.
            return f"gave no usable answer ({type(error).__name__}) — check the settings of prometheus"
        if isinstance(error, OSError):
            return f"was not asked: {error.filename} cannot be read ({error.strerror}) — restore the file"
        return "gave no usable answer — check that prometheus.url is a Prometheus"

    def _inspect(self, response: requests.Response) -> None:
        """Raises for every response that the library would take for an answer, or would not explain."""
        if response.is_redirect:
            place = without_credentials(response.headers.get("Location", "")) or "another address"
            raise Unavailable(f"it redirects to {place} — set prometheus.url to where it answers itself")
        if self._seen.wished and response.status_code == 400 and _names_argument(response.content):
            raise _UnknownArgument("it does not know the arguments that decline partial answers")
        said = opened(response)
        self._seen.warnings, self._seen.infos = said.warnings, said.infos


def is_time(at: float) -> bool:
    """Whether Unix seconds are a time of the calendar; neither NaN nor infinity is."""
    return 0 <= at < LATEST


def _check_times(series: tuple[Series, ...]) -> None:
    """Raises ValueError for a time that is none."""
    strange = next((at for row in series for at, _ in row.points if not is_time(at)), None)
    if strange is not None:
        raise ValueError(f"{strange:g} is no time")


def _names_argument(body: bytes) -> bool:
    return any(name.encode() in body for name in WISHES)


def without_credentials(url: str) -> str:
    """The address without user, password, query and fragment; nothing of what is no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _cause(error: BaseException) -> str:
    """The operating system's words at the bottom of a chain of exceptions, such as ``Connection refused``."""
    seen: BaseException | None = error
    words = "connection broke off"
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            words = seen.strerror
        inner = next((arg for arg in seen.args if isinstance(arg, BaseException)), None)
        seen = inner or getattr(seen, "reason", None) or seen.__cause__ or seen.__context__
        seen = seen if isinstance(seen, BaseException) else None
    return words
