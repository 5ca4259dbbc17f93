"""Who is notified of what: the policy's routes, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.core.model import WorkloadRef
from daemon.core.policy import Level, MessageTemplate, Route
from daemon.settings import SettingsError, load
from tests.unit.settings.written import written

BASE = """
workloads:
  - {namespace: shop, name: cart, signals: []}
  - {namespace: shop, name: pay, signals: [], notify: [{sink: slack, channel: "#pay"}, webhook]}
incidents:
  slack: {token_file: SECRET, channels: ["#ops", "#pay"]}
  webhook: {url: "https://hooks.example/x", secret_file: SECRET}
"""
EVERYTHING = (Route(sink="log"), Route(sink="events"), Route(sink="webhook"), Route(sink="slack"))


@pytest.fixture
def base(tmp_path: Path) -> str:
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef")
    return BASE.replace("SECRET", str(secret))


def test_left_out_every_sink_in_use_hears_everything(tmp_path: Path, base: str) -> None:
    settings = load(written(tmp_path, base), {}, {})
    assert settings.policy_for(WorkloadRef(namespace="shop", name="cart"), {}).routes == EVERYTHING


def test_a_workload_has_routes_of_its_own_and_the_clusters_records(tmp_path: Path, base: str) -> None:
    settings = load(written(tmp_path, base), {}, {})
    assert settings.policy_for(WorkloadRef(namespace="shop", name="pay"), {}).routes == (
        Route(sink="log"),
        Route(sink="events"),
        Route(sink="slack", channel="#pay"),
        Route(sink="webhook"),
    )


def test_a_policys_routes_are_every_workloads_that_has_none(tmp_path: Path, base: str) -> None:
    text = f"{base}policy: {{notify: [{{sink: events, min_level: critical}}]}}\n"
    settings = load(written(tmp_path, text), {}, {})
    assert settings.policy_for(WorkloadRef(namespace="shop", name="cart"), {}).routes == (
        Route(sink="log"),
        Route(sink="events", min_level=Level.CRITICAL),
    )


@pytest.mark.parametrize(
    ("added", "problem"),
    [
        ("policy: {notify: [pagerduty]}", "the sink pagerduty is not in use"),
        ("policy: {notify: [pigeon]}", "sink"),
        ("policy: {notify: [{sink: slack, channel: '#opps'}]}", "slack has no channel '#opps'.*#ops"),
        (
            "policy: {notify: [{sink: webhook, channel: x}]}",
            "webhook has no channel 'x'.*leave the channel out",
        ),
        ("policy: {notify: [{sink: log, min_level: high}]}", "min_level"),
    ],
)
def test_a_route_to_nowhere_is_named_with_its_remedy(
    tmp_path: Path, base: str, added: str, problem: str
) -> None:
    with pytest.raises(SettingsError, match=problem):
        load(written(tmp_path, f"{base}{added}\n"), {}, {})


@pytest.mark.parametrize(
    ("slack", "problem"),
    [
        ("{}", "here is neither"),
        ("{token_file: SECRET}", "nothing says in which channel"),
        ("{token_file: SECRET, webhook_file: SECRET}", "here is both"),
        ("{webhook_file: SECRET, channels: [C1]}", "a channel of its own"),
    ],
)
def test_slack_has_a_token_with_channels_or_a_webhook(
    tmp_path: Path, base: str, slack: str, problem: str
) -> None:
    secret = str(tmp_path / "secret")
    text = f"workloads: [{{namespace: shop, name: cart, signals: []}}]\nincidents: {{slack: {slack}}}\n"
    with pytest.raises(SettingsError, match=problem):
        load(written(tmp_path, text.replace("SECRET", secret)), {}, {})


GUARDED = "workloads: [{namespace: shop, name: cart, signals: []}]\n"


def test_templates_are_every_workloads(tmp_path: Path) -> None:
    text = f"{GUARDED}incidents: {{templates: [{{title: $name}}]}}\n"
    settings = load(written(tmp_path, text), {}, {})
    policy = settings.policy_for(WorkloadRef(namespace="shop", name="cart"), {})
    assert policy.templates == (MessageTemplate(kind="default", title="$name"),)


@pytest.mark.parametrize(
    ("templates", "problem"),
    [
        ("[{title: $worklod}]", r"templates\[0\].title.*no field \$worklod.*workload"),
        ("[{body: costs $5}]", r"templates\[0\].body.*before no field.*\$\$"),
        ('[{title: "a\\nb"}]', r"templates\[0\].title"),
        ("[{body: LONG}]", r"templates\[0\].body.*4000"),
        ("[{kind: hled}]", r"templates\[0\].kind.*held"),
        ("[{title: a}, {title: b}]", r"templates\[1\].kind.*already"),
    ],
)
def test_a_template_that_makes_no_sense_is_named(tmp_path: Path, templates: str, problem: str) -> None:
    text = f"{GUARDED}incidents: {{templates: {templates}}}\n"
    with pytest.raises(SettingsError, match=problem):
        load(written(tmp_path, text.replace("LONG", "x" * 4001)), {}, {})
