"""Of ConfigMaps and Secrets nothing but metadata is asked for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from daemon import ports
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.configuration import METADATA_ONLY, KubeConfiguration
from daemon.core.rollout_facts.configuration import Reference
from tests.unit.kubernetes import fake_api, samples
from tests.unit.kubernetes.fake_api import FakeApi

SECRET = Reference(kind="Secret", name="heat-secrets")
PATH = "/api/v1/namespaces/greenlang/secrets/heat-secrets"


def put(api: FakeApi, *times: str | None) -> None:
    managed = [{"manager": "kubectl", "operation": "Update", "time": time} for time in times]
    metadata = samples.metadata("heat-secrets", "s-1") | {"managedFields": managed}
    api.put(PATH, {"kind": "PartialObjectMetadata", "metadata": metadata})


def test_the_metadata_alone_is_asked_for(api: FakeApi, client: KubeClient) -> None:
    put(api, "2026-11-24T02:00:00Z")
    KubeConfiguration(client).version("greenlang", SECRET)
    assert api.accepted == [METADATA_ONLY]


def test_the_last_write_is_the_latest_of_its_managers(api: FakeApi, client: KubeClient) -> None:
    put(api, "2026-11-24T02:00:00Z", "2026-11-24T03:00:00Z", "2026-11-24T01:00:00Z")
    seen = KubeConfiguration(client).version("greenlang", SECRET)
    assert seen.written_at == datetime(2026, 11, 24, 3, tzinfo=UTC)
    assert seen.version.startswith("s-1/")


@pytest.mark.parametrize("times", [(), ("2026-11-24T02:00:00Z", None)])
def test_an_object_that_does_not_say_when_it_was_written_has_no_time(
    api: FakeApi, client: KubeClient, times: tuple[str | None, ...]
) -> None:
    put(api, *times)
    assert KubeConfiguration(client).version("greenlang", SECRET).written_at is None


def test_a_refusal_is_denied(api: FakeApi, client: KubeClient) -> None:
    api.answers["GET"] = [fake_api.status(403, 'secrets "heat-secrets" is forbidden: User "x" cannot get')]
    with pytest.raises(ports.Denied, match="grant this"):
        KubeConfiguration(client).version("greenlang", SECRET)
