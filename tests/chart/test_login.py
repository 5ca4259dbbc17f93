"""The chart lets nobody in unseen, and the policy of admission that it can have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from daemon.adapters.kubernetes.permissions import LOGIN
from tests.chart.rendering import CHART, NAMESPACE, HelmError, Rendered, helm, render

SHOP = {"namespace": "shop", "name": "cart", "signals": []}


def _rendered(web: dict[str, Any], **values: Any) -> Rendered:
    config = {"workloads": [SHOP], "web": web}
    return render(values={"webhook": {"enabled": False}, "config": config} | values)


@pytest.mark.parametrize(
    ("web", "mode"),
    [
        ({}, "token"),
        ({"login": "token"}, "token"),
        ({"login": {"mode": "token", "session": "1h"}}, "token"),
        ({"login": {"proxy": {"trusted": ["10.0.0.0/8"]}}}, "proxy"),
        ({"login": {"mode": "none", "exposed": True}}, "none"),
        ({"login": "none"}, "none"),
    ],
)
def test_the_daemon_may_ask_who_people_are_just_where_it_must(web: dict[str, Any], mode: str) -> None:
    roles = [r for r in _rendered(web).of("ClusterRole") if r["metadata"]["name"].endswith("-login")]
    granted = {
        (g, r, v)
        for role in roles
        for rule in role["rules"]
        for g in rule["apiGroups"]
        for r in rule["resources"]
        for v in rule["verbs"]
    }
    assert granted == {(need.group, need.resource, verb) for need in LOGIN[mode] for verb in need.verbs}


def test_an_older_cluster_is_told_that_it_has_no_such_policies() -> None:
    values = {"config": {"workloads": [SHOP]}, "webhook": {"enabled": False}}
    given = [f"--set-json={key}={json.dumps(value)}" for key, value in values.items()]
    with pytest.raises(HelmError, match=r"needs Kubernetes 1\.30 or newer, and this is v1\.29\.4"):
        helm(
            "template", "x", str(CHART), *given, "--set=admissionPolicy.enabled=true", "--kube-version=1.29.4"
        )


def test_the_policy_names_this_daemon_and_counts_where_it_guards() -> None:
    assert _rendered({}).of("ValidatingAdmissionPolicy") == []
    made = _rendered({}, admissionPolicy={"enabled": True})
    policy, binding = made.one("ValidatingAdmissionPolicy"), made.one("ValidatingAdmissionPolicyBinding")
    assert binding["spec"]["policyName"] == policy["metadata"]["name"] == f"{NAMESPACE}-rollbackd"
    assert binding["spec"]["validationActions"] == ["Deny"]
    (names,) = binding["spec"]["matchResources"]["namespaceSelector"]["matchExpressions"]
    assert names["values"] == ["shop"]
    (who,) = [v["expression"] for v in policy["spec"]["variables"] if v["name"] == "daemon"]
    assert who == f'request.userInfo.username == "system:serviceaccount:{NAMESPACE}:rollbackd"'
    assert "by proxy" not in str(policy)


@pytest.mark.parametrize(("login", "writes"), [({}, False), ({"proxy": {"trusted": ["10.0.0.1"]}}, True)])
def test_the_daemon_writes_for_people_only_where_a_proxy_names_them(
    login: dict[str, Any], writes: bool
) -> None:
    (role,) = _rendered({"login": login} if login else {}).roles
    verbs = {v for rule in role["rules"] if "rolloutcases" in rule["resources"] for v in rule["verbs"]}
    assert ("patch" in verbs) is writes
    policy = _rendered({"login": login} if login else {}, admissionPolicy={"enabled": True})
    assert ("by proxy" in str(policy.one("ValidatingAdmissionPolicy"))) is writes
