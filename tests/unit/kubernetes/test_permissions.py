from __future__ import annotations

import pytest

from daemon import ports
from daemon.adapters.kubernetes import permissions
from daemon.adapters.kubernetes.client import KubeClient
from daemon.core.policy import OwnerKind
from tests.unit.kubernetes import fake_api
from tests.unit.kubernetes.fake_api import FakeApi

NEEDED = sum(len(need.verbs) for need in permissions.NEEDED)
OPTIONAL = sum(len(need.verbs) for need in permissions.OPTIONAL)
ASKED = NEEDED + OPTIONAL


def review(allowed: bool, reason: str = "") -> fake_api.Object:
    return {"status": {"allowed": allowed, "reason": reason}}


def test_every_verb_is_asked_in_every_namespace(api: FakeApi, client: KubeClient) -> None:
    asked_for = 2 * NEEDED + OPTIONAL
    api.answers["POST"] = [fake_api.answer(review(True), 201) for _ in range(asked_for)]
    found = permissions.check(client, ["a", "b"])
    assert len(found) == asked_for
    assert all(permission.allowed for permission in found)
    asked = [body["spec"]["resourceAttributes"] for _, _, _, body in api.requests]
    expected = {"namespace": "b", "group": "rollbackd.io", "resource": "rolloutcases"}
    assert expected | {"verb": "create"} in asked
    assert expected | {"verb": "update", "subresource": "status"} in asked
    assert expected | {"verb": "update"} not in asked


def test_what_the_daemon_can_do_without_is_marked(api: FakeApi, client: KubeClient) -> None:
    api.answers["POST"] = [fake_api.answer(review(False), 201) for _ in range(2 * NEEDED + OPTIONAL)]
    found = permissions.check(client, ["a", "b"])
    assert [(p.resource, p.verb, p.namespace) for p in found if p.optional] == [
        ("secrets", "get", "a"),
        ("secrets", "get", "b"),
        ("events", "list", "a"),
        ("events", "list", "b"),
        ("horizontalpodautoscalers.autoscaling", "list", "a"),
        ("horizontalpodautoscalers.autoscaling", "list", "b"),
        ("rollouts.argoproj.io", "list", "a"),
        ("rollouts.argoproj.io", "list", "b"),
        ("canaries.flagger.app", "list", "a"),
        ("canaries.flagger.app", "list", "b"),
        ("nodes", "get", ""),
    ]


def test_rights_to_suspend_are_asked_for_where_the_owners_are(api: FakeApi, client: KubeClient) -> None:
    api.answers["POST"] = [fake_api.answer(review(True), 201) for _ in range(ASKED + 2)]
    found = permissions.check(client, ["a"], suspending={"flux-system": (OwnerKind.FLUX_KUSTOMIZATION,)})
    asked = [(p.resource, p.verb) for p in found if p.namespace == "flux-system"]
    assert asked == [
        ("kustomizations.kustomize.toolkit.fluxcd.io", "get"),
        ("kustomizations.kustomize.toolkit.fluxcd.io", "patch"),
    ]


def test_rights_to_write_config_maps_are_asked_for_where_they_are_restored(
    api: FakeApi, client: KubeClient
) -> None:
    api.answers["POST"] = [fake_api.answer(review(True), 201) for _ in range(2 * NEEDED + OPTIONAL + 3)]
    found = permissions.check(client, ["a", "b"], restoring=("b",))
    asked = [(p.namespace, p.verb) for p in found if p.resource == "configmaps" and p.verb != "get"]
    assert asked == [("b", "create"), ("b", "patch"), ("b", "delete")]


def test_a_missing_right_is_told_with_the_servers_reason(api: FakeApi, client: KubeClient) -> None:
    api.answers["POST"] = [fake_api.answer(review(False, "no rule"), 201) for _ in range(ASKED)]
    found = permissions.check(client, ["a"])
    assert {(permission.allowed, permission.reason) for permission in found} == {(False, "no rule")}


def test_a_server_that_is_not_there_is_unavailable(api: FakeApi, client: KubeClient) -> None:
    api.answers["POST"] = [fake_api.status(503, "gone")]
    with pytest.raises(ports.Unavailable):
        permissions.check(client, ["a"])


def test_a_patch_that_is_limited_to_names_is_asked_for_each_name(api: FakeApi, client: KubeClient) -> None:
    api.answers["POST"] = [fake_api.answer(review(True), 201) for _ in range(ASKED + 1)]
    found = permissions.check(client, ["a"], named={"a": ["x", "y"]})
    patches = [p.resource for p in found if p.verb == "patch" and p.resource.startswith("deployments")]
    assert patches == ["deployments.apps/x", "deployments.apps/y"]
    asked = [body["spec"]["resourceAttributes"].get("name") for _, _, _, body in api.requests]
    assert [name for name in asked if name] == ["x", "y"]


def test_logs_are_asked_for_where_they_are_read(api: FakeApi, client: KubeClient) -> None:
    api.answers["POST"] = [fake_api.answer(review(True), 201) for _ in range(2 * NEEDED + OPTIONAL + 1)]
    found = permissions.check(client, ["a", "b"], logged=["b"])
    assert [(p.namespace, p.optional) for p in found if p.resource == "pods/log"] == [("b", False)]


def test_what_runs_somewhere_is_asked_there_alone(api: FakeApi, client: KubeClient) -> None:
    api.answers["POST"] = [fake_api.answer(review(True), 201) for _ in range(2 * NEEDED + OPTIONAL + 6)]
    found = permissions.check(client, ["a", "b"], runs={"a": {"http"}, "b": {"job", "exec"}})
    asked = {(p.namespace, p.resource, p.verb) for p in found if p.resource.startswith(("jobs", "pods/"))}
    assert asked == {
        ("b", "jobs.batch", "create"),
        ("b", "jobs.batch", "get"),
        ("b", "jobs.batch", "delete"),
        ("b", "pods/log", "get"),
        ("b", "pods/exec", "create"),
        ("b", "pods/exec", "get"),
    }
    assert not any(p.optional for p in found if p.resource.startswith(("jobs", "pods/")))
