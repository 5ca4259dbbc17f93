"""The contract of :class:`daemon.ports.IncidentSink`."""

from __future__ import annotations

import uuid

import pytest

from daemon.adapters.memory.sinks import MemorySink
from daemon.core.incident import Stage
from daemon.ports import IncidentSink, Unavailable
from tests.contract.samples import incident

UID = str(uuid.uuid4())
"""Another in each run: a sink that lasts has not heard of it."""
STAGES: tuple[Stage, ...] = ("opened", "updated", "closed")


def test_a_sink_has_a_name(sink: IncidentSink) -> None:
    assert sink.name
    assert sink.name == sink.name.lower().strip()


def test_every_stage_is_delivered_with_a_reference(sink: IncidentSink) -> None:
    for stage in STAGES:
        assert sink.publish(incident(stage, UID)).strip()


def test_telling_the_same_twice_is_harmless(sink: IncidentSink) -> None:
    for stage in STAGES:
        assert sink.publish(incident(stage, UID)) == sink.publish(incident(stage, UID))


def test_the_twin_keeps_what_it_is_told() -> None:
    sink = MemorySink("pager")
    sink.publish(incident("opened", UID))
    sink.troubles.fail_next(1, Unavailable("the pager is down"))
    with pytest.raises(Unavailable):
        sink.publish(incident("updated", UID))
    sink.publish(incident("closed", UID))
    assert [each.stage for each in sink.deliveries] == ["opened", "closed"]
    assert [each.stage for each in sink.incidents.values()] == ["closed"]


def test_an_answer_that_gets_lost_leaves_the_incident_there() -> None:
    sink = MemorySink()
    sink.troubles.fail_next(1, Unavailable("no answer"), made=True)
    with pytest.raises(Unavailable):
        sink.publish(incident("opened", UID))
    assert len(sink.deliveries) == 1
