"""The Job of an order: one pod, tried once, that no Service finds."""

from __future__ import annotations

from typing import Any

import kubernetes_validate
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from daemon.adapters.kubernetes.job_manifest import job_name, job_object
from daemon.core.runs import JobCommand
from daemon.ports import Order, Rejected
from tests.unit.core.made import REF

TEMPLATE: dict[str, Any] = {
    "metadata": {
        "labels": {"app": "heat"},
        "annotations": {"kubectl.kubernetes.io/default-container": "heat"},
    },
    "spec": {
        "serviceAccountName": "heat",
        "imagePullSecrets": [{"name": "registry"}],
        "initContainers": [{"name": "migrate", "image": "heat:v1"}],
        "containers": [
            {"name": "proxy", "image": "proxy:v1"},
            {
                "name": "heat",
                "image": "heat:v1",
                "command": ["serve"],
                "args": ["--all"],
                "env": [{"name": "DATABASE_URL", "value": "x"}],
                "ports": [{"containerPort": 8000}],
                "livenessProbe": {"httpGet": {"path": "/", "port": 8000}},
                "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
                "volumeMounts": [{"name": "config", "mountPath": "/app/config"}],
            },
        ],
        "volumes": [{"name": "config", "configMap": {"name": "heat-config"}}],
    },
}
TASK = JobCommand(command=("python", "-m", "smoke"), labels=(("access", "database"),))
ORDER = Order(id="u-1/rollback/1/smoke-test/plan", ref=REF, task=TASK, timeout=30.0, template=TEMPLATE)


def pod_of(order: Order) -> dict[str, Any]:
    template: dict[str, Any] = job_object(order)["spec"]["template"]
    return template


def test_it_is_a_job_that_kubernetes_takes() -> None:
    kubernetes_validate.validate(job_object(ORDER), "1.31", strict=True)


def test_it_runs_the_command_with_what_the_container_has_and_does_not_serve() -> None:
    spec = pod_of(ORDER)["spec"]
    [container] = spec["containers"]
    assert (container["name"], container["image"]) == ("heat", "heat:v1")
    assert (container["command"], container["args"]) == (["python", "-m", "smoke"], [])
    assert container["env"] == [{"name": "DATABASE_URL", "value": "x"}]
    assert container["volumeMounts"]
    assert not container.keys() & {"ports", "livenessProbe", "lifecycle"}
    assert "initContainers" not in spec
    assert (spec["serviceAccountName"], spec["restartPolicy"]) == ("heat", "Never")
    assert spec["imagePullSecrets"] == [{"name": "registry"}]


def test_its_pod_has_no_label_of_the_workloads() -> None:
    labels = pod_of(ORDER)["metadata"]["labels"]
    assert labels.items() & TEMPLATE["metadata"]["labels"].items() == set()
    assert labels["access"] == "database"


def test_it_is_tried_once_and_ends_and_goes() -> None:
    spec = job_object(ORDER)["spec"]
    assert spec["backoffLimit"] == 0
    assert spec["template"]["spec"]["activeDeadlineSeconds"] == 30 < spec["activeDeadlineSeconds"]
    assert spec["ttlSecondsAfterFinished"] > 0


def test_another_container_is_taken_by_name_and_a_wrong_name_is_said() -> None:
    proxy = replace(ORDER, task=replace(TASK, container="proxy"))
    assert pod_of(proxy)["spec"]["containers"][0]["image"] == "proxy:v1"
    with pytest.raises(Rejected, match="no container 'prxy'; there are: proxy, heat"):
        job_object(replace(ORDER, task=replace(TASK, container="prxy")))
    with pytest.raises(Rejected, match="template is not there any more"):
        job_object(replace(ORDER, template={}))


@given(one=st.text(max_size=80), other=st.text(max_size=80))
def test_its_name_follows_from_the_order_and_from_nothing_else(one: str, other: str) -> None:
    first, second = replace(ORDER, id=one), replace(ORDER, id=other, timeout=5.0)
    assert (job_name(first) == job_name(second)) == (one == other)
    assert len(job_name(first)) <= 63
    assert job_name(first).replace("-", "a").isalnum()
    assert job_name(first).isascii()
