"""Whose a pod is: by its owner, and by its name only where the name cannot lie."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from daemon.core.model import LONGEST_PREFIX, Revision
from daemon.core.rollout_facts.pod_owner import PodOwners
from tests.unit.core.made import NEW, OLD, pod, revision, workload


def generated(revision: Revision, end: str = "x7k2p") -> str:
    """A pod's name as the API server makes it."""
    return f"{revision.replica_set}-"[:LONGEST_PREFIX] + end


def test_a_pod_that_is_there_is_its_owners_whatever_its_name() -> None:
    one = replace(pod("a", NEW), name="heat-h1-zzzzz")
    owners = PodOwners(workload(one))
    assert owners.made(NEW, one.name)
    assert not owners.made(OLD, one.name)


def test_a_pod_that_is_gone_is_known_by_its_name() -> None:
    owners = PodOwners(workload())
    assert owners.made(OLD, generated(OLD))
    assert owners.made(NEW, generated(NEW))
    assert owners.of("heat-api-h1-x7k2p") == ""
    assert owners.of("heat-h1") == ""
    assert owners.of("") == ""


@given(st.integers(min_value=1, max_value=253))
def test_a_name_that_was_cut_tells_nothing(length: int) -> None:
    """However long the Deployment's name: no pod is ever taken for another revision's."""
    one, other = (revision(number, name="d" * length) for number in (1, 2))
    owners = PodOwners(workload(revisions=(one, other), current=other))
    for mine, others in ((one, other), (other, one)):
        assert not owners.made(others, generated(mine))
        cut = len(f"{mine.replica_set}-") > LONGEST_PREFIX
        assert owners.made(mine, generated(mine)) is not cut


def test_what_names_do_not_tell_is_remembered_of_pods_that_were_seen() -> None:
    one, other = (revision(number, name="d" * 60) for number in (1, 2))
    gone = generated(one)
    owners = PodOwners(workload(revisions=(one, other), departed={gone: one.replica_set_uid}))
    assert owners.made(one, gone)
    assert not owners.made(other, gone)


@pytest.mark.parametrize("why", ["Evicted: The node was low on resource: memory", "Failed"])
def test_a_finished_pod_is_still_somebodys(why: str) -> None:
    over = replace(pod("a", OLD), finished=why)
    assert PodOwners(workload(finished=(over,))).made(OLD, over.name)


def test_a_revision_whose_replica_set_was_pruned_still_owns_its_pods() -> None:
    owners = PodOwners(workload(revisions=(NEW,)), OLD)
    assert owners.made(OLD, generated(OLD))
    assert PodOwners(workload(revisions=(NEW,))).of(generated(OLD)) == ""
