"""Wrong values are refused before anything is installed, with a sentence that says what is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

from daemon.settings import (
    DependencySettings,
    FreezeSettings,
    GuardedWorkload,
    MigrationSettings,
    NeighbourSettings,
    Settings,
    SignalSettings,
    SmokeTestSettings,
)
from daemon.settings.feature_flags import FeatureFlagSettings
from daemon.settings.names import model_in
from daemon.settings.overlays import OverlaySettings
from tests.chart.rendering import CHART, HelmError, render

TOKEN = {"webhook": {"token": "0123456789abcdef"}}
WORKLOAD = {"namespace": "shop", "name": "cart"}
SIGNAL = {"name": "errors", "bad": "b", "total": "t", "limit": 0.05}

ENTRIES: dict[str, type[BaseModel]] = {
    "workloads": GuardedWorkload,
    "signals": SignalSettings,
    "dependencies": DependencySettings,
    "neighbours": NeighbourSettings,
    "feature_flags": FeatureFlagSettings,
    "smoke_tests": SmokeTestSettings,
    "freezes": FreezeSettings,
    "migrations": MigrationSettings,
    "overlays": OverlaySettings,
}
"""Settings that are lists, and what an entry is."""

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown value": ({"webhoook": {}}, "Additional property webhoook is not allowed"),
    "unknown setting": (
        {"config": {"prometheus": {"uri": "http://p"}}},
        "config.prometheus: Additional property uri is not allowed",
    ),
    "unknown mode": (
        {"config": {"policy": {"mode": "auto"}}},
        'must be one of the following: "automatic", "approval", "advise"',
    ),
    "not a duration": ({"config": {"policy": {"watch": "soon"}}}, "config.policy.watch"),
    "percent for a ratio": ({"config": {"signals": [SIGNAL | {"limit": 5}]}}, "Must be less than 1"),
    "signal without total": (
        {"config": {"signals": [{"name": "errors", "bad": "b", "limit": 0.1}]}},
        "total is required",
    ),
    "dependency without query": ({"config": {"dependencies": [{"name": "scada"}]}}, "query is required"),
    "unknown scope": (
        {"config": {"dependencies": [{"name": "scada", "query": "q", "scope": "world"}]}},
        'must be one of the following: "namespace", "cluster"',
    ),
    "neighbour without selector": ({"config": {"neighbours": [{"name": "redis"}]}}, "selector is required"),
    "smoke test of two kinds": (
        {"config": {"smoke_tests": [{"name": "a", "job": {"command": ["a"]}, "exec": {"command": ["a"]}}]}},
        "Must validate one and only one schema",
    ),
    "smoke test without a command": (
        {"config": {"smoke_tests": [{"name": "a", "job": {"command": []}}]}},
        "Array must have at least 1 items",
    ),
    "not an address": ({"config": {"prometheus": {"url": "prometheus:9090"}}}, "config.prometheus.url"),
    "no workloads": ({"config": {"workloads": []}}, "Array must have at least 1 items"),
    "workload without namespace": ({"config": {"workloads": [{"name": "cart"}]}}, "namespace is required"),
    "workload without name": (
        {"config": {"workloads": [{"namespace": "shop"}]}},
        "must have either a name or a selector: give exactly one",
    ),
    "nothing to judge by": (
        {"config": {"workloads": [WORKLOAD]}},
        "nothing says how config.workloads[0] is judged",
    ),
    "an example that guards nothing": (
        {"example": {"workloads": None}},
        "nothing is guarded: add config.workloads",
    ),
    "no example": ({"example": None}, "nothing is guarded: add config.workloads"),
    "unknown setting of the example": ({"example": {"wrong": 1}}, "Additional property wrong is not allowed"),
    "workload with both": (
        {"config": {"workloads": [WORKLOAD | {"selector": "a=b"}]}},
        "must have either a name or a selector: give exactly one",
    ),
    "namespace in capitals": (
        {"config": {"workloads": [WORKLOAD | {"namespace": "Shop"}]}},
        "workloads.0.namespace",
    ),
    "privileged port": ({"config": {"web": {"port": 80}}}, "Must be greater than or equal to 1024"),
    "token in the settings": (
        {"config": {"web": {"token": "0123456789abcdef"}}},
        "set webhook.existingSecret or webhook.token",
    ),
    "token file in the settings": (
        {"config": {"web": {"token_file": "/t"}}},
        "config.web.token_file is the chart's",
    ),
    "DSN in the settings": (
        {"config": {"incidents": {"sentry_dsn": "https://k@h/1"}}},
        "set sentry.existingSecret or sentry.dsn",
    ),
    "no token": ({"webhook": {"token": ""}}, "switch the webhook off with webhook.enabled=false"),
    "short token": ({"webhook": {"token": "secret"}}, "webhook.token"),
    "two tokens": ({"webhook": {"existingSecret": "mine"}}, "keep one of the two"),
    "two DSNs": ({"sentry": {"existingSecret": "mine", "dsn": "https://k@h/1"}}, "keep one of the two"),
    "not a DSN": ({"sentry": {"dsn": "sentry.example.com"}}, "sentry.dsn"),
    "not a digest": ({"image": {"digest": "latest"}}, "image.digest"),
    "nobody admitted": ({"networkPolicy": {"enabled": True, "from": []}}, "networkPolicy.from"),
    "port zero": ({"service": {"port": 0}}, "service.port"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_a_reason(case: str) -> None:
    values, reason = REFUSED[case]
    webhook = TOKEN["webhook"] | values.get("webhook", {})
    with pytest.raises(HelmError) as refusal:
        render(values=values | {"webhook": webhook})
    assert reason in str(refusal.value)


def test_webhook_can_be_switched_off() -> None:
    made = render(values={"webhook": {"enabled": False}})
    assert "TOKEN" not in made.text
    assert made.of("Secret") == []


def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
    return schema


def _config() -> dict[str, Any]:
    config: dict[str, Any] = _schema()["properties"]["config"]
    return config


@pytest.mark.parametrize("group", sorted(Settings.model_fields.keys() - ENTRIES.keys()))
def test_schema_knows_exactly_the_settings_of_a_group(group: str) -> None:
    model = model_in(Settings.model_fields[group].annotation)
    assert model is not None
    assert _config()["properties"][group]["properties"].keys() == model.model_fields.keys()


@pytest.mark.parametrize(("name", "model"), ENTRIES.items())
def test_schema_knows_exactly_the_settings_of_an_entry(name: str, model: type[BaseModel]) -> None:
    assert _entry(name)["properties"].keys() == model.model_fields.keys()


def _entry(name: str) -> dict[str, Any]:
    """What the schema says of an entry; one that is of another's form refers to it."""
    found: dict[str, Any] = _config()["properties"][name]["items"]
    other = found.get("$ref", "").removeprefix("#/properties/config/properties/").removesuffix("/items")
    return _entry(other) if other else found


@pytest.mark.parametrize("form", ["http", "job", "exec"])
def test_schema_knows_exactly_the_settings_of_a_smoke_test(form: str) -> None:
    model = model_in(SmokeTestSettings.model_fields[form].annotation)
    assert model is not None
    known = _config()["properties"]["smoke_tests"]["items"]["properties"][form]["properties"]
    assert known.keys() == model.model_fields.keys()


def test_schema_knows_exactly_the_groups() -> None:
    assert _config()["properties"].keys() == Settings.model_fields.keys()


def test_schema_is_strict_wherever_it_lists_names() -> None:
    def lax(node: Any, path: str) -> list[str]:
        if isinstance(node, list):
            return [found for index, item in enumerate(node) for found in lax(item, f"{path}[{index}]")]
        if not isinstance(node, dict):
            return []
        here = [path] if "properties" in node and node.get("additionalProperties") is not False else []
        return here + [found for key, item in node.items() for found in lax(item, f"{path}.{key}")]

    schema = _schema()
    schema.pop("$schema")
    assert [path for path in lax(schema, "") if not path.endswith(".properties")] == []


@pytest.mark.parametrize(
    "prometheus",
    [
        {"url": "https://me:secret@prometheus:9090"},
        {"headers": {"Authorization": "Bearer secret"}},
        {"headers": {"cookie": "secret"}},
    ],
)
def test_what_ends_in_a_config_map_holds_no_secret(prometheus: dict[str, Any]) -> None:
    with pytest.raises(HelmError, match="prometheus"):
        render(values={"config": {"prometheus": prometheus}})
