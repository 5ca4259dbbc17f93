"""Any combination of labels: exact ones rule out, loose ones decide only without them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.case.alerts import find
from tests.unit.core.guarded_workloads import GUARDED, NAME, NAMING, OURS, alert, taken

EXACT = {
    "pod": (f"{NAME}-new1-aaaaa", ["web-1-abcde", f"{NAME}-0", "cart-new1-aaaaa"]),
    "deployment": (NAME, ["web", f"{NAME}-canary"]),
    "workload": (NAME, ["web"]),
    "replicaset": (f"{NAME}-new1", ["web-1", NAME]),
    "statefulset": (None, [NAME, "db"]),
    "daemonset": (None, [NAME]),
    "job_name": (None, [NAME]),
}
LOOSE = ("app_kubernetes_io_name", "app", "service", "container", "job")


@st.composite
def labelled(draw: st.DrawFn) -> dict[str, str]:
    labels = {"namespace": draw(st.sampled_from(["greenlang", "greenlang", "shop"]))}
    for label, (ours, others) in EXACT.items():
        choices = [None, None, None, ours, *others]
        if (value := draw(st.sampled_from(choices))) is not None:
            labels[label] = value
    for label in LOOSE:
        if (value := draw(st.sampled_from([None, NAME, "web"]))) is not None:
            labels[label] = value
    return labels


@given(labels=labelled())
def test_an_exact_label_of_another_object_rules_a_workload_out(labels: dict[str, str]) -> None:
    """A plain account of the rule: exact labels must agree; only without them the first loose one decides."""
    exact = [value == EXACT[label][0] for label, value in labels.items() if label in EXACT]
    loose = next((labels[label] for label in LOOSE if label in labels), None)
    ours = labels["namespace"] == "greenlang" and (all(exact) if exact else loose == NAME)
    assert (taken(labels, (GUARDED[0],)) == OURS) == ours


@given(labels=labelled(), extra=st.dictionaries(st.text(min_size=1), st.text()))
def test_labels_that_name_nothing_change_nothing(labels: dict[str, str], extra: dict[str, str]) -> None:
    known = {*EXACT, *LOOSE, "namespace", *NAMING.namespace_labels, *NAMING.pod_labels}
    strange = {
        name: value
        for name, value in extra.items()
        if name.removeprefix("exported_") not in known and not name.startswith(("owner", "created"))
    }
    assert find(alert(labels), GUARDED, NAMING) == find(alert(labels | strange), GUARDED, NAMING)
