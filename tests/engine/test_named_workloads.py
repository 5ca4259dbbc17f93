"""Workloads that the settings name and the cluster lacks, and cases that somebody else wrote."""

from __future__ import annotations

from daemon.core.model import WorkloadRef
from daemon.engine.queue import WorkQueue, put_case
from daemon.engine.views import absent
from daemon.ports import Unavailable
from tests.engine.world import REF, World

NOBODY = WorkloadRef(namespace="greenlang", name="nobody")


def test_a_named_workload_that_does_not_exist_is_a_problem_with_a_remedy() -> None:
    found = absent([REF, NOBODY], World().settled().cluster)
    assert list(found) == [str(NOBODY)]
    assert "check workloads in the settings" in found[str(NOBODY)]


def test_a_cluster_that_cannot_be_read_makes_nobody_absent() -> None:
    world = World().settled()
    world.cluster.fail_reads(Unavailable("the API server does not answer"))
    assert absent([REF, NOBODY], world.cluster) == {}


def test_a_written_case_has_its_workload_looked_at_and_a_case_that_is_gone_has_not() -> None:
    world = World().settled()
    (case,) = world.store.cases()
    queue = WorkQueue(world.clock.monotonic)
    put_case(queue, world.store, case.namespace, "another")
    assert queue.take(wait=False) is None
    put_case(queue, world.store, case.namespace, case.name)
    assert queue.take(wait=False) == REF


def test_cases_that_are_not_listed_yet_are_left_to_the_first_look() -> None:
    world = World().settled()
    (case,) = world.store.cases()
    queue = WorkQueue(world.clock.monotonic)
    world.store.reads.fail(Unavailable("not listed yet"))
    put_case(queue, world.store, case.namespace, case.name)
    assert queue.take(wait=False) is None
