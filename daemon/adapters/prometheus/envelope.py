"""What a response says of itself: whether it is an answer at all, and whether it is a whole one.

An answer that leaves some series out looks like one that has counted fewer failures. So it is used only where
nothing in it speaks against its being complete, and what speaks of that in a way not known here counts as
against it (decision 0017).
"""

from __future__ import annotations

import re

import msgspec
import requests

from daemon.core.value import Value
from daemon.ports import PortError, Rejected, Unavailable

PROMQL_WARNING = "PromQL warning: "
"""What Prometheus's own evaluation begins its warnings with (util/annotations/annotations.go). All others are
of parts that did not answer."""
UNDECODABLE = (ValueError, RecursionError)
"""What decoding raises: of bytes that are no UTF-8, of JSON that is none, or that is nested too deeply."""
LIMITED = "M3-Results-Limited"
"""The header by which M3 names the limit that it has cut an answer at."""
_IS_PARTIAL = "isPartial"
"""VictoriaMetrics has it in every answer."""
_NO_FUNCTION = re.compile(r"(unknown|unsupported) function")
"""Old Prometheus says ``unknown function with name "x"``, VictoriaMetrics ``unsupported function "x"``."""
_COMPLETENESS = re.compile(
    r"partial|complete|exhaust|trunc|limit|missing|omit|dropped|skipped", re.IGNORECASE
)


class UnknownFunction(Rejected):
    """The query has a function that this server lacks."""


class Said(Value, frozen=True):
    """Beside the rows of a complete answer: what the evaluation could not take into account, and remarks."""

    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()


class _Data(msgspec.Struct):
    result_type: str = msgspec.field(name="resultType")
    result: msgspec.Raw


class _Envelope(msgspec.Struct, rename="camel"):
    status: str
    data: _Data | None = None
    error_type: str = ""
    error: str = ""
    warnings: list[str] | None = None
    infos: list[str] | None = None


def opened(response: requests.Response) -> Said:
    """Raises Rejected for queries that are wrong, Unavailable for all else that is no complete answer."""
    try:
        # As text: the rows are passed over here, and the client library takes a guess at what is no UTF-8.
        envelope = msgspec.json.decode(response.content.decode(), type=_Envelope)
    except (msgspec.MsgspecError, *UNDECODABLE) as error:
        raise Unavailable(_not_json(response)) from error
    if response.status_code != 200 or envelope.status != "success" or envelope.data is None:
        raise _refusal(response.status_code, envelope)
    _check_type(response.url, envelope.data.result_type)
    warnings, infos = tuple(envelope.warnings or ()), tuple(envelope.infos or ())
    signs = [
        *(warning for warning in warnings if not warning.startswith(PROMQL_WARNING)),
        *(info for info in infos if _COMPLETENESS.search(info) and not info.startswith("PromQL ")),
        *_signs(response),
    ]
    if signs:
        said = " ".join("; ".join(signs).split())[:300]
        raise Unavailable(f"its answer is partial ({said}) — look at its backends")
    return Said(warnings=warnings, infos=infos)


def _signs(response: requests.Response) -> list[str]:
    """What else an answer tells of its completeness, unless it is that nothing is missing."""
    fields = msgspec.json.decode(response.content, type=dict[str, msgspec.Raw])
    inner = msgspec.json.decode(fields["data"], type=dict[str, msgspec.Raw])
    found = [f"{LIMITED}: {response.headers[LIMITED]}"] if LIMITED in response.headers else []
    for name, value in [*fields.items(), *inner.items()]:
        text = bytes(value).decode("utf-8", "replace")
        if _COMPLETENESS.search(name) and (name, text) != (_IS_PARTIAL, "false"):
            found.append(f"{name}: {text[:60]}")
    return found


def _check_type(url: str, result_type: str) -> None:
    wanted = "matrix" if url.endswith("/query_range") else "vector"
    if result_type != wanted:
        raise Rejected(
            f"the query gives a {result_type}, not a {wanted} — use an expression that gives one counter "
            "for each pod"
        )


def _not_json(response: requests.Response) -> str:
    status = response.status_code
    if status in {401, 403}:
        return f"it refuses us with {status} — check the credentials in prometheus.* of the settings"
    if status == 404:
        return "it has no query API at this address (404) — check the path of prometheus.url"
    begin = " ".join(response.content[:200].decode("utf-8", "replace").split())[:60]
    what = f"something that is not JSON ({begin!r})" if begin else "nothing"
    return f"it answers {status} with {what} — check that prometheus.url is a Prometheus and that it is up"


def _refusal(status: int, envelope: _Envelope) -> PortError:
    said = _shortened(" ".join(envelope.error.split())) or "without a reason"
    if _NO_FUNCTION.search(envelope.error):
        return UnknownFunction(
            f"it does not know a function of the query ({said}) — correct the signal's queries"
        )
    if envelope.error_type == "bad_data":
        return Rejected(f"it does not understand the query ({said}) — correct the signal's queries")
    if status in {401, 403}:
        return Unavailable(
            f"it refuses us with {status} ({said}) — check the credentials in prometheus.* of the settings"
        )
    if envelope.error_type == "execution" or (envelope.error_type.isdigit() and status in {400, 422}):
        return Unavailable(f"it cannot carry out the query ({said}) — correct the signal's queries")
    kind = envelope.error_type or envelope.status
    return Unavailable(f"it answers {status} {kind} ({said}) — look at Prometheus")


def _shortened(said: str) -> str:
    """Begin and end: VictoriaMetrics says the whole query first, and what is wrong with it last."""
    return said if len(said) <= 500 else f"{said[:150]} … {said[-340:]}"
