"""A case that is over as a trace, by OpenTelemetry's protocol over HTTP (OTLP, binary protobuf):
https://opentelemetry.io/docs/specs/otlp

Ids are derived from the case, so that a repeat is the same trace. What is told before the case is over, or
after it, sends nothing. The messages are the extra ``otel``; the request is ours, as with every other sink.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from daemon import __version__
from daemon.adapters.incidents.outlet import Outlet, secret_in
from daemon.adapters.incidents.webhook import page_of
from daemon.core.case.case import Case
from daemon.core.case.incident import Incident
from daemon.core.case.spans import RELEASE, Span, spans

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
REMEDY = "check incidents.otel.url: an OTLP receiver over HTTP, such as http://collector:4318, and the token"


class OtelSink:
    """One trace for each case, when it is over."""

    name = "otel"

    def __init__(self, address: str, token_file: Path | None = None, *, page_url: str = "") -> None:
        self._url = f"{address}/v1/traces"
        self._token_file = token_file
        self._page_url = page_url

    def publish(self, incident: Incident) -> str:
        """Returns when the receiver has taken the trace, or at once where this is not the case's end.

        Raises Unavailable, Denied, Rejected.
        """
        case = incident.case
        told = f"trace {trace_id(case).hex()}"
        if incident.at != case.status.finished_at:
            return told
        token = secret_in(self._token_file) if self._token_file is not None else ""
        outlet = Outlet(
            service="the OTLP receiver",
            url=self._url,
            remedy=REMEDY,
            secrets=(token,) if token else (),
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )
        page = page_of(incident, self._page_url)
        outlet.post(_encoded(case, page), {"Content-Type": "application/x-protobuf"})
        return told

    def preview(self, incident: Incident) -> dict[str, object]:
        case = incident.case
        return {
            "trace": trace_id(case).hex(),
            "spans": [
                {"name": span.name, "began": f"{span.began:%H:%M:%S}", "ended": f"{span.ended:%H:%M:%S}"}
                for span in spans(case)
            ],
        }


def trace_id(case: Case) -> bytes:
    return hashlib.sha256(f"rollbackd/{_identity(case)}".encode()).digest()[:16]


def span_id(case: Case, name: str) -> bytes:
    return hashlib.sha256(f"{_identity(case)}/{name}".encode()).digest()[:8]


def _identity(case: Case) -> str:
    return case.uid or case.key


def _encoded(case: Case, page: str) -> bytes:
    # Imported when there is something to send: it is an extra, and takes memory.
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
    from opentelemetry.proto.resource.v1.resource_pb2 import Resource
    from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans

    us = {"service.name": "rollbackd", "service.version": __version__}
    scope = ScopeSpans(
        scope=InstrumentationScope(name="rollbackd", version=__version__),
        spans=[_message(case, span, page) for span in spans(case)],
    )
    made = ResourceSpans(resource=Resource(attributes=[*_attributes(us)]), scope_spans=[scope])
    sent: bytes = ExportTraceServiceRequest(resource_spans=[made]).SerializeToString(deterministic=True)
    return sent


def _message(case: Case, span: Span, page: str) -> Any:
    from opentelemetry.proto.trace.v1 import trace_pb2

    root = span.name == RELEASE
    code = trace_pb2.Status.STATUS_CODE_ERROR if span.wrong else trace_pb2.Status.STATUS_CODE_UNSET
    return trace_pb2.Span(
        trace_id=trace_id(case),
        span_id=span_id(case, span.name),
        parent_span_id=b"" if root else span_id(case, RELEASE),
        name=f"{span.name} {case.spec.workload}" if root else span.name,
        kind=trace_pb2.Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=_nanoseconds(span.began),
        end_time_unix_nano=_nanoseconds(span.ended),
        attributes=[
            *_attributes({"rollbackd.detail": span.detail, **(_of_case(case, page) if root else {})})
        ],
        events=[
            trace_pb2.Span.Event(name=entry.text, time_unix_nano=_nanoseconds(entry.at))
            for entry in (case.status.timeline if root else ())
            if entry.at <= span.ended
        ],
        status=trace_pb2.Status(code=code, message=span.wrong),
    )


def _of_case(case: Case, page: str) -> Mapping[str, str]:
    target = case.status.target
    return {
        "k8s.namespace.name": case.namespace,
        "k8s.deployment.name": case.spec.workload,
        "rollbackd.case": case.name,
        "rollbackd.phase": case.phase.value,
        "rollbackd.verdict": case.status.verdict.value,
        "rollbackd.judged": str(case.spec.revision),
        "rollbackd.target": str(target) if target is not None else "",
        "rollbackd.page": page,
    }


def _attributes(named: Mapping[str, str]) -> Iterator[Any]:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

    yield from (KeyValue(key=key, value=AnyValue(string_value=text)) for key, text in named.items() if text)


def _nanoseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1) * 1_000
