"""Cases on the API server: nothing is lost, nothing is overwritten, nonsense is named."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from daemon import ports
from daemon.adapters.kubernetes.case_codec import label_value
from daemon.adapters.kubernetes.cases import KubeCaseStore
from daemon.adapters.kubernetes.client import KubeClient
from daemon.core.assessment import Assessment, Condition, SignalEvidence, Verdict, Verification
from daemon.core.case.case import (
    Case,
    Entry,
    Instruction,
    Phase,
    Spec,
    Status,
)
from daemon.core.case.effect import Effect, EffectOutcome
from daemon.core.model import Alert, Change, Revision, WorkloadRef
from daemon.core.signals.trail import Point
from daemon.core.statistics.counts import Tally
from tests.unit.kubernetes import fake_api
from tests.unit.kubernetes.conftest import NOW, FixedClock
from tests.unit.kubernetes.fake_api import FakeApi

PATH = "/apis/rollbackd.io/v1alpha1/namespaces/greenlang/rolloutcases"
PATIENCE = 10.0
WEB = WorkloadRef(namespace="greenlang", name="web")
REVISION = Revision(
    hash="abc",
    replica_set="web-abc",
    replica_set_uid="rs",
    number=2,
    images=("web:2",),
    created_at=NOW,
)


def new_case(name: str = "web-r2", status: Status | None = None) -> Case:
    spec = Spec(
        workload="web",
        workload_uid="uid",
        revision=REVISION,
        change=Change.IMAGE,
        opened_at=NOW,
        started_at=NOW - timedelta(milliseconds=1),
    )
    return Case(namespace="greenlang", name=name, spec=spec, status=status or Status())


FULL = Status(
    phase=Phase.VERIFYING,
    verdict=Verdict.FAILING,
    reason="20 % errors — over 5 %",
    failing_at=NOW,
    target=REVISION,
    assessment=Assessment(
        verdict=Verdict.FAILING,
        reason="errors",
        signals=(
            SignalEvidence(
                name="errors",
                verdict=Verdict.FAILING,
                reason="r",
                limit=0.05,
                new=Tally(bad=1, total=3),
                over_limit=1e-9,
                trail=(
                    Point(at=NOW.timestamp(), bad=1, total=3, over_limit=-0.25, over_baseline=1.5),
                    Point(at=NOW.timestamp() + 15.5),
                ),
            ),
        ),
        onset=(NOW.timestamp() - 1.5, NOW.timestamp()),
    ),
    verification=Verification(conditions=(Condition(name="ready", holds=None, detail="not known"),)),
    effects=(
        Effect(id="1", kind="rollback", intended_at=NOW),
        Effect(id="2", kind="publish", intended_at=NOW, finished_at=NOW, outcome=EffectOutcome.DONE),
    ),
    alerts=(Alert(fingerprint="f", name="n", starts_at=NOW, status="firing", labels={"a": "b"}),),
    timeline=(Entry(at=NOW, phase=Phase.WATCHING, text="t"),),
    last_instruction=Instruction(action="hold", by="me", at=NOW),
)


class Watched:
    def __init__(self, store: KubeCaseStore) -> None:
        self.store = store
        self.told: queue.Queue[WorkloadRef] = queue.Queue()


@pytest.fixture
def store(client: KubeClient, clock: FixedClock) -> KubeCaseStore:
    return KubeCaseStore(client, namespaces=["greenlang"], clock=clock, on_problem=lambda _: None)


@pytest.fixture
def watched(api: FakeApi, store: KubeCaseStore) -> Iterator[Watched]:
    made = Watched(store)
    store.watch(made.told.put)
    api.watched_from.get(timeout=PATIENCE)
    yield made
    api.closing.set()
    assert store.stop(PATIENCE) == []


def test_a_case_comes_back_as_it_was_created(store: KubeCaseStore) -> None:
    created = store.create(new_case(status=FULL))
    assert created.uid
    assert (created.spec, created.status) == (new_case().spec, FULL)
    assert store.get("greenlang", "web-r2") == created
    assert store.cases() == (created,)


def test_what_kubectl_shows_is_stored_even_where_it_is_the_default(
    api: FakeApi, store: KubeCaseStore
) -> None:
    store.create(new_case())
    stored = api.objects[f"{PATH}/web-r2"]
    assert (stored["status"]["phase"], stored["status"]["verdict"]) == ("Progressing", "unknown")
    assert stored["metadata"]["labels"] == {
        "rollbackd.io/workload": "web",
        "rollbackd.io/revision-hash": "abc",
    }
    assert "ownerReferences" not in stored["metadata"]


def test_a_case_whose_creation_was_cut_short_is_a_fresh_one(api: FakeApi, store: KubeCaseStore) -> None:
    api.answers["PUT"] = [fake_api.status(503, "gone")]
    with pytest.raises(ports.Unavailable):
        store.create(new_case(status=FULL))
    assert store.get("greenlang", "web-r2").status == Status()
    with pytest.raises(ports.Conflict):
        store.create(new_case())


def test_of_two_writers_the_second_conflicts(store: KubeCaseStore) -> None:
    read = store.create(new_case())
    saved = store.save(replace(read, status=FULL))
    assert saved.status == FULL
    with pytest.raises(ports.Conflict):
        store.save(replace(read, status=Status(reason="late")))
    with pytest.raises(ports.Conflict):
        store.instruct(read)
    assert store.get("greenlang", "web-r2") == saved


def test_an_instruction_is_written_and_leaves_the_status(store: KubeCaseStore) -> None:
    created = store.create(new_case(status=FULL))
    instruction = Instruction(action="approve", by="somebody", at=NOW)
    instructed = store.instruct(replace(created, spec=replace(created.spec, instruction=instruction)))
    assert instructed.spec.instruction == instruction
    assert instructed.status == FULL


def test_deleting_is_for_that_case_alone_and_may_be_repeated(api: FakeApi, store: KubeCaseStore) -> None:
    created = store.create(new_case())
    store.delete(replace(created, uid="an-earlier-one"))
    assert store.cases() == (created,)
    store.delete(created)
    store.delete(created)
    assert store.cases() == ()
    with pytest.raises(ports.Missing):
        store.get("greenlang", "web-r2")
    with pytest.raises(ports.Missing):
        store.save(created)


def nonsense(**spec: Any) -> dict[str, Any]:
    built = msgspec.to_builtins(new_case().spec) | spec
    return {"metadata": {"name": "odd", "namespace": "greenlang", "uid": "odd"}, "spec": built}


@pytest.mark.parametrize(
    ("spec", "path"),
    [({"openedAt": "yesterday"}, r"\$.spec.openedAt"), ({"change": "whim"}, r"\$.spec.change")],
)
def test_a_case_that_makes_no_sense_is_named_with_its_remedy_and_hides_no_other(
    api: FakeApi, store: KubeCaseStore, spec: dict[str, Any], path: str
) -> None:
    created = store.create(new_case())
    api.put(f"{PATH}/odd", nonsense(**spec))
    assert store.cases() == (created,)
    assert "kubectl delete rolloutcase odd -n greenlang" in store.unreadable()["greenlang/odd"]
    with pytest.raises(ports.Rejected, match=path):
        store.get("greenlang", "odd")
    del api.objects[f"{PATH}/odd"]
    assert store.cases() == (created,)
    assert store.unreadable() == {}


def test_a_missing_definition_is_named(api: FakeApi, store: KubeCaseStore) -> None:
    absent = "the server could not find the requested resource"
    api.answers["GET"] = [fake_api.status(404, absent), fake_api.status(404, absent)]
    api.answers["POST"] = [fake_api.status(404, absent)]
    for ask in (store.cases, lambda: store.get("greenlang", "x"), lambda: store.create(new_case())):
        with pytest.raises(ports.Unavailable, match="install the CustomResourceDefinition"):
            ask()


def test_one_forbidden_namespace_hides_no_other(api: FakeApi, client: KubeClient, clock: FixedClock) -> None:
    both = KubeCaseStore(client, namespaces=["closed", "greenlang"], clock=clock, on_problem=lambda _: None)
    created = both.create(new_case())
    api.answers["GET"] = [fake_api.status(403, "no")]
    assert both.cases() == (created,)
    api.answers["GET"] = [fake_api.status(403, "no"), fake_api.status(403, "no")]
    with pytest.raises(ports.Denied):
        both.cases()


def test_own_writes_are_seen_at_once_while_watching(api: FakeApi, watched: Watched) -> None:
    case = watched.store.create(new_case())
    asked = len(api.requests)
    for count in range(5):
        case = watched.store.save(replace(case, status=Status(reason=str(count))))
        assert watched.store.cases() == (case,)
    watched.store.delete(case)
    assert watched.store.cases() == ()
    assert all(method != "GET" for method, *_ in api.requests[asked:]), "answered from what is known"


def test_an_event_of_an_earlier_state_changes_nothing(api: FakeApi, watched: Watched) -> None:
    created = watched.store.create(new_case())
    early = msgspec.json.decode(msgspec.json.encode(api.objects[f"{PATH}/web-r2"]))
    case = watched.store.save(replace(created, status=FULL))
    other = early | {"metadata": early["metadata"] | {"name": "other", "uid": "other"}}
    api.watches["rolloutcases"].put(
        lambda: fake_api.lines({"type": "ADDED", "object": early}, {"type": "ADDED", "object": other})
    )
    assert watched.told.get(timeout=PATIENCE) == WEB
    assert case in watched.store.cases()


def test_an_instruction_typed_by_a_person_wakes(api: FakeApi, watched: Watched) -> None:
    created = watched.store.create(new_case())
    typed = msgspec.json.decode(msgspec.json.encode(api.objects[f"{PATH}/web-r2"]))
    typed["metadata"]["resourceVersion"] = str(int(created.resource_version) + 1)
    typed["spec"]["instruction"] = {"action": "hold", "by": "p", "at": "2026-11-24T12:00:00Z"}
    api.watches["rolloutcases"].put(lambda: fake_api.lines({"type": "MODIFIED", "object": typed}))
    assert watched.told.get(timeout=PATIENCE) == WEB
    (known,) = watched.store.cases()
    assert known.spec.instruction is not None
    assert known.spec.instruction.action == "hold"


def test_a_case_deleted_by_a_person_wakes(api: FakeApi, watched: Watched) -> None:
    watched.store.create(new_case())
    stored = dict(api.objects[f"{PATH}/web-r2"])
    api.watches["rolloutcases"].put(lambda: fake_api.lines({"type": "DELETED", "object": stored}))
    assert watched.told.get(timeout=PATIENCE) == WEB
    assert watched.store.cases() == ()


def test_what_is_stale_is_not_answered(api: FakeApi, watched: Watched, clock: FixedClock) -> None:
    created = watched.store.create(new_case())
    clock.seconds += 61
    api.answers["GET"] = [fake_api.status(503, "gone")]
    with pytest.raises(ports.Unavailable):
        watched.store.cases()
    assert watched.store.cases() == (created,)


@pytest.mark.parametrize("name", ["a" * 63, "a" * 62 + "-b", "a" * 62 + ".b", "web"])
def test_labels_are_valid_for_any_workload_name(name: str) -> None:
    label = label_value(name)
    assert len(label) <= 63
    assert label[-1].isalnum()
    assert name.startswith(label)
