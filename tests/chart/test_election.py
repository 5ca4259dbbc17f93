"""Several replicas: one Lease that they may hold and nobody else's, and no two daemons without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from daemon.adapters.kubernetes.permissions import LEASE
from tests.chart.loading import load_as_pod
from tests.chart.rendering import NAMESPACE, HelmError, Rendered, render

QUIET: dict[str, Any] = {"webhook": {"enabled": False}}
OFF = {"config": {"election": {"enabled": False}}}


def test_the_daemon_may_hold_its_own_lease_and_no_other(rendered: Rendered, tmp_path: Path) -> None:
    lease = rendered.one("Lease")
    settings = load_as_pod(rendered, tmp_path)
    place = (lease["metadata"]["namespace"], lease["metadata"]["name"])
    assert settings.election.leases(NAMESPACE) == (place,)
    assert "spec" not in lease, "a later upgrade would write over whoever holds it"
    [role] = [role for role in rendered.of("Role") if role["metadata"]["name"].endswith("-election")]
    [rule] = role["rules"]
    assert rule == {
        "apiGroups": [LEASE.group],
        "resources": [LEASE.resource],
        "resourceNames": [place[1]],
        "verbs": list(LEASE.verbs),
    }
    [binding] = [b for b in rendered.of("RoleBinding") if b["metadata"]["name"] == role["metadata"]["name"]]
    account = rendered.one("ServiceAccount")["metadata"]["name"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": account, "namespace": NAMESPACE}]


def test_each_shard_has_a_lease_of_its_own(tmp_path: Path) -> None:
    made = render(values=QUIET | {"config": {"election": {"shards": 3}}, "replicas": 3})
    names = tuple(lease["metadata"]["name"] for lease in made.of("Lease"))
    settings = load_as_pod(made, tmp_path)
    assert settings.election.leases(NAMESPACE) == tuple((NAMESPACE, name) for name in names)
    assert len(names) == 4
    [role] = [role for role in made.of("Role") if role["metadata"]["name"].endswith("-election")]
    assert role["rules"][0]["resourceNames"] == list(names)
    assert made.one("Deployment")["spec"]["strategy"]["type"] == "RollingUpdate"


@pytest.mark.parametrize(("replicas", "kept"), [(1, None), (2, "ClientIP")])
def test_a_session_stays_with_the_replica_that_knows_it(replicas: int, kept: str | None) -> None:
    made = render(values=QUIET | {"replicas": replicas})
    assert made.one("Service")["spec"].get("sessionAffinity") == kept


def test_replicas_are_updated_and_drained_one_by_one() -> None:
    made = render(values=QUIET)
    spec = made.one("Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]["type"]) == (2, "RollingUpdate")
    budget = made.one("PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
    labels = made.pod["metadata"]["labels"].items()
    assert budget["selector"]["matchLabels"].items() <= labels
    affinity = made.pod["spec"]["affinity"]["podAntiAffinity"]
    [term] = affinity["preferredDuringSchedulingIgnoredDuringExecution"]
    assert term["podAffinityTerm"]["labelSelector"]["matchLabels"].items() <= labels


def test_one_replica_needs_neither_budget_nor_distance() -> None:
    made = render(values=QUIET | {"replicas": 1})
    assert made.of("PodDisruptionBudget") == []
    assert "affinity" not in made.pod["spec"]
    assert made.one("Lease")


def test_values_of_an_older_chart_leave_one_replica() -> None:
    """`helm upgrade --reuse-values` knows no new default, and nothing must not mean no daemon."""
    made = render(values=QUIET | {"replicas": None, "podDisruptionBudget": None})
    assert made.one("Deployment")["spec"]["replicas"] == 1
    assert made.of("PodDisruptionBudget") == []


def test_without_an_election_there_is_one_daemon_at_a_time(tmp_path: Path) -> None:
    made = render(values=QUIET | OFF | {"replicas": 1})
    spec = made.one("Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert made.of("Lease") == []
    assert made.of("Role") == made.roles
    assert not load_as_pod(made, tmp_path).election.enabled


def test_several_replicas_without_an_election_are_refused() -> None:
    with pytest.raises(HelmError, match=r"replicas is 2 .* set replicas to 1"):
        render(values=QUIET | OFF)


@pytest.mark.parametrize("field", ["name", "namespace"])
def test_the_lease_is_the_charts_own(field: str) -> None:
    with pytest.raises(HelmError, match="election"):
        render(values=QUIET | {"config": {"election": {field: "mine"}}})
