"""The chart's alerts and dashboard, played by promtool: what two replicas export counts once."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.chart.rendering import parse, render
from tests.chart.test_ecosystem import MONITORED
from tests.e2e.cluster import binaries

PLAYED = Path(__file__).with_name("alerts.yaml")
REPLICAS = ("guard-a", "guard-b")


@pytest.fixture(scope="module")
def promtool() -> str:
    if found := shutil.which("promtool"):
        return found
    try:
        return str(binaries.ensure((binaries.PROMTOOL,)) / "promtool")
    except binaries.MissingTool as problem:
        pytest.skip(f"promtool is not on PATH and cannot be built: {problem}")


@pytest.fixture(scope="module")
def rules() -> Mapping[str, Any]:
    spec: Mapping[str, Any] = render(values=MONITORED).one("PrometheusRule")["spec"]
    return spec


@pytest.fixture
def folder(tmp_path: Path, rules: Mapping[str, Any]) -> Path:
    (tmp_path / "rules.yaml").write_text(json.dumps(rules))
    return tmp_path


def run(program: str, folder: Path, *arguments: str) -> None:
    done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def played(rules: Mapping[str, Any]) -> dict[str, Any]:
    """The file as it stands, and with each alert that is expected the rule's own words."""
    made: dict[str, Any] = parse(PLAYED.read_text())
    said = {rule["alert"]: rule["annotations"] for group in rules["groups"] for rule in group["rules"]}
    for one in made["tests"]:
        for asked in one["alert_rule_test"]:
            for alert in asked.get("exp_alerts", ()):
                alert["exp_annotations"] = {
                    name: _filled(text, alert["exp_labels"])
                    for name, text in said[asked["alertname"]].items()
                }
    return made


def _filled(text: str, labels: Mapping[str, str]) -> str:
    for name, value in labels.items():
        text = text.replace(f"{{{{ $labels.{name} }}}}", value)
    return text


def test_the_rules_are_rules(promtool: str, folder: Path) -> None:
    run(promtool, folder, "check", "rules", "--lint=all", "--lint-fatal", "rules.yaml")


def test_each_alert_is_there_when_it_should_be_and_once(
    promtool: str, folder: Path, rules: Mapping[str, Any]
) -> None:
    (folder / "alerts.json").write_text(json.dumps(played(rules)))
    run(promtool, folder, "test", "rules", "alerts.json")


def test_every_alert_is_played_as_there_and_as_not_there(rules: Mapping[str, Any]) -> None:
    known = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    asked = [one for test in played(rules)["tests"] for one in test["alert_rule_test"]]
    assert {one["alertname"] for one in asked if one.get("exp_alerts")} == known
    assert {one["alertname"] for one in asked if not one.get("exp_alerts")} == known


# ------------------------------------------------------------ the dashboard

FLEET = {
    'rollbackd_build_info{namespace="ops", version="1"}': 1,
    'rollbackd_workload_guarded{namespace="shop", workload="cart"}': 1,
    'rollbackd_workload_guarded{namespace="shop", workload="till"}': 1,
    'rollbackd_workload_guarded{namespace="bank", workload="till"}': 1,
    'rollbackd_case_phase{namespace="shop", workload="cart", phase="Held"}': 1,
    'rollbackd_case_phase{namespace="shop", workload="till", phase="Healthy"}': 1,
    'rollbackd_case_phase{namespace="bank", workload="till", phase="Healthy"}': 1,
    'rollbackd_signal_unusable{namespace="ops", signal="errors"}': 1,
}
HELD = '{namespace="shop", workload="cart", phase="Held"}'
SHOWN: dict[str, dict[str, float]] = {
    "Guarded workloads": {"{}": 3},
    "Need a person": {"{}": 1},
    "Signals that cannot be read": {"{}": 1},
    "Version": {'{version="1"}': 1},
    "Need a person, by workload": {HELD: 1},
    "Workloads by phase of the newest case": {'{phase="Held"}': 1, '{phase="Healthy"}': 2},
}
"""Panel → label set → value, of two replicas that tell of ``FLEET``. The others sum up what each did."""


@pytest.fixture(scope="module")
def panels() -> Mapping[str, list[str]]:
    """Title → the panel's queries."""
    maps = render(values=MONITORED).of("ConfigMap")
    [board] = [json.loads(m["data"]["rollbackd.json"]) for m in maps if "rollbackd.json" in m["data"]]
    return {panel["title"]: [target["expr"] for target in panel["targets"]] for panel in board["panels"]}


def test_the_dashboard_counts_what_two_replicas_tell_of_once(
    promtool: str, tmp_path: Path, panels: Mapping[str, list[str]]
) -> None:
    series = [
        {"series": name.replace("}", f', pod="{pod}"}}'), "values": f"{value}x5"}
        for name, value in FLEET.items()
        for pod in REPLICAS
    ]
    asked = [
        {
            "expr": panels[title][0],
            "eval_time": "3m",
            "exp_samples": [{"labels": labels, "value": value} for labels, value in values.items()],
        }
        for title, values in SHOWN.items()
    ]
    test = {"interval": "1m", "input_series": series, "promql_expr_test": asked}
    (tmp_path / "board.json").write_text(json.dumps({"evaluation_interval": "1m", "tests": [test]}))
    run(promtool, tmp_path, "test", "rules", "board.json")


def test_a_panel_that_is_not_played_sums_up_what_each_replica_did(panels: Mapping[str, list[str]]) -> None:
    others = [query for title, queries in panels.items() if title not in SHOWN for query in queries]
    assert len(others) > 3
    assert all("increase(" in query for query in others), others
