"""Where input of others comes in: each takes any bytes, and raises nothing but what its callers expect."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from daemon import ports
from daemon.adapters.git import kustomization, values_file
from daemon.adapters.kubernetes import case_codec
from daemon.adapters.kubernetes.changes import Change, Meta
from daemon.adapters.kubernetes.errors import UNDECODABLE, decode_answer, failure
from daemon.adapters.kubernetes.store import Store
from daemon.adapters.recording import lines
from daemon.core.case import incident, size
from daemon.core.case.runbook import runbook
from daemon.core.policy import Policy, SignalPolicy
from daemon.core.rollout_facts import log_lines
from daemon.presentation.case_views import detail, summary
from daemon.presentation.explanation import explain
from daemon.settings import SettingsError, load
from daemon.settings.calendar_file import CalendarError, CalendarTimes
from daemon.web import webhook
from tests.fuzz.prometheus import prometheus

CORPUS = Path(__file__).parent / "corpus"
NOW = datetime(2026, 11, 26, tzinfo=UTC)
POLICY = Policy(signals=(SignalPolicy(name="errors", title="errors", limit=0.05),))
Surface = Callable[[bytes], None]


class _Object(msgspec.Struct):
    metadata: Meta


def alerts(body: bytes) -> None:
    with contextlib.suppress(webhook.BadPayloadError):
        webhook.decode(body)


def api_object(body: bytes) -> None:
    """As a watch tells it: to a store that knows the objects' kinds by their place alone."""
    store = Store(lambda _ref, _labels: True)
    with contextlib.suppress(ports.PortError):
        meta = decode_answer(body, _Object, "GET /x").metadata
        change = Change(kind="ADDED", meta=meta, raw=body)
        for saw in (store.saw_deployment, store.saw_replica_set, store.saw_pod):
            with contextlib.suppress(*UNDECODABLE):
                saw(change)
    store.workloads()


def api_error(body: bytes) -> None:
    assert isinstance(failure(500, body, "GET /x"), ports.PortError)


def case(body: bytes) -> None:
    """A case that somebody wrote is refused, or can be shown, told of and stored."""
    with contextlib.suppress(ports.Rejected):
        found = case_codec.decode(body, "greenlang", "case")
        summary(found), detail(found, POLICY), explain(found, POLICY), runbook(found, POLICY)
        incident.render(found, POLICY, "updated", NOW)
        size.fitted(found, ("errors",))


def record(body: bytes) -> None:
    for told in lines.read(io.BytesIO(body), ("errors", "latency")):
        assert isinstance(told, lines.Told) or (told.message and told.remedy)


def settings(body: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".yaml") as file:
        file.write(body)
        file.flush()
        try:
            load(Path(file.name), {}, {})
        except SettingsError as error:
            problems = error.problems
        else:
            return
    assert all(problem.message and problem.remedy for problem in problems)


def overlay(body: bytes) -> None:
    images = (["gcr.io/greenlang/gl-006-heatreclaim:v1.1.0"], ["gcr.io/greenlang/gl-006-heatreclaim:v1.0.0"])
    with contextlib.suppress(ports.PortError):
        kustomization.set_back(body.decode("utf-8", "replace"), kustomization.changes(*images), "overlay")


def values(body: bytes) -> None:
    images = (["heat:v1.1.0"], ["heat:v1.0.0"])
    keys = {"heat": values_file.ImageKeys(repository="heat", tag="image.tag", digest="image.digest")}
    with contextlib.suppress(ports.PortError):
        text = body.decode("utf-8", "replace")
        values_file.set_values_back(text, kustomization.changes(*images), keys, "values.yaml")


def calendar(body: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".ics") as file:
        file.write(body)
        file.flush()
        with contextlib.suppress(CalendarError):
            CalendarTimes(Path(file.name), ZoneInfo("Europe/Berlin")).window(NOW)


def log(body: bytes) -> None:
    """What a container writes: whatever it is, it is sorted into kinds that can be shown on one line."""
    for found in log_lines.error_kinds(log_lines.split(body)):
        assert found.count > 0
        assert found.kind
        assert found.kind.isprintable()
        assert found.sample.isprintable()


SURFACES: Mapping[str, Surface] = {
    "alerts": alerts,
    "api-error": api_error,
    "api-object": api_object,
    "calendar": calendar,
    "case": case,
    "log": log,
    "overlay": overlay,
    "prometheus": prometheus,
    "record": record,
    "settings": settings,
    "values": values,
}
