"""A real API server takes what the chart renders, under the strictest Pod Security level."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.chart.rendering import CHART, NAMESPACE, Manifest, Rendered
from tests.chart.test_manifests import FOREIGN
from tests.e2e.cluster import lifecycle
from tests.e2e.cluster.cluster import Cluster

pytestmark = pytest.mark.e2e

PREFIX = "chart-test-"
LEVEL = {"pod-security.kubernetes.io/enforce": "restricted"}
# Never existing on this cluster: what only exists there would be refused for that alone.
DROPPED = ("priorityClassName", "serviceAccountName")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The running cluster with the namespaces of all value files, under names of our own."""
    found = lifecycle.up()
    names = [PREFIX + name for name in ("ops", "shop", "greenlang")]
    for name in names:
        found.apply(json.dumps(_object("Namespace", name, labels=LEVEL)))
    yield found
    found.kubectl("delete", "namespace", *names, "--wait=false")


def _object(kind: str, name: str, **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, **metadata}}


def _dry_run(cluster: Cluster, manifests: list[Mapping[str, Any]]) -> str:
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})
    return cluster.kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", input=text)


def _moved(manifest: Manifest) -> dict[str, Any]:
    metadata = manifest["metadata"]
    if "namespace" not in metadata:
        return dict(manifest)
    return {**manifest, "metadata": {**metadata, "namespace": PREFIX + metadata["namespace"]}}


def test_server_takes_every_manifest(cluster: Cluster, rendered: Rendered) -> None:
    known = [m for m in rendered.manifests if m["kind"] not in FOREIGN | {"Pod"}]
    said = _dry_run(cluster, [_moved(manifest) for manifest in known])
    assert said.count("serverside-applied (server dry run)") == len(known)


def test_server_admits_the_pods_under_the_restricted_level(cluster: Cluster, rendered: Rendered) -> None:
    template = {**_object("Pod", "daemon", namespace=NAMESPACE), "spec": rendered.pod["spec"]}
    for pod in (template, rendered.one("Pod")):
        spec = {name: value for name, value in pod["spec"].items() if name not in DROPPED}
        said = _dry_run(cluster, [_moved({**pod, "spec": spec})])
        assert "serverside-applied" in said


def test_server_takes_the_definition_of_cases(cluster: Cluster) -> None:
    said = cluster.kubectl(
        "apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", str(CHART / "crds")
    )
    assert "customresourcedefinition" in said
