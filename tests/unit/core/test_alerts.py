"""Which workload an alert is about: the most exact label decides, and a contradiction is no match."""

from __future__ import annotations

import msgspec
import pytest

from daemon.core.case.alerts import Match, Mismatch, Naming, attributed, find
from tests.unit.core.guarded_workloads import GUARDED, NAME, NAMING, OURS, alert, taken, workload

HERE = {"namespace": "greenlang"}
EXPORTER = {
    "job": "kube-state-metrics",
    "service": "prometheus-kube-state-metrics",
    "container": "kube-rbac-proxy",
    "pod": "prometheus-kube-state-metrics-5d8f7-x2x7k",
    "endpoint": "http",
    "instance": "10.0.0.9:8080",
}


@pytest.mark.parametrize(
    "labels",
    [
        HERE | {"pod": f"{NAME}-new1-aaaaa"},
        HERE | {"pod": f"{NAME}-new1-zzzzz"},
        HERE | {"pod": f"{NAME}-new1-aaaaa", "container": "istio-proxy", "job": "kubernetes-pods"},
        HERE | {"pod": f"{NAME}-new1-aaaaa", "app": "shared-label", "service": "gateway"},
        HERE | {"deployment": NAME},
        HERE | {"deployment": NAME, "pod": "", "statefulset": ""},
        HERE | {"workload": NAME, "workload_type": "deployment"},
        HERE | {"workload": NAME, "workload_type": "Deployment"},
        HERE | {"workload": NAME},
        HERE | {"replicaset": f"{NAME}-new1"},
        HERE | {"owner_kind": "ReplicaSet", "owner_name": f"{NAME}-new1"},
        HERE | {"created_by_kind": "ReplicaSet", "created_by_name": f"{NAME}-old1"},
        HERE | {"deployment": NAME, "owner_kind": "<none>", "owner_name": "<none>"},
        HERE | {"app": NAME},
        HERE | {"app": NAME, "service": "some-service", "container": "app", "job": "pods"},
        HERE | {"container": NAME},
        {"app": NAME},
        # kube-state-metrics with honor_labels, as most install it: the rest is of its own scrape.
        EXPORTER | HERE | {"deployment": NAME},
        EXPORTER | HERE | {"pod": f"{NAME}-new1-aaaaa", "container": "app"},
        # … and without honor_labels.
        EXPORTER | {"namespace": "monitoring", "exported_namespace": "greenlang", "deployment": NAME},
        EXPORTER
        | {
            "namespace": "monitoring",
            "exported_namespace": "greenlang",
            "exported_pod": f"{NAME}-new1-aaaaa",
            "exported_container": "app",
        },
        {"namespace": "monitoring", "exported_namespace": "greenlang", "deployment": NAME},
        # Our own pod exports a label that its scrape has as well.
        HERE | {"pod": f"{NAME}-new1-aaaaa", "exported_job": "nightly", "exported_service": "billing"},
    ],
)
def test_labels_that_name_the_workload(labels: dict[str, str]) -> None:
    assert taken(labels) == OURS


@pytest.mark.parametrize(
    "labels",
    [
        {},
        HERE,
        HERE | {"severity": "critical"},
        HERE | {"pod": "web-5d4f9-x2x7k", "container": NAME},
        HERE | {"pod": "web-5d4f9-x2x7k", "app": NAME, "service": NAME, "job": NAME},
        HERE | {"pod": "web-5d4f9-x2x7k", "deployment": NAME},
        HERE | {"pod": f"{NAME}-0", "app": NAME},
        HERE | {"pod": f"{NAME}-extra-new1-aaaaa", "app": NAME},
        HERE | {"deployment": "web", "container": NAME},
        HERE | {"deployment": NAME, "workload": "web"},
        HERE | {"replicaset": "web-5d4f9", "container": NAME},
        HERE | {"statefulset": NAME},
        HERE | {"statefulset": NAME, "app": NAME},
        HERE | {"daemonset": NAME, "container": NAME},
        HERE | {"job_name": f"{NAME}-migrate", "app": NAME},
        HERE | {"cronjob": NAME, "app": NAME},
        HERE | {"horizontalpodautoscaler": NAME, "app": NAME},
        HERE | {"workload": NAME, "workload_type": "statefulset"},
        HERE | {"owner_kind": "StatefulSet", "owner_name": NAME, "app": NAME},
        HERE | {"owner_kind": "ReplicaSet", "owner_name": "web-5d4f9", "app": NAME},
        HERE | {"app": "web", "container": NAME},
        HERE | {"service": "gateway", "job": NAME},
        {"namespace": "shop", "app": NAME},
        {"namespace": "shop", "deployment": NAME},
        {"namespace": "greenlang", "exported_namespace": "shop", "app": NAME},
        {"namespace": "greenlang", "exported_namespace": "greenlang", "app": NAME, "exported_pod": "web-1-x"},
        # The exporter's own labels name the exporter, even where it bears our name.
        {"namespace": "monitoring", "exported_namespace": "greenlang", "container": NAME},
        {"namespace": "greenlang", "exported_namespace": "greenlang", "pod": f"{NAME}-new1-aaaaa"},
        EXPORTER | HERE,
        EXPORTER | HERE | {"container": NAME},
        EXPORTER | HERE | {"pod": "web-5d4f9-x2x7k", "container": NAME},
        EXPORTER | HERE | {"statefulset": NAME},
    ],
)
def test_labels_that_do_not_name_the_workload(labels: dict[str, str]) -> None:
    assert taken(labels) == ""


@pytest.mark.parametrize(
    ("pod", "right"),
    [
        ("cart-new1-aaaaa", "shop/cart"),
        ("cart-api-new1-aaaaa", "shop/cart-api"),
        ("cart-api-new1-q9q9q", "shop/cart-api"),
        ("cart-api-new1", ""),
        ("cart-api-x-new1-aaaaa", ""),
        ("cart-zzz1-aaaaa", ""),
    ],
)
def test_a_name_that_begins_like_another_is_not_taken_for_it(pod: str, right: str) -> None:
    assert taken({"namespace": "shop", "pod": pod}) == right


def test_a_pod_whose_name_was_cut_is_ours_only_while_it_lives() -> None:
    """The API server cuts long names, so that two workloads' pods may look alike."""
    one, other = (workload("x" * 60 + ending, "shop") for ending in ("-a", "-b"))
    pod = one.pods[0].name
    assert len(pod) == 63
    assert other.pods[0].name == pod
    mine = msgspec.structs.replace(one, pods=one.pods[:1])
    assert taken({"namespace": "shop", "pod": pod}, (mine, msgspec.structs.replace(other, pods=()))) == str(
        one.ref
    )
    gone = tuple(msgspec.structs.replace(each, pods=()) for each in (one, other))
    assert taken({"namespace": "shop", "pod": pod}, gone) == ""


def test_without_a_namespace_namesakes_are_not_guessed_between() -> None:
    namesakes = (workload("cart", "shop"), workload("cart", "shop-eu"))
    found = find(alert({"deployment": "cart"}), namesakes, NAMING)
    assert isinstance(found, Mismatch)
    assert "more than one workload, shop-eu/cart, shop/cart" in found.reason
    assert taken({"namespace": "shop-eu", "deployment": "cart"}, namesakes) == "shop-eu/cart"


@pytest.mark.parametrize(
    ("naming", "labels", "right"),
    [
        (Naming(namespace_labels=("k8s_ns",)), {"k8s_ns": "greenlang", "namespace": "x", "app": NAME}, OURS),
        (Naming(namespace_labels=("exported_namespace",)), {"exported_namespace": "shop", "app": NAME}, ""),
        (
            Naming(namespace_labels=("exported_namespace",)),
            {"exported_namespace": "greenlang", "deployment": NAME},
            OURS,
        ),
        (Naming(workload_labels=("agent", "app")), HERE | {"agent": NAME, "app": "platform"}, OURS),
        (Naming(workload_labels=("agent", "app")), HERE | {"agent": "other", "app": NAME}, ""),
        (Naming(workload_labels=("app",)), HERE | {"app": NAME, "deployment": "production"}, OURS),
        (Naming(workload_labels=()), HERE | {"deployment": NAME, "app": NAME}, ""),
        (Naming(pod_labels=("k8s_pod",)), HERE | {"k8s_pod": f"{NAME}-new1-aaaaa", "pod": "x"}, OURS),
        (Naming(exporters=()), HERE | {"app": NAME, "job": "kube-state-metrics"}, OURS),
    ],
)
def test_the_labels_can_be_named(naming: Naming, labels: dict[str, str], right: str) -> None:
    assert taken(labels, naming=naming) == right


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (
            {"namespace": "monitoring", "app": NAME},
            'there is no guarded workload in its namespace (namespace="mon',
        ),
        (HERE | {"pod": "web-1-abcde"}, 'pod="web-1-abcde" is no guarded workload\'s'),
        (HERE | {"deployment": NAME, "pod": "web-1-abcde"}, "they contradict each other"),
        (HERE | {"statefulset": NAME}, f'statefulset="{NAME}" is no guarded'),
        (HERE | {"app": "web"}, 'app="web" is the most exact label it has'),
        (HERE, "no label names a pod or a workload"),
        (EXPORTER | HERE, "of the exporter that was scraped"),
        ({"app": "x" * 5000}, "xxx…"),
        (HERE | {"pod": f"{NAME}-old1-aaaaa", "replicaset": f"{NAME}-new1"}, "name two revisions"),
    ],
)
def test_why_an_alert_fits_nothing_is_said(labels: dict[str, str], says: str) -> None:
    found = find(alert(labels), GUARDED, NAMING)
    assert isinstance(found, Mismatch)
    assert says in found.reason
    assert len(found.reason) < 600


def test_nothing_is_guarded() -> None:
    assert isinstance(find(alert({"app": NAME}), (), NAMING), Mismatch)


def test_an_alert_of_one_revisions_pod_is_known_as_that_revisions() -> None:
    for labels, replica_set in (
        ({"pod": f"{NAME}-old1-aaaaa"}, f"{NAME}-old1"),
        ({"replicaset": f"{NAME}-new1"}, f"{NAME}-new1"),
        ({"deployment": NAME}, ""),
    ):
        one = alert(HERE | labels)
        found = find(one, GUARDED, NAMING)
        assert isinstance(found, Match)
        assert attributed(one, found).replica_set == replica_set
