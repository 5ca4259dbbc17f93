"""The daemon may do what its adapter says that it needs, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from daemon.adapters.kubernetes.permissions import GATES, LOGS, NEEDED, OPTIONAL, RESTORING, RUNNING, Need
from daemon.core.runs import Kind
from tests.chart.loading import load_as_pod
from tests.chart.rendering import NAMESPACE, Manifest, Rendered, render

Right = tuple[str, str, str]
"""API group, resource, verb."""

FLEET = Path(__file__).with_name("values") / "fleet.yaml"


def _granted(roles: Iterable[Manifest]) -> list[Right]:
    return sorted(
        (group, resource, verb)
        for role in roles
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    )


def _rights(needs: Iterable[Need]) -> list[Right]:
    return sorted((need.group, need.resource, verb) for need in needs for verb in need.verbs)


def _nodes(rendered: Rendered) -> Manifest:
    """The daemon's own ClusterRole for nodes; the others are the login's and people's."""
    (found,) = [
        role
        for role in rendered.of("ClusterRole")
        if not _aggregated(role) and not role["metadata"]["name"].endswith("-login")
    ]
    return found


def _aggregated(role: Manifest) -> set[str]:
    """The cluster's own roles that this one is a part of."""
    mark = "rbac.authorization.k8s.io/aggregate-to-"
    return {
        name.removeprefix(mark)
        for name, value in role["metadata"]["labels"].items()
        if name.startswith(mark) and value == "true"
    }


def test_the_daemon_cannot_write_what_people_decide(rendered: Rendered) -> None:
    """The instruction is in the spec, which only the main resource's update and patch can change."""
    for role in rendered.roles:
        rights = {right for right in _granted([role]) if right[0] == "rollbackd.io"}
        assert not rights & {("rollbackd.io", "rolloutcases", verb) for verb in ("update", "patch")}
        assert ("rollbackd.io", "rolloutcases/status", "update") in rights


MADE = {
    *("events", "jobs", "rolloutcases", "configmaps"),
    *("pods/exec", "tokenreviews", "subjectaccessreviews"),
}
"""Objects that get their names when they are made, and questions. RBAC knows no ``create`` by name, so what
is named beforehand, as the Lease is, is made by the chart."""


def test_nothing_that_can_be_named_beforehand_may_be_created(rendered: Rendered) -> None:
    rules = [rule for role in (*rendered.of("Role"), *rendered.of("ClusterRole")) for rule in role["rules"]]
    creating = [rule for rule in rules if "create" in rule["verbs"]]
    assert creating
    for rule in creating:
        assert set(rule["resources"]) <= MADE, rule
        assert "resourceNames" not in rule, rule


def test_people_get_the_rights_of_their_own_roles(rendered: Rendered) -> None:
    rights: dict[str, set[str]] = {"view": set(), "edit": set(), "admin": set()}
    for role in rendered.of("ClusterRole"):
        for name in _aggregated(role):
            assert {right[:2] for right in _granted([role])} == {("rollbackd.io", "rolloutcases")}
            rights[name] |= {verb for _, _, verb in _granted([role])}
    look = {"get", "list", "watch"}
    assert rights == {"view": look, "edit": look | {"patch"}, "admin": look | {"patch"}}


def _needed(kinds: Iterable[Kind] = (), *, logs: bool = False) -> list[Right]:
    needs = [*NEEDED, *GATES, *(need for kind in kinds for need in RUNNING[kind]), *([LOGS] if logs else [])]
    return sorted(set(_rights(needs)))


def test_roles_grant_exactly_what_is_needed(rendered: Rendered, tmp_path: Path) -> None:
    settings = load_as_pod(rendered, tmp_path)
    assert rendered.roles
    for role in rendered.roles:
        namespace = role["metadata"]["namespace"]
        needed = _needed(settings.runs[namespace], logs=namespace in settings.logged)
        also = _rights(RESTORING) if namespace in settings.restoring else []
        assert _granted([role]) == sorted([*needed, *also])


@pytest.mark.parametrize(
    ("policy", "own", "granted"),
    [
        ({}, {}, False),
        ({"logs": True}, {}, True),
        ({"logs": True}, {"logs": False}, False),
        ({}, {"logs": True}, True),
    ],
)
def test_logs_may_be_read_only_where_the_policy_says_so(
    policy: dict[str, bool], own: dict[str, bool], granted: bool
) -> None:
    shop = {"namespace": "shop", "name": "cart", "signals": []}
    config = {"policy": policy, "workloads": [shop | own, shop | {"namespace": "ops", "logs": False}]}
    made = render(values={"webhook": {"enabled": False}, "config": config})
    rights = {role["metadata"]["namespace"]: _granted([role]) for role in made.roles}
    assert (("", "pods/log", "get") in rights["shop"]) is granted
    assert ("", "pods/log", "get") not in rights["ops"]


def test_events_may_be_refused() -> None:
    made = render(FLEET, values={"rbac": {"events": False}})
    assert ("", "events", "list") not in _granted(made.roles)


TESTS: dict[Kind, dict[str, Any]] = {
    "http": {"name": "a", "http": {"url": "http://{pod}/smoke"}},
    "job": {"name": "b", "job": {"command": ["smoke"]}},
    "exec": {"name": "c", "exec": {"command": ["smoke"]}},
}


@pytest.mark.parametrize("group", ["smoke_tests", "feature_flags"])
@pytest.mark.parametrize("kind", TESTS)
@pytest.mark.parametrize("chosen", [None, ["name"], []], ids=["all", "named", "none"])
def test_rights_to_run_something_are_granted_only_where_it_is_configured(
    kind: Kind, chosen: list[str] | None, group: str
) -> None:
    test = TESTS[kind]
    names = {} if chosen is None else {group: [test[part] for part in chosen]}
    config = {
        "workloads": [
            {"namespace": "shop", "name": "cart", "signals": [], **names},
            {"namespace": "other", "name": "cart", "signals": [], group: []},
        ],
        group: [test],
    }
    roles = render(values={"webhook": {"enabled": False}, "config": config}).roles
    granted = {role["metadata"]["namespace"]: _granted([role]) for role in roles}
    wanted: list[Kind] = [kind] if chosen != [] else []
    assert granted == {"other": _needed(), "shop": _needed(wanted)}


@pytest.mark.parametrize("entry", [{}, {"configuration": "hold"}, {"configuration": "restore"}])
@pytest.mark.parametrize("common", ["", "hold", "restore"])
def test_config_maps_are_written_only_where_a_policy_restores_them(
    common: str, entry: dict[str, str]
) -> None:
    workloads = [{"namespace": "shop", "name": "cart", **entry}, {"namespace": "ops", "name": "portal"}]
    policy = {"policy": {"configuration": common}} if common else {}
    made = render(FLEET, values={"config": {"workloads": workloads, **policy}})
    roles = made.roles
    more = set(_rights(RESTORING))
    writing = {role["metadata"]["namespace"] for role in roles if more & {*_granted([role])}}
    chosen = {"shop": entry.get("configuration", common or "hold"), "ops": common or "hold"}
    assert writing == {namespace for namespace, choice in chosen.items() if choice == "restore"}
    for role in roles:
        also = RESTORING if role["metadata"]["namespace"] in writing else ()
        assert more & {*_granted([role])} == {*_rights(also)}


def test_over_the_whole_cluster_only_single_nodes_may_be_read(rendered: Rendered) -> None:
    assert _granted([_nodes(rendered)]) == _rights(OPTIONAL) == [("", "nodes", "get")]


def test_rights_over_the_whole_cluster_can_be_refused() -> None:
    made = render(FLEET, values={"rbac": {"nodes": False, "people": False, "login": False}})
    assert [m["kind"] for m in made.manifests if m["kind"].startswith("Cluster")] == []
    assert made.roles


def test_releases_of_one_name_do_not_share_their_cluster_role() -> None:
    name = f"{NAMESPACE}-rollbackd"
    found = {role["metadata"]["name"] for role in render(FLEET).of("ClusterRole")}
    assert found == {name, f"{name}-login", f"{name}-view", f"{name}-instruct"}


def test_of_secrets_only_the_metadata_of_named_ones_can_be_asked_for_and_that_can_be_refused() -> None:
    """No list and no watch: only whoever knows a Secret's name may ask for it."""
    rights = [right for right in _granted(render(FLEET).roles) if right[1] == "secrets"]
    assert set(rights) == {("", "secrets", "get")}
    without = render(FLEET, values={"rbac": {"secrets": False}}).roles
    assert without
    assert not [right for right in _granted(without) if right[1] == "secrets"]


def test_wildcards_and_ways_up_are_never_granted(rendered: Rendered) -> None:
    rights = _granted([*rendered.roles, *rendered.of("ClusterRole")])
    assert not {part for right in rights for part in right} & {
        "*",
        "escalate",
        "bind",
    }


def test_each_role_is_bound_to_the_daemon_alone(rendered: Rendered) -> None:
    account = {
        "kind": "ServiceAccount",
        "name": rendered.one("ServiceAccount")["metadata"]["name"],
        "namespace": NAMESPACE,
    }
    bound = {
        (binding["metadata"]["namespace"], binding["roleRef"]["name"])
        for binding in rendered.of("RoleBinding")
    }
    assert all(binding["subjects"] == [account] for binding in rendered.of("RoleBinding"))
    assert bound == {
        (role["metadata"]["namespace"], role["metadata"]["name"]) for role in rendered.of("Role")
    }
    wide = rendered.of("ClusterRoleBinding")
    assert all(binding["subjects"] == [account] for binding in wide)
    nodes = _nodes(rendered)["metadata"]["name"]
    assert {binding["roleRef"]["name"] for binding in wide} == {nodes, f"{nodes}-login"}


def _patchable(rendered: Rendered, namespace: str) -> list[str] | None:
    """Names of the Deployments that may be changed; ``None``: all of the namespace."""
    (rule,) = [
        rule
        for role in rendered.roles
        if role["metadata"]["namespace"] == namespace
        for rule in role["rules"]
        if "deployments" in rule["resources"] and "patch" in rule["verbs"]
    ]
    names: list[str] | None = rule.get("resourceNames")
    return names


@pytest.mark.parametrize(
    ("namespace", "names"),
    [("shop", ["basket", "cart", "cart-canary"]), ("ops", ["portal"]), ("greenlang", None)],
)
def test_only_named_deployments_may_be_changed(namespace: str, names: list[str] | None) -> None:
    """A selector's Deployments are not known beforehand, so there the whole namespace must be allowed."""
    assert _patchable(render(FLEET), namespace) == names


def test_rights_can_be_left_to_somebody_else() -> None:
    made = render(FLEET, values={"rbac": {"create": False}})
    assert made.roles == made.of("RoleBinding") == []
    assert made.of("ClusterRole") == made.of("ClusterRoleBinding") == []


@pytest.mark.parametrize(
    ("common", "own", "granted"),
    [(None, {}, True), ("strict", {}, True), ("skip", {}, False), ("skip", {"gates": "hold"}, True)],
)
def test_what_the_checks_before_a_rollback_read_is_granted_where_there_are_any(
    common: str | None, own: dict[str, str], granted: bool
) -> None:
    policy = {} if common is None else {"gates": common}
    config = {"policy": policy, "workloads": [{"namespace": "shop", "name": "cart", "signals": []} | own]}
    [role] = render(values={"webhook": {"enabled": False}, "config": config}).roles
    rights = _granted([role])
    for resource in ("serviceaccounts", "persistentvolumeclaims"):
        assert (("", resource, "get") in rights) is granted
