"""The Lease as other tools see it, and what is said without the right to it."""

from __future__ import annotations

import pytest

from daemon import ports
from daemon.adapters.clock import SystemClock
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.lease import MEMBERS, KubeLease
from daemon.core.election import RELEASED, Lease
from tests.unit.kubernetes import fake_api
from tests.unit.kubernetes.fake_api import FakeApi

PATH = "/apis/coordination.k8s.io/v1/namespaces/ops/leases/rollbackd"
DEPLOYMENT = "/apis/apps/v1/namespaces/greenlang/deployments/app"


@pytest.fixture
def lease(client: KubeClient) -> KubeLease:
    return KubeLease(client, namespace="ops", name="rollbackd", clock=SystemClock())


def test_what_others_wrote_on_it_stays(api: FakeApi, lease: KubeLease) -> None:
    api.put(PATH, {"metadata": {"name": "rollbackd", "namespace": "ops", "labels": {"a": "b"}}, "spec": {}})
    found = lease.read()
    assert found is not None
    lease.write(Lease(holder="pod_1", duration=10.0, transitions=1, version=found.version))
    [(method, _, _, body)] = api.writes()
    assert method == "PATCH"
    assert body["metadata"] == {"resourceVersion": found.version}
    assert body["spec"]["leaseDurationSeconds"] == 10
    assert body["spec"]["holderIdentity"] == "pod_1"


def test_giving_it_back_takes_the_holder_off(api: FakeApi, lease: KubeLease) -> None:
    api.put(PATH, {"metadata": {"name": "rollbackd", "namespace": "ops"}, "spec": {}})
    lease.write(Lease(duration=RELEASED, transitions=1, version=str(api.version)))
    [(_, _, _, body)] = api.writes()
    assert (body["spec"]["holderIdentity"], body["spec"]["leaseDurationSeconds"]) == (None, 1)


def test_the_members_of_a_layout_stand_in_an_annotation_beside_others(api: FakeApi, lease: KubeLease) -> None:
    metadata = {"name": "rollbackd", "namespace": "ops", "annotations": {"a": "b"}}
    api.put(PATH, {"metadata": metadata, "spec": {}})
    found = lease.read()
    assert found is not None
    assert found.members is None
    lease.write(Lease(holder="4-shards", members={"pod-1": "7"}, version=found.version))
    [(_, _, _, body)] = api.writes()
    assert body["metadata"]["annotations"] == {MEMBERS: '{"pod-1":"7"}'}


@pytest.mark.parametrize("written", ["", "[1]", '{"pod-1": 7}'])
def test_what_is_no_list_of_members_names_none(api: FakeApi, lease: KubeLease, written: str) -> None:
    metadata = {"name": "rollbackd", "namespace": "ops", "annotations": {MEMBERS: written}}
    api.put(PATH, {"metadata": metadata, "spec": {}})
    found = lease.read()
    assert found is not None
    assert found.members == {}


def test_a_missing_right_is_named_with_its_remedy(api: FakeApi, lease: KubeLease) -> None:
    words = 'leases.coordination.k8s.io "rollbackd" is forbidden: User "x" cannot get resource "leases"'
    api.answers["GET"] = [fake_api.status(403, words)]
    with pytest.raises(ports.Denied, match=r"grant get and patch on it.*or set election\.enabled: false"):
        lease.allowed()


def test_a_server_that_is_down_is_no_reason_not_to_start(api: FakeApi, lease: KubeLease) -> None:
    api.answers["GET"] = [fake_api.status(503, "starting")]
    assert not lease.allowed()


def test_no_write_is_begun_without_time_for_it(api: FakeApi, client: KubeClient) -> None:
    api.put(DEPLOYMENT, {"metadata": {"name": "app"}})
    left = 5.0
    acting = client.within(lambda: left)
    acting.request("PATCH", DEPLOYMENT, body=[])
    left = 0.9
    for method in ("PATCH", "POST", "PUT", "DELETE"):
        with pytest.raises(ports.Unavailable, match="this replica does nothing"):
            acting.request(method, DEPLOYMENT, body=[])
    with pytest.raises(ports.Unavailable, match="this replica does nothing"):
        acting.channels("/api/v1/namespaces/a/pods/b/exec", [], timeout=1.0)
    acting.request("GET", DEPLOYMENT)
    client.request("PATCH", DEPLOYMENT, body=[])
    assert len(api.writes()) == 2
