"""Whatever is wrong with the settings is told at once, with its place, its value and its remedy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from daemon.settings import Problem, SettingsError, example_file, load

WORKLOAD = "# three lines\nworkloads:\n  - {namespace: shop, name: cart, signals: []}\n"
SIGNALS = (
    "signals:\n"
    "  - {name: errors, bad: failed_total, total: asked_total, limit: 0.05}\n"
    "  - {name: latency, histogram: took_seconds, slower_than: 5s, limit: 0.01, warmup: 60s}\n"
)


def problems(
    tmp_path: Path,
    text: str | bytes | None,
    *,
    flags: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[Problem, ...]:
    path = None
    if text is not None:
        path = tmp_path / "rollbackd.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(SettingsError) as caught:
        load(path, flags, environ)
    return caught.value.problems


CASES = [
    # text after the workload, line, field, words of the message, words of the remedy
    ("polcy: {}", 4, "polcy", "not a setting", "did you mean policy?"),
    ("policy:\n  wacth: 5m", 5, "policy.wacth", "not a setting", "did you mean watch?"),
    ("policy:\n  mode: autmatic", 5, "policy.mode", "automatic, approval, advise", "did you mean automatic?"),
    ("policy:\n  mode: xyz", 5, "policy.mode", "'xyz' is not one of", "write one of automatic"),
    ("policy:\n  watch: soon", 5, "policy.watch", "'soon' is not a duration", "'10m'"),
    ("policy:\n  watch: true", 5, "policy.watch", "not a duration", "write seconds"),
    ("policy:\n  watch: .nan", 5, "policy.watch", "", ""),
    ("policy:\n  watch: -5", 5, "policy.watch", "at least 1", "at least 1"),
    ("policy:\n  watch: 2s", 5, "policy.watch", "shorter than one poll", "at least 5"),
    ("policy:\n  stale_after: 4s", 5, "policy.stale_after", "stale at each poll", "more than 5"),
    ("policy:\n  restarts: two", 5, "policy.restarts", "a whole number", "without quotes"),
    ("policy:\n  restarts: 0", 5, "policy.restarts", "at least 1", "at least 1"),
    ("policy:\n  require_traffic: maybe", 5, "policy.require_traffic", "true or false", "write true"),
    ("policy:\n  title: 'a\n\n    b'", 5, "policy.title", "one line", "line breaks"),
    ("policy: fast", 4, "policy", "a group of settings", "as a map"),
    ("prometheus:\n  url: prometheus:9090", 5, "prometheus.url", "not an HTTP address", "http://host:port"),
    ("prometheus:\n  url: http://a/?q=1", 5, "prometheus.url", "no query", "cut it off"),
    ("prometheus:\n  pod_label: ''", 5, "prometheus.pod_label", "'' cannot be a Prometheus", "in one line"),
    ('prometheus:\n  pod_label: "a\\nb"', 5, "prometheus.pod_label", "cannot be a Prometheus", "in one line"),
    ('prometheus:\n  pod_label: "a\\0"', 5, "prometheus.pod_label", "cannot be a Prometheus", "in one line"),
    ("prometheus:\n  namespace_label: ' '", 5, "prometheus.namespace_label", "cannot be a", "in one line"),
    ("prometheus:\n  replica_labels: ['']", 5, "prometheus.replica_labels[0]", "cannot be a", "in one line"),
    ("prometheus:\n  poll: 0", 5, "prometheus.poll", "at least 0.5", "at least 0.5"),
    ("prometheus:\n  username: me", 4, "prometheus.password_file", "needs username and", "set both"),
    ("prometheus:\n  tls_ca: /nope", 5, "prometheus.tls_ca", "No such file", "mount the file"),
    (
        "kubernetes:\n  kubeconfig: " + "k" * 300,
        5,
        "kubernetes.kubeconfig",
        "name too long",
        "mount the file",
    ),
    ("prometheus:\n  tls_ca: /", 5, "prometheus.tls_ca", "Is a directory", "mount the file"),
    ("prometheus:\n  bearer_token_file: /no", 5, "prometheus.bearer_token_file", "cannot be read", "mount"),
    ("health:\n  port: 70000", 5, "health.port", "at most 65535", "at most 65535"),
    ("health:\n  paths: [ready]", 5, "health.paths[0]", "not a path", "'/ready'"),
    ("health:\n  paths: [':99999/r']", 5, "health.paths[0]", "not a path", "':8081/ready'"),
    ("health:\n  paths: [':81/x', /r]", 5, "health.paths[1]", "at which port /r is asked", "':8080/r'"),
    ("health:\n  port: 81", 5, "health.port", "no path is asked at port 81", "add health.paths"),
    ("health:\n  paths: /ready", 5, "health.paths", "a list", "write a list"),
    ("web:\n  max_body: 3", 5, "web.max_body", "at least 1024", "1024"),
    ("incidents:\n  sinks: [email]", 5, "incidents.sinks[0]", "log, events, sentry", "write one of"),
    ("incidents:\n  sinks: [sentry]", 5, "incidents.sinks", "no DSN", "incidents.sentry_dsn"),
    ("incidents:\n  sentry_dsn: nonsense", 5, "incidents.sentry_dsn", "not a Sentry DSN", "client keys"),
    ("alerts:\n  namespace_labels: []", 5, "alerts.namespace_labels", "no label holds", "such as namespace"),
    ("alerts:\n  pod_labels: ['']", 5, "alerts.pod_labels[0]", "'' cannot be a Prometheus", "in one line"),
    ("alerts:\n  workload_labels: deployment", 5, "alerts.workload_labels", "a list", "write a list"),
    ("alerts:\n  exporters: [x]", 5, "alerts.exporters[0]", "'x' cannot be", "three lower-case"),
    ("alerts:\n  workload_label: [app]", 5, "alerts.workload_label", "", "did you mean workload_labels?"),
    ("log:\n  level: inof", 5, "log.level", "'inof' is not one of", "did you mean info?"),
    ("signals:\n  - name: a\n    bad: x\n    limit: 0.1", 5, "signals[0].total", "missing", "add 'total:'"),
    (
        "signals:\n  - name: a\n    bad: x{\n    total: y\n    limit: 0.5",
        6,
        "signals[0].bad",
        "{ is never closed",
        "Prometheus",
    ),
    (
        "signals:\n  - {name: a, bad: x, total: y, limit: 5}",
        5,
        "signals[0].limit",
        "5 is not a ratio",
        "write 0.05 for 5 %",
    ),
    (
        "signals:\n  - {name: a, bad: x, total: y, limit: 0}",
        5,
        "signals[0].limit",
        "0 is not a ratio",
        "0.05",
    ),
    ("signals:\n  - {name: a, bad: x, total: x, limit: .1}", 5, "signals[0].bad", "the same expr", "5.."),
    (
        "signals:\n  - {name: a, bad: x, total: y, limit: .1}\n  - {name: a, bad: z, total: y, limit: .1}",
        6,
        "signals[1].name",
        "signals[0] has the name 'a' already",
        "another name",
    ),
    ("signals:\n  - {name: a, limit: .1}", 5, "signals[0]", "has no counters", "'histogram:'"),
    ("signals:\n  - {name: a, bad: x, limit: .1}", 5, "signals[0].total", "missing", "add 'total:'"),
    ("signals:\n  - {name: a, histogram: x, limit: .1}", 5, "signals[0].slower_than", "missing", "add 'sl"),
    ("signals:\n  - {name: a, slower_than: 5s, limit: .1}", 5, "signals[0].histogram", "missing", "add 'hi"),
    (
        "signals:\n  - {name: a, bad: x, total: y, histogram: z, slower_than: 5s, limit: .1}",
        5,
        "signals[0].histogram",
        "this has bad, total, histogram, slower_than",
        "keep one",
    ),
    (
        "signals:\n  - {name: a, histogram: t_bucket, slower_than: 5s, limit: .1}",
        5,
        "signals[0].histogram",
        "t_bucket is one of a histogram's series",
        "name: t",
    ),
    (
        "signals:\n  - {name: a, histogram: 'rate(t[5m])', slower_than: 5s, limit: .1}",
        5,
        "signals[0].histogram",
        "is not a histogram's name",
        "in braces",
    ),
    (
        "signals:\n  - {name: a, histogram: 't{le=\"5\"}', slower_than: 5s, limit: .1}",
        5,
        "signals[0].histogram",
        "would hide buckets",
        "slower_than",
    ),
    (
        "signals:\n  - {name: a, histogram: t, slower_than: 0, limit: .1}",
        5,
        "signals[0].slower_than",
        "more than 0",
        "more than 0",
    ),
    (
        "signals:\n  - {name: a, bad: x, total: y, limit: .1, warmup: -1}",
        5,
        "signals[0].warmup",
        "at least 0",
        "at least 0",
    ),
    (
        "neighbours:\n  - {name: db, selector: a=b}\n  - {name: db, selector: a=c}",
        6,
        "neighbours[1].name",
        "neighbours[0] has the name 'db' already",
        "another name",
    ),
    ("dependencies: [{name: a, query: 'up{'}]", 4, "dependencies[0].query", "never closed", "Prometheus"),
    ("dependencies: [{name: a, query: up, scope: world}]", 4, "dependencies[0].scope", "cluster", "one of"),
    ("neighbours: [{name: a, selector: ''}]", 4, "neighbours[0].selector", "empty", "label selector"),
    ("smoke_tests: [{name: a}]", 4, "smoke_tests[0]", "this has none of them", "exactly one"),
    (
        "smoke_tests: [{name: a, job: {command: [a]}, exec: {command: [a]}}]",
        4,
        "smoke_tests[0]",
        "this has job, exec",
        "exactly one",
    ),
    ("smoke_tests: [{name: a, job: {command: []}}]", 4, "smoke_tests[0].job.command", "no command", "a list"),
    (
        "smoke_tests: [{name: a, job: {command: [a], labls: {}}}]",
        4,
        "smoke_tests[0].job.labls",
        "not a",
        "mean labels?",
    ),
    (
        "smoke_tests: [{name: a, job: {command: [a], labels: {'a b': c}}}]",
        4,
        "smoke_tests[0].job.labels",
        "a b=c cannot be a label",
        "63 letters",
    ),
    (
        "smoke_tests: [{name: a, exec: {command: [a], pod: A_0}}]",
        4,
        "smoke_tests[0].exec.pod",
        "cannot be a pod's name",
        "database-0",
    ),
    ("smoke_tests: [{name: a, http: {url: 'pod:80'}}]", 4, "smoke_tests[0].http.url", "not an HTTP", "{pod}"),
    (
        "smoke_tests: [{name: a, http: {url: 'http://{pd}/'}}]",
        4,
        "smoke_tests[0].http.url",
        "no placeholder {pd}",
        "mean pod?",
    ),
    (
        "smoke_tests: [{name: a, http: {url: 'http://a:b@c/'}}]",
        4,
        "smoke_tests[0].http.url",
        "must not carry a password",
        "take it out",
    ),
    (
        "smoke_tests: [{name: a, http: {url: 'http://a/'}, timeout: 10m}]",
        4,
        "smoke_tests[0].timeout",
        "must be proven within 600 s",
        "longer verify_deadline",
    ),
    (
        "smoke_tests: [{name: a, http: {url: 'http://a/'}}, {name: a, http: {url: 'http://a/'}}]",
        4,
        "smoke_tests[1].name",
        "has the name 'a' already",
        "another name",
    ),
]


@pytest.mark.parametrize(("text", "line", "field", "message", "remedy"), CASES)
def test_one_wrong_value(tmp_path: Path, text: str, line: int, field: str, message: str, remedy: str) -> None:
    (problem,) = problems(tmp_path, WORKLOAD + text + "\n")
    assert (problem.source, problem.line, problem.field) == ("rollbackd.yaml", line, field)
    assert message in problem.message
    assert remedy in problem.remedy
    assert str(problem).startswith(f"rollbackd.yaml:{line}: {field}: ")


WORKLOADS = [
    ("namespace: Green_lang\n    name: a", 2, "workloads[0].namespace", "cannot be a namespace's name"),
    ("namespace: greenlang\n    name: Heat Reclaim", 3, "workloads[0].name", "cannot be a Deployment's name"),
    ("namespace: greenlang", 2, "workloads[0]", "this has neither"),
    ("namespace: a\n    name: b\n    selector: c", 2, "workloads[0]", "this has both"),
    ("namespace: a\n    selector: 'tier in a'", 3, "workloads[0].selector", "not a label requirement"),
    ("namespace: a\n    selector: ''", 3, "workloads[0].selector", "everything in"),
    ("namespace: a\n    name: b\n    dependencies: [scda]", 4, "workloads[0].dependencies[0]", "no 'scda'"),
    ("namespace: a\n    name: b\n    neighbours: [x]", 4, "workloads[0].neighbours[0]", "has no 'x'"),
    ("namespace: a\n    name: b\n    smoke_tests: [x]", 4, "workloads[0].smoke_tests[0]", "has no 'x'"),
    ("namespace: a\n    name: b\n    signals: [erors]", 4, "workloads[0].signals[0]", "no signal 'erors'"),
    ("namespace: a\n    name: b\n    signals: [errors, errors]", 4, "workloads[0].signals[1]", "twice"),
    ("namespace: a\n    name: b\n    watch: 1s", 4, "workloads[0].watch", "shorter than one poll"),
    (
        "namespace: a\n    name: b\n    watch: 50s",
        4,
        "workloads[0].watch",
        "before the signal latency has warmed",
    ),
    ("namespace: a\n    name: b\n    health_paths: [/x]", 4, "workloads[0].health_paths[0]", "port /x is"),
    ("namespace: a\n    name: b\n    mod: advise", 4, "workloads[0].mod", "not a setting"),
    (
        "namespace: a\n    name: b\n  - namespace: a\n    name: b",
        5,
        "workloads[1].name",
        "guarded by workloads[0]",
    ),
]


@pytest.mark.parametrize(("text", "line", "field", "message"), WORKLOADS)
def test_one_wrong_workload(tmp_path: Path, text: str, line: int, field: str, message: str) -> None:
    (problem,) = problems(tmp_path, f"workloads:\n  - {text}\n{SIGNALS}")
    assert (problem.line, problem.field) == (line, field)
    assert message in problem.message
    assert problem.remedy


@pytest.mark.parametrize("signals", ["", "signals: []\n", "signals:\n"])
@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("{namespace: shop, name: cart}", "shop/cart"),
        ("{namespace: shop, selector: 'tier in (a, b)'}", "shop/(all with tier in (a, b))"),
        ("{namespace: shop, name: cart, signals: }", "shop/cart"),
    ],
)
def test_a_workload_that_nothing_judges(tmp_path: Path, text: str, who: str, signals: str) -> None:
    """What is judged is never guessed, and an omission is no wish to be judged by the pods alone."""
    pods_alone = "  - {namespace: shop, name: idle, signals: []}"
    (problem,) = problems(tmp_path, f"workloads:\n{pods_alone}\n  - {text}\n{signals}")
    assert (problem.line, problem.field) == (3, "workloads[1]")
    assert problem.message == f"nothing says how {who} is judged"
    assert "add signals (bad and total, or histogram and slower_than)" in problem.remedy
    assert "write signals: [] to go by its pods alone" in problem.remedy


def test_a_workload_without_a_name_is_told_that_first(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "workloads: [{namespace: shop}]\n")
    assert (problem.field, problem.remedy) == ("workloads[0]", "give exactly one")


def test_a_signal_where_there_are_none(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "workloads: [{namespace: shop, name: cart, signals: [errors]}]\n")
    assert (problem.field, problem.remedy) == ("workloads[0].signals[0]", "add it to signals")


def test_without_a_file_an_example_is_named() -> None:
    """Nothing is guarded because somebody forgot to say what."""
    with pytest.raises(SettingsError) as caught:
        load(None, {}, {"ROLLBACKD_SIGNALS": '[{"name": "a", "bad": "b", "total": "t", "limit": 0.1}]'})
    (problem,) = caught.value.problems
    assert (problem.field, problem.message) == (
        "workloads",
        "there is no settings file, and so nothing is guarded",
    )
    assert "--config" in problem.remedy
    assert str(example_file()) in problem.remedy
    assert example_file().is_file()


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        WORKLOAD + "policy:\n  watch: soon\n  mode: of\nlogs: {}\n",
        flags={"web.prt": "1"},
        environ={"ROLLBACKD_HEALTH__PORT": "http", "ROLLBACKD_PROMETHEUS__ULR": "x"},
    )
    assert sorted(str(problem).split(": ")[0] for problem in found) == [
        "environment variable ROLLBACKD_HEALTH__PORT",
        "environment variable ROLLBACKD_PROMETHEUS__ULR",
        "flag web.prt",
        "rollbackd.yaml:5",
        "rollbackd.yaml:6",
        "rollbackd.yaml:7",
    ]
    assert str(SettingsError(found)).count("\n") == 5


@pytest.mark.parametrize("text", [None, "", "# nothing\n", "workloads:\n", "workloads: []\n"])
def test_nothing_guarded_is_a_problem(tmp_path: Path, text: str | None) -> None:
    (problem,) = problems(tmp_path, text)
    assert problem.field == "workloads"
    assert "guarded" in problem.message or "at least 1" in problem.remedy


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("workloads:\n  - a\n b: [", 3, "not YAML"),
        ("a: 'x\n", 2, "not YAML"),
        ("log: {}\nweb: {}\nlog: {}\n", 3, "duplicate key"),
        ("- a\n", 1, "not a map"),
        ("just text", 1, "not a map"),
        (b"\xff\xfe\x00", None, "not UTF-8"),
        ("a: \x01", None, "not YAML"),
        ("[?]:\n", None, "a key is itself a map"),
        ("log: !!python/object/apply:os.system [ls]\n", None, "must be a group"),
    ],
)
def test_files_that_are_no_settings(
    tmp_path: Path, text: str | bytes, line: int | None, message: str
) -> None:
    problem = next(p for p in problems(tmp_path, text) if message in p.message)
    assert problem.source == "rollbackd.yaml"
    assert line is None or problem.line == line
    assert problem.remedy


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / "none.yaml")
    assert str(tmp_path / "none.yaml") in str(caught.value)


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("ROLLBACKD_PROMETHUS__URL", "ROLLBACKD_PROMETHEUS__URL"),
        ("ROLLBACKD_PROMETHEUS_URL", "ROLLBACKD_PROMETHEUS__URL"),
        ("ROLLBACKD_WEB_PORT", "ROLLBACKD_WEB__PORT"),
        ("ROLLBACKD_LOG__LEVEL__X", "ROLLBACKD_LOG__LEVEL"),
    ],
)
def test_an_unknown_variable_is_a_problem(tmp_path: Path, name: str, near: str) -> None:
    (problem,) = problems(tmp_path, WORKLOAD, environ={name: "1"})
    assert problem.source == f"environment variable {name}"
    assert problem.remedy == f"did you mean {near}?"


def test_lists_in_variables_must_be_json(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, WORKLOAD, environ={"ROLLBACKD_INCIDENTS__SINKS": "log,events"})
    assert problem.source == "environment variable ROLLBACKD_INCIDENTS__SINKS"
    assert "as JSON" in problem.message


def test_an_item_inside_a_json_variable_names_the_variable(tmp_path: Path) -> None:
    environ = {"ROLLBACKD_WORKLOADS": '[{"namespace": "a"}, {"namespace": "B", "name": "c"}]'}
    (problem,) = problems(tmp_path, None, environ=environ)
    assert problem.source == "environment variable ROLLBACKD_WORKLOADS"
    assert problem.field == "workloads[1].namespace"


SECRET = "hunter2-very-secret"  # a value that must not be shown anywhere


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        (f"incidents:\n  sentry_dsn: {SECRET}", {}),
        (f"incidents:\n  sentry_dns: {SECRET}", {}),
        (f"web:\n  token: [{SECRET}]", {}),
        (f"web: {SECRET}", {}),
        (f"prometheus:\n  url: https://me:{SECRET}@prometheus", {}),
        (f"prometheus:\n  url: ftp://me:{SECRET}@prometheus", {}),
        (f"prometheus:\n  headers: {SECRET}", {}),
        (f"prometheus:\n  headers: {{X-Key: [{SECRET}]}}", {}),
        ("", {"ROLLBACKD_WEB": f'{{"token": "{SECRET}"'}),
        ("", {"ROLLBACKD_WEB__TOKN": SECRET}),
    ],
)
def test_no_problem_shows_a_secret(tmp_path: Path, text: str, environ: Mapping[str, str]) -> None:
    found = problems(tmp_path, WORKLOAD + text, environ=environ)
    assert found
    assert SECRET not in repr(found) + str(SettingsError(found))


@pytest.mark.parametrize("header", ["Authorization", "authorization", "Proxy-Authorization", "Cookie"])
def test_a_header_that_is_a_secret_does_not_belong_into_the_file(tmp_path: Path, header: str) -> None:
    text = f'{WORKLOAD}prometheus:\n  headers: {{"{header}": "{SECRET}"}}\n'
    (problem,) = problems(tmp_path, text)
    assert problem.field == f"prometheus.headers.{header}"
    assert "bearer_token_file" in problem.remedy
    assert SECRET not in str(problem)


def test_a_header_that_is_a_secret_may_come_from_the_environment(tmp_path: Path) -> None:
    environ = {"ROLLBACKD_PROMETHEUS__HEADERS": json.dumps({"Authorization": f"Bearer {SECRET}"})}
    (tmp_path / "c.yaml").write_text(WORKLOAD, encoding="utf-8")
    settings = load(tmp_path / "c.yaml", environ=environ)
    assert settings.prometheus.headers["Authorization"].get_secret_value() == f"Bearer {SECRET}"


def test_an_address_with_a_password_names_the_files_for_it(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, f"{WORKLOAD}prometheus:\n  url: https://me:{SECRET}@prometheus\n")
    assert "password_file" in problem.remedy


@pytest.mark.parametrize("by_file", [False, True])
def test_a_token_that_can_be_guessed_is_refused(tmp_path: Path, by_file: bool) -> None:
    (tmp_path / "token").write_text("fifteen-letters\n", encoding="utf-8")
    web = f"token_file: {tmp_path}/token" if by_file else "token: fifteen-letters"
    (problem,) = problems(tmp_path, f"{WORKLOAD}web: {{{web}}}\n")
    assert problem.field == ("web.token_file" if by_file else "web.token")
    assert "openssl rand -hex 32" in problem.remedy
    assert "fifteen" not in str(problem)


@pytest.mark.parametrize("name", ["https://page.example.org", "page.example.org/x", "a b", ""])
def test_a_host_is_a_name_alone(tmp_path: Path, name: str) -> None:
    (problem,) = problems(tmp_path, f'{WORKLOAD}web: {{hosts: ["{name}"]}}\n')
    assert "name alone" in problem.remedy
