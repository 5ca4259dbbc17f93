"""``kubectl rollout undo``, with preconditions."""

from __future__ import annotations

import msgspec
import pytest

from daemon import ports
from daemon.adapters.kubernetes import objects, partial
from daemon.adapters.kubernetes.actuator import TRIES, KubeActuator
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.selectors import selector_text
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.images import ImageChange
from daemon.core.model import Revision
from tests.unit.kubernetes import fake_api, samples
from tests.unit.kubernetes.fake_api import FakeApi
from tests.unit.kubernetes.samples import BASE, DEPLOYMENT, REF, UID

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
REVISION = "deployment.kubernetes.io/revision"


def revision(body: samples.Object) -> Revision:
    return objects.revision(msgspec.convert(body, type=partial.ReplicaSet, strict=False))


GOOD = revision(samples.replica_set("v1", 1))
BAD = revision(samples.replica_set("v2", 2))


@pytest.fixture
def world(api: FakeApi) -> FakeApi:
    """The bad release is in place, the good one's ReplicaSet is still there, and a stranger's beside them."""
    annotations = {
        LAST_APPLIED: "{}",
        REVISION: "2",
        "kubernetes.io/change-cause": "release v2",
        "extra": "x",
    }
    api.put(DEPLOYMENT, samples.deployment("v2", annotations=annotations))
    for body in (samples.replica_set("v1", 1), samples.replica_set("v2", 2)):
        api.put(f"{BASE}/replicasets/{body['metadata']['name']}", body)
    stranger = samples.replica_set("v1", 9, owner="somebody-else", uid="stranger")
    api.put(f"{BASE}/replicasets/stranger", stranger)
    return api


@pytest.fixture
def actuator(client: KubeClient) -> KubeActuator:
    return KubeActuator(client)


def undo(actuator: KubeActuator, *, judged: Revision = BAD, target: Revision = GOOD) -> ports.RollbackResult:
    return actuator.undo(REF, UID, judged=judged, target=target)


def drop_set(world: FakeApi, tag: str) -> None:
    world.objects = {
        path: body
        for path, body in world.objects.items()
        if not (body["kind"] == "ReplicaSet" and body["metadata"]["uid"] == f"rs-{tag}")
    }


def test_the_targets_template_and_annotations_are_put_back(world: FakeApi, actuator: KubeActuator) -> None:
    version = world.objects[DEPLOYMENT]["metadata"]["resourceVersion"]
    undone = undo(actuator)
    assert (undone.outcome, undone.already) == (EffectOutcome.DONE, False)
    assert world.objects[DEPLOYMENT]["spec"]["template"] == samples.template("v1")
    assert world.objects[DEPLOYMENT]["metadata"]["annotations"] == {
        LAST_APPLIED: "{}",
        REVISION: "2",
        "kubernetes.io/change-cause": "release v1",
    }
    ((method, path, query, patch),) = world.writes()
    assert (method, path, query) == ("PATCH", DEPLOYMENT, {"fieldManager": "rollbackd"})
    assert [operation["path"] for operation in patch] == [
        "/spec/template",
        "/metadata/annotations",
        "/metadata/resourceVersion",
    ]
    assert patch[-1]["value"] == version


def test_undoing_twice_changes_once(world: FakeApi, actuator: KubeActuator) -> None:
    undo(actuator)
    again = undo(actuator)
    assert (again.outcome, again.already) == (EffectOutcome.DONE, True)
    assert len(world.writes()) == 1


def test_a_status_written_in_between_does_not_stop_it(world: FakeApi, actuator: KubeActuator) -> None:
    meddling = iter([True, True, False])

    def meddle() -> None:
        if next(meddling):
            world.put(DEPLOYMENT, world.objects[DEPLOYMENT])

    world.before_write = meddle
    assert undo(actuator).outcome is EffectOutcome.DONE
    assert len(world.writes()) == 3


def test_a_deployment_that_never_rests_is_unavailable(world: FakeApi, actuator: KubeActuator) -> None:

    def meddle() -> None:
        world.put(DEPLOYMENT, world.objects[DEPLOYMENT])

    world.before_write = meddle
    with pytest.raises(ports.Unavailable, match="changed under each"):
        undo(actuator)
    assert len(world.writes()) == TRIES


def test_somebody_elses_deploy_in_between_supersedes(world: FakeApi, actuator: KubeActuator) -> None:
    fields = [
        {"manager": "helm", "time": "2026-11-24T11:00:00Z", "fieldsV1": {"f:spec": {"f:template": {}}}},
        {"manager": "status-writer", "time": "2026-11-24T11:30:00Z", "fieldsV1": {"f:status": {}}},
    ]

    def meddle() -> None:
        world.put(DEPLOYMENT, samples.deployment("v3", managedFields=fields))

    world.before_write = meddle
    undone = undo(actuator)
    assert undone.outcome is EffectOutcome.SUPERSEDED
    assert ":v3" in undone.detail
    assert "helm" in undone.detail
    assert world.objects[DEPLOYMENT]["spec"]["template"] == samples.template("v3")


def test_a_deployment_made_again_supersedes(world: FakeApi, actuator: KubeActuator) -> None:
    world.put(DEPLOYMENT, samples.deployment("v2", uid="another"))
    assert undo(actuator).outcome is EffectOutcome.SUPERSEDED
    assert world.writes() == []


def test_a_deployment_that_is_gone_supersedes(api: FakeApi, actuator: KubeActuator) -> None:
    assert undo(actuator).outcome is EffectOutcome.SUPERSEDED


def test_a_paused_deployment_is_refused_with_the_remedy(world: FakeApi, actuator: KubeActuator) -> None:
    world.objects[DEPLOYMENT]["spec"]["paused"] = True
    undone = undo(actuator)
    assert undone.outcome is EffectOutcome.REFUSED
    assert f"kubectl rollout resume deployment/{REF.name} -n {REF.namespace}" in undone.detail
    assert world.writes() == []


def test_a_target_whose_replica_set_is_gone_is_refused(world: FakeApi, actuator: KubeActuator) -> None:
    drop_set(world, "v1")
    undone = undo(actuator)
    assert undone.outcome is EffectOutcome.REFUSED
    assert GOOD.replica_set in undone.detail


def test_a_judged_replica_set_that_was_deleted_and_came_back_is_known_by_its_hash(
    world: FakeApi, actuator: KubeActuator
) -> None:
    drop_set(world, "v2")
    world.put(f"{BASE}/replicasets/again", samples.replica_set("v2", 2, uid="again"))
    assert undo(actuator).outcome is EffectOutcome.DONE


def test_a_template_that_the_server_does_not_accept_is_refused(
    world: FakeApi, actuator: KubeActuator
) -> None:
    world.answers["PATCH"] = [fake_api.status(422, "spec.template.spec is invalid")]
    undone = undo(actuator)
    assert undone.outcome is EffectOutcome.REFUSED
    assert "spec.template.spec is invalid" in undone.detail


@pytest.mark.parametrize(("code", "error"), [(403, ports.Denied), (503, ports.Unavailable)])
def test_what_a_person_or_time_must_mend_is_raised(
    world: FakeApi, actuator: KubeActuator, code: int, error: type[Exception]
) -> None:
    world.answers["PATCH"] = [fake_api.status(code, "no")]
    with pytest.raises(error):
        undo(actuator)


def test_a_dry_run_lets_the_server_check_and_keeps_nothing(world: FakeApi, client: KubeClient) -> None:
    undone = undo(KubeActuator(client, dry_run=True))
    assert undone.detail.endswith("(dry run)")
    assert world.writes()[0][2]["dryRun"] == "All"
    assert world.objects[DEPLOYMENT]["spec"]["template"] == samples.template("v2")


def test_images_are_set_in_one_write(world: FakeApi, actuator: KubeActuator) -> None:
    spec = world.objects[DEPLOYMENT]["spec"]["template"]["spec"]
    spec["initContainers"] = [{"name": "migrate", "image": "app:v2"}]
    before = spec["containers"][0]["image"]
    changes = (
        ImageChange(container=REF.name, before=before, after="app:v9"),
        ImageChange(container="migrate", before="app:v2", after="app:v9"),
    )
    done = actuator.set_images(REF, UID, changes)
    assert done.outcome is EffectOutcome.DONE
    spec = world.objects[DEPLOYMENT]["spec"]["template"]["spec"]
    assert {spec["containers"][0]["image"], spec["initContainers"][0]["image"]} == {"app:v9"}
    assert len(world.writes()) == 1
    assert actuator.set_images(REF, UID, changes).already


def test_a_selector_is_written_as_the_api_reads_it() -> None:
    expressions = [
        {"key": "tier", "operator": "In", "values": ["a", "b"]},
        {"key": "env", "operator": "NotIn", "values": ["dev"]},
        {"key": "has", "operator": "Exists"},
        {"key": "not", "operator": "DoesNotExist"},
    ]
    selector = {"matchLabels": {"app": "x"}, "matchExpressions": expressions}
    read = msgspec.convert(selector, type=partial.Selector)
    assert selector_text(read) == "app=x,tier in (a,b),env notin (dev),has,!not"


ANNOTATION = "rollbackd.io/rollback"


def with_token(actuator: KubeActuator, token: str) -> ports.RollbackResult:
    return actuator.undo(REF, UID, judged=BAD, target=GOOD, token=token)


def test_the_patch_leaves_the_intents_token_and_no_older_one(world: FakeApi, actuator: KubeActuator) -> None:
    world.objects[DEPLOYMENT]["metadata"]["annotations"][ANNOTATION] = "old/rollback/1"
    sets = [body for body in world.objects.values() if body["kind"] == "ReplicaSet"]
    for body in sets:
        body["metadata"]["annotations"][ANNOTATION] = "older/rollback/1"
    with_token(actuator, "case/rollback/1")
    assert world.objects[DEPLOYMENT]["metadata"]["annotations"][ANNOTATION] == "case/rollback/1"


def test_a_rollback_by_hand_drops_the_token(world: FakeApi, actuator: KubeActuator) -> None:
    world.objects[DEPLOYMENT]["metadata"]["annotations"][ANNOTATION] = "old/rollback/1"
    undo(actuator)
    assert ANNOTATION not in world.objects[DEPLOYMENT]["metadata"]["annotations"]


@pytest.mark.parametrize("bearer", ["the Deployment", "a ReplicaSet"])
def test_a_token_found_anywhere_says_that_the_patch_was_made(
    world: FakeApi, actuator: KubeActuator, bearer: str
) -> None:
    path = DEPLOYMENT if bearer == "the Deployment" else f"{BASE}/replicasets/{GOOD.replica_set}"
    world.objects[path]["metadata"]["annotations"][ANNOTATION] = "case/rollback/1"
    undone = with_token(actuator, "case/rollback/1")
    assert (undone.outcome, undone.already) == (EffectOutcome.DONE, True)
    assert "applied over it" in undone.detail
    assert world.writes() == []


def test_a_newer_number_of_any_replica_set_or_of_the_deployment_supersedes(
    world: FakeApi, actuator: KubeActuator
) -> None:
    world.put(f"{BASE}/replicasets/{GOOD.replica_set}", samples.replica_set("v1", 3))
    assert undo(actuator).outcome is EffectOutcome.SUPERSEDED
    world.put(f"{BASE}/replicasets/{GOOD.replica_set}", samples.replica_set("v1", 1))
    world.objects[DEPLOYMENT]["metadata"]["annotations"][REVISION] = "4"
    assert undo(actuator).outcome is EffectOutcome.SUPERSEDED
    assert world.writes() == []


def test_while_the_controller_lags_nothing_is_written(world: FakeApi, actuator: KubeActuator) -> None:
    world.objects[DEPLOYMENT]["metadata"]["generation"] = 3
    with pytest.raises(ports.Unavailable, match="newest generation"):
        with_token(actuator, "case/rollback/1")
    assert world.writes() == []
    assert undo(actuator).outcome is EffectOutcome.DONE, "a person who is there decides by what is seen"


def test_a_revision_number_that_is_nonsense_stops_no_rollback(world: FakeApi, actuator: KubeActuator) -> None:
    annotations = world.objects[f"{BASE}/replicasets/{GOOD.replica_set}"]["metadata"]["annotations"]
    annotations[REVISION] = "the first"
    assert with_token(actuator, "case/rollback/1").outcome is EffectOutcome.DONE
