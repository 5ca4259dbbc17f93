"""A definition that is older than the daemon: it is named with its remedy, and nothing is stored in part."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from daemon.adapters.kubernetes import crd, crd_check
from daemon.adapters.kubernetes.cases import STRICT, KubeCaseStore
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.crd_check import PATH, CaseDefinition
from daemon.ports import Unavailable
from tests.contract.samples import new_case
from tests.unit.kubernetes import fake_api
from tests.unit.kubernetes.conftest import FixedClock
from tests.unit.kubernetes.fake_api import FakeApi


def document() -> dict[str, Any]:
    """What the API server tells of the definition of this version."""
    (version,) = crd.manifest()["spec"]["versions"]
    made = copy.deepcopy(version["schema"]["openAPIV3Schema"])
    made["x-kubernetes-group-version-kind"] = [{"group": "rollbackd.io", "kind": "RolloutCase"}]
    others = {"meta.v1.ObjectMeta": {"type": "object"}}
    return {"components": {"schemas": {**others, "io.rollbackd.v1alpha1.RolloutCase": made}}}


def schema(of: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = of["components"]["schemas"]["io.rollbackd.v1alpha1.RolloutCase"]["properties"]
    return made


def test_the_definition_of_this_version_lacks_nothing(api: FakeApi, client: KubeClient) -> None:
    api.objects[PATH] = document()
    assert crd_check.outdated(client) == ""


def test_a_newer_definition_lacks_nothing(api: FakeApi, client: KubeClient) -> None:
    api.objects[PATH] = document()
    schema(api.objects[PATH])["status"]["properties"]["tomorrow"] = {"type": "string"}
    assert crd_check.outdated(client) == ""


def test_a_definition_that_is_not_there_is_for_the_store_to_say(api: FakeApi, client: KubeClient) -> None:
    assert crd_check.outdated(client) == ""


def test_fields_and_values_that_it_lacks_are_named(api: FakeApi, client: KubeClient) -> None:
    api.objects[PATH] = document()
    of = schema(api.objects[PATH])
    del of["spec"]["properties"]["configuration"]
    del of["status"]["properties"]["effects"]["items"]["properties"]["kind"]
    of["status"]["properties"]["phase"]["enum"].remove("Held")
    del of["status"]["properties"]["conditions"]
    said = crd_check.outdated(client)
    for name in ("spec.configuration", "status.effects[].kind", "status.phase=Held", "status.conditions"):
        assert name in said
    assert "kubectl apply -f helm/rollbackd/crds" in said


@pytest.mark.parametrize("odd", [[], {"components": {"schemas": []}}, {"components": 3}])
def test_a_document_that_makes_no_sense_says_nothing(api: FakeApi, client: KubeClient, odd: Any) -> None:
    api.objects[PATH] = odd
    with pytest.raises(Unavailable):
        crd_check.outdated(client)


def test_the_problem_stands_until_it_was_applied(api: FakeApi, client: KubeClient, clock: FixedClock) -> None:
    api.objects[PATH] = document()
    del schema(api.objects[PATH])["status"]["properties"]["effects"]
    definition = CaseDefinition(client, clock)
    assert "status.effects" in "".join(definition.problems().values())
    api.objects[PATH] = document()
    assert definition.problems()
    clock.seconds += crd_check.EVERY
    assert not definition.problems()
    asked = len(api.requests)
    clock.seconds += crd_check.EVERY
    assert not definition.problems()
    assert len(api.requests) == asked


def test_an_api_server_that_does_not_answer_is_asked_again(
    api: FakeApi, client: KubeClient, clock: FixedClock
) -> None:
    api.answers["GET"] = [fake_api.status(503, "not now")]
    api.objects[PATH] = document()
    del schema(api.objects[PATH])["status"]["properties"]["effects"]
    definition = CaseDefinition(client, clock)
    assert not definition.problems()
    clock.seconds += crd_check.EVERY
    assert definition.problems()


def test_every_write_of_a_case_is_to_be_kept_whole_or_refused(
    api: FakeApi, client: KubeClient, clock: FixedClock
) -> None:
    """Unknown fields are dropped in silence otherwise."""
    store = KubeCaseStore(client, namespaces=["greenlang"], clock=clock, on_problem=lambda _: None)
    store.save(store.create(new_case("greenlang")))
    assert [(method, query) for method, _, query, _ in api.writes()] == [
        ("POST", STRICT),
        ("PUT", STRICT),
        ("PUT", STRICT),
    ]
