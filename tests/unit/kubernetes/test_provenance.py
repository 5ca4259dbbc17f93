"""From a Deployment's metadata as the API server serves it to whoever made it and writes it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from daemon.adapters.kubernetes.objects import keep_deployment
from daemon.core.model import Provenance, Writer

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def kept(**metadata: Any) -> Provenance:
    given = {
        "name": "cart",
        "namespace": "shop",
        "uid": "d-1",
        "resourceVersion": "1",
        "creationTimestamp": "2026-01-05T09:00:00Z",
    }
    body = {"metadata": given | metadata, "spec": {"template": {"spec": {"containers": []}}}}
    return keep_deployment(json.dumps(body).encode()).provenance


def test_field_managers_tell_what_they_wrote_and_when() -> None:
    found = kept(
        managedFields=[
            {
                "manager": "kustomize-controller",
                "operation": "Apply",
                "time": "2026-01-05T09:00:00Z",
                "fieldsV1": {"f:spec": {"f:replicas": {}, "f:template": {"f:spec": {}}}},
            },
            {
                "manager": "kube-controller-manager",
                "operation": "Update",
                "subresource": "scale",
                "time": "2026-01-05T09:00:00Z",
                "fieldsV1": {"f:spec": {"f:replicas": {}}},
            },
            {"manager": "helm", "operation": "Update", "fieldsV1": {"f:metadata": {}}},
        ]
    )
    assert found.writers == (
        Writer(name="kustomize-controller", at=AT, template=True, replicas=True),
        Writer(name="kube-controller-manager", at=AT, replicas=True, scaled=True),
        Writer(name="helm"),
    )


def test_nonsense_in_field_managers_keeps_nothing_from_being_guarded() -> None:
    found = kept(managedFields=[{"manager": "x", "time": "yesterday", "fieldsV1": {"f:spec": 1}}])
    assert found.writers == (Writer(name="x"),)


def test_what_was_last_applied_is_not_kept_but_that_it_is_there() -> None:
    name = "kubectl.kubernetes.io/last-applied-configuration"
    assert kept(annotations={name: "{" * 9000, "team": "heat"}).annotations == {name: ""}


def test_an_annotation_of_any_length_is_kept_short() -> None:
    [value] = kept(annotations={"argocd.argoproj.io/tracking-id": "x" * 9000}).annotations.values()
    assert len(value) < 1000


def test_only_the_owner_that_controls_it_is_its_controller() -> None:
    owners = [
        {"kind": "Team", "name": "heat", "uid": "1"},
        {"kind": "Stack", "name": "cart", "uid": "2", "controller": True},
    ]
    assert kept(ownerReferences=owners).controller == "Stack/cart"
