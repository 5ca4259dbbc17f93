"""The contract of :class:`daemon.ports.IncidentSink`, asked of every sink there is."""

from __future__ import annotations

import logging
import uuid

import pytest

from daemon.adapters.incidents.registry import SINKS
from daemon.core.case.incident import Stage
from daemon.logs import OWN
from daemon.ports import Denied, PortError, Unavailable
from tests.contract.samples import incident
from tests.contract.services import TWINS
from tests.contract.sinks import SERVICES, SinkDriver

UID = str(uuid.uuid4())
"""Another in each run: a sink that lasts has not heard of it."""
STAGES: tuple[Stage, ...] = ("opened", "updated", "closed")
ELSEWHERE = {"apprise", "otel"}
"""A library of its own manners, and what is told of the end alone: test_apprise.py and test_otel.py in
tests/unit/incidents."""
COVERED = {"log", "sentry", "events", *SERVICES, *(name.partition(" ")[0] for name in TWINS), *ELSEWHERE}


def test_every_sink_is_asked() -> None:
    assert set(SINKS) == COVERED


def test_a_sink_has_a_name(telling: SinkDriver) -> None:
    assert telling.sink.name
    assert telling.sink.name == telling.sink.name.lower().strip()


def test_every_stage_is_delivered_with_a_reference(telling: SinkDriver) -> None:
    for stage in STAGES:
        assert telling.sink.publish(incident(stage, UID)).strip()


def test_telling_the_same_twice_is_harmless(telling: SinkDriver) -> None:
    for stage in STAGES:
        assert telling.sink.publish(incident(stage, UID)) == telling.sink.publish(incident(stage, UID))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, Unavailable),
        (403, Denied),
        (408, Unavailable),
        (429, Unavailable),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
def test_what_may_pass_and_what_a_person_must_change_are_told_apart(
    telling: SinkDriver, status: int, error: type[PortError]
) -> None:
    if telling.refuse is None:
        pytest.skip("nothing can refuse")
    telling.refuse(status)
    with pytest.raises(error):
        telling.sink.publish(incident("opened", UID))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 429, 500])
def test_no_secret_is_in_what_people_read(
    telling: SinkDriver, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    if telling.refuse is None or not telling.secrets:
        pytest.skip("it knows no secret")
    caplog.set_level(logging.DEBUG)
    said = telling.sink.publish(incident("opened", UID))
    telling.refuse(status)
    with pytest.raises(PortError) as refusal:
        telling.sink.publish(incident("updated", UID))
    # As the daemon logs: the libraries from warning on.
    logged = [
        r.getMessage() for r in caplog.records if r.name.startswith(OWN) or r.levelno >= logging.WARNING
    ]
    read = " ".join((said, str(refusal.value), repr(telling.sink), *logged))
    assert not [secret for secret in telling.secrets if secret in read]
