"""What clusters expect of any chart: monitoring objects, places in the pod for theirs, an umbrella."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon import metrics_reference
from daemon.core.case.case import Phase
from tests.chart.rendering import CHART, NAMESPACE, Rendered, helm, render

TOKEN = {"webhook": {"token": "0123456789abcdef"}}
MONITORED = {
    **TOKEN,
    "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}, "namespace": "monitoring"},
    "dashboard": {"enabled": True},
    "serviceMonitor": {
        "enabled": True,
        "namespace": "monitoring",
        "relabelings": [{"action": "labeldrop", "regex": "pod"}],
    },
}
SPREAD = [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}]


@pytest.fixture(scope="module")
def monitored() -> Rendered:
    return render(values=MONITORED)


def queries(monitored: Rendered) -> Iterator[str]:
    for group in monitored.one("PrometheusRule")["spec"]["groups"]:
        yield from (rule["expr"] for rule in group["rules"])
    (found,) = [one for one in monitored.of("ConfigMap") if "rollbackd.json" in one["data"]]
    for panel in json.loads(found["data"]["rollbackd.json"])["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def test_alerts_and_dashboard_ask_for_metrics_and_phases_that_exist(monitored: Rendered) -> None:
    known = set(metrics_reference.names())
    asked = [*queries(monitored)]
    phases = {value.value for value in Phase}

    assert len(asked) > 10
    for query in asked:
        named = {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"rollbackd_\w+", query)}
        assert named, query
        assert named <= known, query
        for chosen in re.findall(r'phase=~?"([^"]+)"', query):
            assert set(chosen.split("|")) <= phases, query


def test_monitoring_objects_are_where_and_what_the_operator_looks_for(monitored: Rendered) -> None:
    monitor, rules = monitored.one("ServiceMonitor"), monitored.one("PrometheusRule")

    assert monitor["metadata"]["namespace"] == rules["metadata"]["namespace"] == "monitoring"
    assert monitor["spec"]["namespaceSelector"] == {"matchNames": [NAMESPACE]}
    # Else the daemon's namespace would stand in the place of each workload's.
    assert monitor["spec"]["endpoints"][0]["honorLabels"] is True
    assert monitor["spec"]["endpoints"][0]["relabelings"] == MONITORED["serviceMonitor"]["relabelings"]  # type: ignore[index]
    assert rules["metadata"]["labels"]["release"] == "prometheus"
    assert "{{ $labels.namespace }}" in rules["spec"]["groups"][0]["rules"][0]["annotations"]["summary"]
    boards = [one for one in monitored.of("ConfigMap") if "grafana_dashboard" in one["metadata"]["labels"]]
    assert len(boards) == 1


def test_what_is_the_clusters_finds_its_place_in_the_pod() -> None:
    made = render(
        values={
            **TOKEN,
            "podSecurityContext": {"runAsUser": None, "runAsGroup": None, "fsGroup": None},
            "securityContext": {"readOnlyRootFilesystem": False},
            "deploymentAnnotations": {"example.com/owner": "ops"},
            "topologySpreadConstraints": SPREAD,
            "dnsPolicy": "None",
            "dnsConfig": {"nameservers": ["10.0.0.10"]},
            "extraObjects": [
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Release.Name }}-more"}}
            ],
        }
    )

    spec = made.pod["spec"]
    assert spec["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert made.container["securityContext"]["readOnlyRootFilesystem"] is False
    assert made.container["securityContext"]["allowPrivilegeEscalation"] is False
    assert made.one("Deployment")["metadata"]["annotations"] == {"example.com/owner": "ops"}
    assert spec["topologySpreadConstraints"] == SPREAD
    assert (spec["dnsPolicy"], spec["dnsConfig"]) == ("None", {"nameservers": ["10.0.0.10"]})
    assert "rollbackd-more" in {one["metadata"]["name"] for one in made.of("ConfigMap")}


@pytest.mark.parametrize("enabled", [True, False])
def test_an_umbrella_chart_switches_it_on_and_off(tmp_path: Path, enabled: bool) -> None:
    umbrella = tmp_path / "umbrella"
    (umbrella / "charts").mkdir(parents=True)
    (umbrella / "charts" / "rollbackd").symlink_to(CHART)
    (umbrella / "Chart.yaml").write_text(
        json.dumps(
            {
                "apiVersion": "v2",
                "name": "umbrella",
                "version": "1.0.0",
                "dependencies": [
                    {"name": "rollbackd", "version": ">=0.0.0-0", "condition": "rollbackd.enabled"}
                ],
            }
        )
    )
    values = tmp_path / "values.json"
    values.write_text(json.dumps({"rollbackd": {**TOKEN, "enabled": enabled}}))

    text = helm("template", "x", str(umbrella), "--namespace", NAMESPACE, "-f", str(values))

    assert ("kind: Deployment" in text) is enabled


def test_the_charts_readme_says_what_its_values_say() -> None:
    """It is written by helm-docs; here it is only found out that this was forgotten (make chart-docs)."""
    readme, values = ((CHART / name).read_text() for name in ("README.md", "values.yaml"))
    described = re.findall(r"^ *# -- (.+)$", values, re.MULTILINE)
    assert len(described) > 20
    assert [line for line in described if line not in readme] == []
