"""Workloads that the settings name and the cluster lacks."""

from __future__ import annotations

from daemon.core.model import WorkloadRef
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
