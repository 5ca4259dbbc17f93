"""What a pod cannot start without, as the kubelet sees it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.rollout_facts.configuration import Reference
from daemon.core.rollout_facts.requirements import Requirement, requirements


def of(spec: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(str(found.reference), found.vital) for found in requirements({"spec": spec})]


def contained(**container: Any) -> dict[str, Any]:
    return {"containers": [{"name": "app", **container}]}


VITAL = {
    "ConfigMap one": [
        {"volumes": [{"name": "v", "configMap": {"name": "one"}}]},
        {"volumes": [{"name": "v", "projected": {"sources": [{"configMap": {"name": "one"}}]}}]},
        contained(envFrom=[{"configMapRef": {"name": "one"}}]),
        contained(env=[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "one", "key": "a"}}}]),
        {"initContainers": [{"envFrom": [{"configMapRef": {"name": "one"}}]}]},
    ],
    "Secret one": [
        {"volumes": [{"name": "v", "secret": {"secretName": "one"}}]},
        {"volumes": [{"name": "v", "projected": {"sources": [{"secret": {"name": "one"}}]}}]},
        contained(envFrom=[{"secretRef": {"name": "one"}}]),
        contained(env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "one", "key": "a"}}}]),
    ],
    "ServiceAccount one": [{"serviceAccountName": "one"}, {"serviceAccount": "one"}],
    "PersistentVolumeClaim one": [
        {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "one"}}]}
    ],
}


@pytest.mark.parametrize(("name", "spec"), [(name, spec) for name, all_ in VITAL.items() for spec in all_])
def test_what_a_pod_cannot_start_without_is_vital(name: str, spec: dict[str, Any]) -> None:
    assert of(spec) == [(name, True)]


@pytest.mark.parametrize(
    "spec",
    [
        {"volumes": [{"name": "v", "configMap": {"name": "one", "optional": True}}]},
        {"volumes": [{"name": "v", "secret": {"secretName": "one", "optional": True}}]},
        {"volumes": [{"name": "v", "projected": {"sources": [{"secret": {"name": "o", "optional": True}}]}}]},
        contained(envFrom=[{"configMapRef": {"name": "one", "optional": True}}]),
        contained(env=[{"valueFrom": {"secretKeyRef": {"name": "o", "key": "k", "optional": True}}}]),
        {"serviceAccountName": "default"},
        {"volumes": [{"name": "v", "emptyDir": {}}, {"name": "w", "hostPath": {"path": "/"}}]},
        {},
    ],
)
def test_what_may_be_missing_is_not_asked_for(spec: dict[str, Any]) -> None:
    assert of(spec) == []


def test_a_secret_to_pull_with_may_be_missing_unless_something_else_needs_it() -> None:
    pull = {"imagePullSecrets": [{"name": "registry"}]}
    assert of(pull) == [("Secret registry", False)]
    mounted = {"volumes": [{"name": "v", "secret": {"secretName": "registry"}}]}
    assert of(pull | mounted) == [("Secret registry", True)]


NAMES = st.sampled_from(["a", "b"])
SOURCES = st.builds(lambda name, optional: {"name": name, "optional": optional}, NAMES, st.booleans())


@given(st.lists(SOURCES), st.lists(SOURCES))
def test_each_object_is_named_once_and_needed_where_one_reference_is(
    whole: list[dict[str, Any]], mounted: list[dict[str, Any]]
) -> None:
    spec = contained(envFrom=[{"configMapRef": one} for one in whole])
    spec["volumes"] = [{"name": "v", "configMap": one} for one in mounted]
    needed = {one["name"] for one in [*whole, *mounted] if not one["optional"]}
    found = requirements({"spec": spec})
    assert found == tuple(
        Requirement(reference=Reference(kind="ConfigMap", name=name)) for name in sorted(needed)
    )


KEYED = [
    contained(env=[{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "one", "key": "a"}}}]),
    {"volumes": [{"name": "v", "configMap": {"name": "one", "items": [{"key": "a", "path": "x"}]}}]},
    {
        "volumes": [
            {
                "name": "v",
                "projected": {"sources": [{"configMap": {"name": "one", "items": [{"key": "a"}]}}]},
            }
        ]
    },
]


@pytest.mark.parametrize("spec", KEYED)
def test_the_keys_that_are_named_of_a_config_map_are_needed(spec: dict[str, Any]) -> None:
    [found] = requirements({"spec": spec})
    assert found.keys == ("a",)


def test_keys_of_an_optional_reference_may_be_missing_and_those_of_a_secret_are_not_asked_for() -> None:
    optional = {"name": "one", "key": "a", "optional": True}
    secret = {"secretKeyRef": {"name": "login", "key": "password"}}
    whole = {"configMapRef": {"name": "one"}}
    spec = contained(
        env=[{"valueFrom": {"configMapKeyRef": optional}}, {"valueFrom": secret}], envFrom=[whole]
    )
    assert [found.keys for found in requirements({"spec": spec})] == [(), ()]
