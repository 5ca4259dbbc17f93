"""Every trace replays through the daemon's adapters and ends as its header says."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.traces import happenings, trace
from tests.traces.replay import View, replay
from tests.traces.trace import LARGEST, Entry, Trace, difference, dump, parse, patched

NAMES = trace.names()
UNREAD = ("managedFields", "kubectl.kubernetes.io/last-applied-configuration", "lastHeartbeatTime")

_keys = st.sampled_from("abcd")
_objects = st.recursive(
    st.integers() | st.text(max_size=3) | st.booleans() | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(_keys, inner, max_size=3),
    max_leaves=8,
)
_documents = st.dictionaries(_keys, _objects, max_size=4)


@pytest.fixture(scope="module")
def last() -> dict[str, View]:
    """The last view of each trace."""
    return {name: list(replay(trace.read(name)))[-1] for name in NAMES}


def test_traces_are_recorded() -> None:
    assert NAMES


def test_every_trace_is_of_a_happening_that_can_be_recorded_anew() -> None:
    assert set(NAMES) <= set(happenings.all_of_them())


@pytest.mark.parametrize("name", NAMES)
def test_ends_in_the_state_that_its_header_names(name: str, last: dict[str, View]) -> None:
    header, workload = trace.read(name).header, last[name].workload
    assert workload is not None
    status = workload.status
    settled = status.observed and status.updated >= status.desired and status.replicas <= status.updated
    assert (settled and status.available >= status.updated) is header.complete
    assert sum(pod.ready and not pod.deleting for pod in workload.pods) == header.ready


@pytest.mark.parametrize("name", NAMES)
def test_every_view_names_the_deployment_and_times_only_go_on(name: str) -> None:
    found = trace.read(name)
    views = list(replay(found))
    assert [view.at for view in views] == sorted(view.at for view in views)
    workloads = [view.workload for view in views if view.workload is not None]
    assert {workload.ref.name for workload in workloads} == {found.header.deployment}
    assert [step.at for step in found.header.steps] == sorted(step.at for step in found.header.steps)


@pytest.mark.parametrize("name", NAMES)
def test_a_trace_is_small_and_holds_nothing_that_nobody_reads(name: str) -> None:
    text = trace.path(name).read_bytes()
    assert len(text) <= LARGEST
    assert not [word for word in UNREAD if word.encode() in text]


@pytest.mark.parametrize("name", NAMES)
def test_a_trace_is_written_as_it_is_read(name: str) -> None:
    text = trace.path(name).read_bytes()
    assert dump(parse(text)) == text


@given(old=_documents, new=_documents)
def test_a_merge_patch_makes_the_new_object_of_the_old(
    old: dict[str, object], new: dict[str, object]
) -> None:
    assert json.dumps(patched(old, difference(old, new)), sort_keys=True) == json.dumps(new, sort_keys=True)


@given(documents=st.lists(_documents, min_size=1, max_size=4))
def test_a_trace_holds_every_state_of_an_object(documents: list[dict[str, object]]) -> None:
    entries = tuple(
        Entry(at=float(number), told="MODIFIED", kind="Pod", uid="one", whole=whole)
        for number, whole in enumerate(documents)
    )
    header = trace.read(NAMES[0]).header
    assert parse(dump(Trace(header, entries))).entries == entries


def test_a_header_says_what_was_done() -> None:
    unsaid = [name for name in NAMES if not trace.read(name).header.steps]
    assert unsaid == []
