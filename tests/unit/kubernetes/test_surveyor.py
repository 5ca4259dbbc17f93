"""What stands over a Deployment: only what names it, and what may not be read is said to be unknown."""

from __future__ import annotations

from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.surveyor import KubeSurveyor
from daemon.core.model import WorkloadRef
from daemon.core.policy import OwnerKind
from daemon.core.rollout_facts.owners import Ownership
from tests.unit.kubernetes import fake_api
from tests.unit.kubernetes.fake_api import FakeApi, Object

REF = WorkloadRef(namespace="shop", name="cart")


def listing(*items: Object) -> Object:
    return {"kind": "List", "metadata": {"resourceVersion": "1"}, "items": list(items)}


def naming(name: str, field: str, deployment: str, kind: str = "Deployment") -> Object:
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": deployment}
    return {"metadata": {"name": name}, "spec": {field: reference}}


def test_what_names_the_deployment_stands_over_it(api: FakeApi, client: KubeClient) -> None:
    api.answers["GET"] = [
        fake_api.answer(
            listing(naming("own", "scaleTargetRef", "cart"), naming("other", "scaleTargetRef", "portal"))
        ),
        fake_api.answer(listing(naming("roll", "workloadRef", "cart"), {"metadata": {"name": "plain"}})),
        fake_api.answer(listing(naming("canary", "targetRef", "cart", "DaemonSet"))),
    ]
    found = KubeSurveyor(client).around(REF)
    assert found.scaled_by == "HorizontalPodAutoscaler own"
    assert [(owner.kind, owner.name) for owner in found.owners] == [(OwnerKind.ROLLOUT, "roll")]
    assert found.doubts == ()


def test_kinds_that_are_not_installed_stand_over_nothing(api: FakeApi, client: KubeClient) -> None:
    api.answers["GET"] = [fake_api.status(404, "the server could not find the requested resource")] * 3
    assert KubeSurveyor(client).around(REF) == Ownership()


def test_what_may_not_be_listed_is_not_known(api: FakeApi, client: KubeClient) -> None:
    api.answers["GET"] = [
        fake_api.answer(listing()),
        fake_api.status(403, "rollouts is forbidden"),
        fake_api.status(500, "etcd is away"),
    ]
    found = KubeSurveyor(client).around(REF)
    assert found.owners == ()
    assert "whether rollouts.argoproj.io name the Deployment is not known" in found.doubts[0]
    assert "canaries.flagger.app" in found.doubts[1]
