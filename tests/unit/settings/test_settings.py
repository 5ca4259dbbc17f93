"""What the settings say once they are right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from daemon.core.case.alerts import Naming
from daemon.core.model import WorkloadRef
from daemon.core.policy import GateChoice, Policy, SignalPolicy
from daemon.settings import Settings, SignalSettings, SlowShare, example_file, load
from daemon.settings.reference import page
from tests.unit.settings.written import GL006, written

ROOT = Path(__file__).parents[3]


def test_the_shipped_example_holds_one_application_and_else_the_defaults() -> None:
    """Were it to say anything else, its comments and the reference page would contradict each other."""
    example = load(example_file())
    own = {"workloads", "signals", "dependencies", "neighbours", "health"}
    bare = Settings.model_validate({"workloads": [{"namespace": "shop", "name": "cart"}]})
    for name in Settings.model_fields.keys() - own:
        assert getattr(example, name) == getattr(bare, name), name
    assert example.policy_for(GL006, {}) == Policy(
        signals=(
            SignalPolicy(name="errors", title="error rate", limit=0.05),
            SignalPolicy(name="latency", title="share of requests slower than 5 s", limit=0.01, warmup=60),
            SignalPolicy(
                name="calculations", title="share of failed calculations", limit=0.5, proof="when_seen"
            ),
        ),
        dependencies=("scada", "historian"),
        neighbours=("postgresql", "redis"),
        sinks=("log", "events"),
        logs=True,
        gates=GateChoice.HOLD,
        restart_stuck=True,
        contact="#incident-gl006",
        title="GL-006",
    )


def test_nothing_is_judged_or_asked_that_the_operator_did_not_name() -> None:
    """Whatever else is left out: a workload alone gives no query, no pods beside it, no port and no path but
    what its own probes ask."""
    bare = Settings.model_validate({"workloads": [{"namespace": "shop", "name": "cart"}]})
    policy = bare.policy_for(WorkloadRef(namespace="shop", name="cart"), {})
    assert (policy.signals, policy.dependencies, policy.neighbours) == ((), (), ())
    assert policy.health_paths is None
    assert bare.health.port is None


NAMES = ("gl006", "gl-006", "heatreclaim", "greenlang", "scada", "historian", "postgresql", "redis")


def test_the_package_knows_no_application() -> None:
    """The demo plays one, and the wheel carries the example; nothing else names what was once guarded."""
    package = ROOT / "daemon"
    sources = [path for path in package.rglob("*") if path.suffix in {".py", ".html", ".js"}]
    assert len(sources) > 100
    found = {
        str(path.relative_to(package)): names
        for path in sources
        if (names := [name for name in NAMES if name in path.read_text(encoding="utf-8").lower()])
    }
    assert found.keys() == {"demo.py"}


def test_the_reference_page_is_current() -> None:
    """If not: ``python -m daemon.settings.reference > docs/settings.md``."""
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == page()


def test_every_setting_is_explained() -> None:
    assert "None\n" not in page()


def test_flag_beats_environment_beats_file_beats_default(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "workloads: [{namespace: a, name: b, signals: []}]\n"
        "prometheus: {url: 'http://file', timeout: 1, pod_label: file}\n",
    )
    environ = {"ROLLBACKD_PROMETHEUS__URL": "http://env", "ROLLBACKD_PROMETHEUS__TIMEOUT": "2s"}
    settings = load(path, {"prometheus.url": "http://flag", "web.port": None}, environ)
    assert settings.prometheus.url == "http://flag"
    assert settings.prometheus.timeout == 2
    assert settings.prometheus.pod_label == "file"
    assert settings.web.port == 8080


def test_everything_can_come_from_the_environment() -> None:
    environ = {
        "ROLLBACKD_WORKLOADS": json.dumps([{"namespace": "a", "name": "b", "signals": ["errors"]}]),
        "ROLLBACKD_SIGNALS": '[{"name": "errors", "bad": "b", "total": "t", "limit": 0.1}]',
        "ROLLBACKD_PROMETHEUS__HEADERS": '{"X-Scope-OrgID": "t"}',
        "ROLLBACKD_POLICY__DECISIVE_ALERTS": '["Down"]',
        "rollbackd_log__level": "debug",
        "ROLLBACKD_LOG__FORMAT": "",
    }
    settings = load(environ=environ)
    assert settings.prometheus.headers["X-Scope-OrgID"].get_secret_value() == "t"
    assert settings.policy.decisive_alerts == ("Down",)
    assert (settings.log.level, settings.log.format) == ("debug", "json")
    assert [s.name for s in settings.policy_for(WorkloadRef(namespace="a", name="b"), {}).signals] == [
        "errors"
    ]


def test_the_variables_of_kubernetes_services_are_left_alone() -> None:
    environ = {
        "ROLLBACKD_WORKLOADS": '[{"namespace": "a", "name": "b", "signals": []}]',
        "ROLLBACKD_CONFIG": "/etc/rollbackd.yaml",
        "ROLLBACKD_SERVICE_HOST": "10.0.0.1",
        "ROLLBACKD_SERVICE_PORT": "8080",
        "ROLLBACKD_SERVICE_PORT_HTTP": "8080",
        "ROLLBACKD_PORT": "tcp://10.0.0.1:8080",
        "ROLLBACKD_PORT_8080_TCP": "tcp://10.0.0.1:8080",
        "ROLLBACKD_PORT_8080_TCP_PROTO": "tcp",
        "ROLLBACKD_PORT_8080_TCP_ADDR": "10.0.0.1",
        "ROLLBACKD_METRICS_PORT": "tcp://10.0.0.1:8080",
        "PATH": "/bin",
    }
    assert load(environ=environ).web.port == 8080


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30", 30), ("'30'", 30), ("30s", 30), ("10m", 600), ("1h30m", 5400), ("1500ms", 1.5), ("1.5 m", 90)],
)
def test_durations(tmp_path: Path, text: str, seconds: float) -> None:
    path = written(
        tmp_path,
        f"workloads: [{{namespace: a, name: b, signals: []}}]\npolicy: {{verify_deadline: {text}}}\n",
    )
    assert load(path).policy.verify_deadline == seconds


def test_a_group_with_nothing_in_it_is_all_defaults(tmp_path: Path) -> None:
    path = written(
        tmp_path, "workloads: [{namespace: a, name: b, signals: []}]\nprometheus:\n  # url: x\nlog: {}\n"
    )
    assert load(path).prometheus.poll == 5


@pytest.mark.parametrize(
    ("histogram", "slower_than", "source"),
    [
        ("took_seconds", "5s", SlowShare(histogram="took_seconds", matchers="", bound=5)),
        ("took_seconds{}", "300ms", SlowShare(histogram="took_seconds", matchers="", bound=0.3)),
        ("app_count_down", 1, SlowShare(histogram="app_count_down", matchers="", bound=1)),
        ("took_milliseconds", "1.5s", SlowShare(histogram="took_milliseconds", matchers="", bound=1500)),
        (
            ' took_ms { a="}", b!~"x|{" , } # all',
            "2s",
            SlowShare(histogram="took_ms", matchers='a="}", b!~"x|{" ,', bound=2000),
        ),
    ],
)
def test_a_signal_may_be_a_histogram(histogram: str, slower_than: str | float, source: SlowShare) -> None:
    signal = SignalSettings.model_validate(
        {"name": "latency", "histogram": histogram, "slower_than": slower_than, "limit": 0.01}
    )
    assert signal.source == source


def test_a_signal_without_counters_has_no_source() -> None:
    with pytest.raises(ValueError, match="neither bad and total nor"):
        _ = SignalSettings(name="a", limit=0.1, bad="x").source


def test_secrets_come_from_files_and_are_never_printed(tmp_path: Path) -> None:
    (tmp_path / "dsn").write_text("https://s3cr3t@sentry.example/1\n", encoding="utf-8")
    path = written(
        tmp_path,
        "workloads: [{namespace: a, name: b, signals: []}]\n"
        f"incidents: {{sentry_dsn_file: {tmp_path}/dsn}}\nweb: {{token: s3cr3t-of-the-webhook}}\n"
        "prometheus: {headers: {X-Key: s3cr3t}}\n",
    )
    settings = load(path)
    dsn, token = settings.incidents.secret_dsn(), settings.web.secret_token()
    assert dsn is not None
    assert dsn.get_secret_value() == "https://s3cr3t@sentry.example/1"
    assert token is not None
    assert token.get_secret_value() == "s3cr3t-of-the-webhook"
    assert settings.incidents.chosen == ("log", "events", "sentry")
    assert "s3cr3t" not in f"{settings!r} {settings.model_dump()} {settings.model_dump_json()}"


def test_settings_are_frozen_and_read_nothing_by_themselves() -> None:
    settings = Settings.model_validate({"workloads": [{"namespace": "a", "name": "b"}]})
    with pytest.raises(ValidationError):
        settings.web.port = 1


def test_the_labels_of_alerts_reach_the_matching(tmp_path: Path) -> None:
    text = (
        "workloads: [{namespace: a, name: b, signals: []}]\nalerts: {workload_labels: [agent], exporters: []}"
    )
    naming = load(written(tmp_path, text)).alerts.naming
    assert (naming.workload_labels, naming.exporters) == (("agent",), ())
    assert naming.namespace_labels == Naming().namespace_labels
