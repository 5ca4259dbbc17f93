"""The index answers as asking every workload would, and asks few."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from daemon.core.case.alert_index import WorkloadIndex, indexed
from daemon.core.case.alerts import Match, find
from tests.unit.core.guarded_workloads import NAMING, alert, workload

LONG = "x" * 60
"""The API server cuts its pods' names, so that two Deployments' pods look alike."""
NAMES = ("cart", "cart-api", "web", LONG, f"{LONG}y")
CUT = f"{LONG[:58]}aaaaa"
POOL = [workload(name, namespace) for namespace in ("greenlang", "shop") for name in NAMES]
GONE = replace(workload("web", "shop", live=False), departed={"web-new1-zzzzz": "web-new"})
LABELS = (
    *("namespace", "pod", "exported_pod", "deployment", "replicaset", "owner_name"),
    *("app", "container", "region"),
)
VALUES = (
    *NAMES,
    *("greenlang", "shop", "nowhere", "stranger"),
    *("cart-new1", "web-old1", "web-new1-aaaaa", "web-new1-zzzzz", "web-new1-bbbbb", "cart-api-old1-aaaaa"),
    CUT,
)

ALL = list(range(len(POOL)))

labelled = st.dictionaries(st.sampled_from(LABELS), st.sampled_from(VALUES), max_size=5).flatmap(
    lambda labels: st.sampled_from([labels, labels | {"owner_kind": "ReplicaSet"}])
)


@example(fleet=ALL, labels={"namespace": "shop", "pod": "cart-api-new1-bbbbb"})
@example(fleet=ALL[:4], labels={"namespace": "greenlang", "pod": CUT})
@example(fleet=ALL, labels={"namespace": "shop", "replicaset": "web-new1"})
@example(fleet=ALL, labels={"app": "web"})
@example(fleet=ALL, labels={"namespace": "shop", "deployment": "cart-api", "pod": "web-new1-aaaaa"})
@given(fleet=st.lists(st.sampled_from(range(len(POOL))), unique=True).map(sorted), labels=labelled)
def test_the_index_finds_what_asking_all_of_them_finds(fleet: list[int], labels: dict[str, str]) -> None:
    workloads = [GONE if POOL[at].uid == GONE.uid else POOL[at] for at in fleet]
    given_alert = alert(labels)
    assert WorkloadIndex(workloads).find(given_alert, NAMING) == find(given_alert, workloads, NAMING)


def test_what_changed_is_found_by_its_new_names_and_the_rest_is_taken_over() -> None:
    cart, web = workload("cart", "shop"), workload("web", "greenlang")
    before = WorkloadIndex([cart, web])
    new = replace(cart, departed={"cart-gone-12345": "cart-new"})
    about = alert({"namespace": "shop", "pod": "cart-gone-12345"})
    assert not isinstance(before.find(about, NAMING), Match)
    assert before.find(alert({"namespace": "greenlang", "app": "web"}), NAMING) == Match(ref=web.ref)
    after = WorkloadIndex([new, web], before)
    assert after.find(about, NAMING) == Match(ref=cart.ref, replica_set="cart-new1")
    assert after.find(alert({"namespace": "greenlang", "app": "web"}), NAMING) == Match(ref=web.ref)


def test_of_a_large_fleet_few_are_asked() -> None:
    fleet = [workload(f"app-{number}", "shop") for number in range(300)]
    asked = indexed(fleet).candidates({"pod": "app-7-new1-aaaaa", "app": "app-8"})
    assert [one.ref.name for one in asked] == ["app-0", "app-7", "app-8"]
