"""What the settings give one workload: its policy, dependencies, neighbours and smoke tests."""

from __future__ import annotations

from pathlib import Path

from daemon.core.model import WorkloadRef
from daemon.core.policy import Mode, SignalPolicy
from daemon.core.runs import HttpCall, JobCommand, PodCommand, SmokeTest
from daemon.settings import load
from tests.unit.settings.written import GL006, written

SIGNALS = """
signals:
  - {name: errors, title: error rate, bad: failed_total, total: asked_total, limit: 0.05}
  - {name: latency, histogram: took_seconds, slower_than: 5s, limit: 0.01, warmup: 60s}
"""


WORKLOADS = """
workloads:
  - namespace: greenlang
    selector: app.kubernetes.io/part-of=greenlang,tier notin (batch, test),!unguarded
    mode: advise
    watch: 600
  - namespace: greenlang
    name: gl-006-heatreclaim
    watch: 20m
    health_paths: [':9000/live']
    signals: [{name: errors, limit: 0.02, baseline: ignore}]
  - {namespace: other, name: web, signals: []}
policy: {mode: approval, watch: 5m, contact: us}
health: {port: 8000, paths: [/health, /ready]}
signals:
  - {name: errors, title: error rate, bad: failed_total, total: asked_total, limit: 0.05}
"""


def test_a_workloads_own_settings_win(tmp_path: Path) -> None:
    settings = load(written(tmp_path, WORKLOADS))
    assert settings.namespaces == ("greenlang", "other")
    named = settings.policy_for(GL006, {"app.kubernetes.io/part-of": "greenlang"})
    assert (named.mode, named.watch, named.contact) == (Mode.APPROVAL, 1200, "us")
    assert named.health_paths == (":9000/live",)
    assert named.signals == (SignalPolicy(name="errors", title="error rate", limit=0.02, baseline="ignore"),)
    other = settings.policy_for(WorkloadRef(namespace="other", name="web"), {})
    assert (other.signals, other.health_paths) == ((), ("/health", "/ready"))


def test_a_selector_guards_what_it_matches(tmp_path: Path) -> None:
    settings = load(written(tmp_path, WORKLOADS))
    ref, labels = WorkloadRef(namespace="greenlang", name="x"), {"app.kubernetes.io/part-of": "greenlang"}
    assert settings.guards(ref, labels)
    assert settings.policy_for(ref, labels).mode is Mode.ADVISE
    # A value that equals a default counts as set all the same.
    assert settings.policy_for(ref, labels).watch == 600
    assert not settings.guards(ref, labels | {"tier": "batch"})
    assert not settings.guards(ref, labels | {"unguarded": ""})
    assert not settings.guards(ref, {})
    assert not settings.guards(WorkloadRef(namespace="other", name="x"), labels)
    assert settings.guards(GL006, {})


def test_a_workload_may_warm_up_longer(tmp_path: Path) -> None:
    text = "workloads: [{namespace: a, name: b, signals: [errors, {name: latency, warmup: 3m}]}]\n" + SIGNALS
    policy = load(written(tmp_path, text)).policy_for(WorkloadRef(namespace="a", name="b"), {})
    assert [signal.warmup for signal in policy.signals] == [0, 180]


def test_a_workload_names_what_it_depends_on_or_depends_on_all(tmp_path: Path) -> None:
    text = """
workloads:
  - {namespace: a, name: all}
  - {namespace: a, name: one, dependencies: [mail], neighbours: []}
dependencies:
  - {name: mail, query: 'probe_success{job="mail"}', scope: cluster}
  - {name: plant, query: plant_up}
neighbours:
  - {name: database, selector: app=postgresql}
  - {name: cache, selector: app=redis}
"""
    settings = load(written(tmp_path, text + SIGNALS))
    assert [entry.scope for entry in settings.dependencies] == ["cluster", "namespace"]
    found = [settings.policy_for(WorkloadRef(namespace="a", name=name), {}) for name in ("all", "one")]
    assert [policy.dependencies for policy in found] == [("mail", "plant"), ("mail",)]
    assert [policy.neighbours for policy in found] == [("database", "cache"), ()]


def test_a_workload_names_its_smoke_tests_or_must_pass_all(tmp_path: Path) -> None:
    text = """
workloads:
  - {namespace: a, name: all}
  - {namespace: b, name: one, smoke_tests: [page]}
  - {namespace: b, name: none, smoke_tests: []}
smoke_tests:
  - {name: page, http: {url: "http://{pod}:8000/smoke?n=1", method: HEAD, status: 204}}
  - {name: plan, job: {command: [smoke, -v], container: heat, labels: {b: "2", a: "1"}}, timeout: 1m}
  - {name: ping, exec: {command: [pg_isready], pod: postgresql-0}}
"""
    settings = load(written(tmp_path, text + SIGNALS))
    refs = [WorkloadRef(namespace=ns, name=name) for ns, name in (("a", "all"), ("b", "one"), ("b", "none"))]
    found = [settings.policy_for(ref, {}).smoke_tests for ref in refs]
    page = SmokeTest(name="page", task=HttpCall(url="http://{pod}:8000/smoke?n=1", method="HEAD", status=204))
    plan = JobCommand(command=("smoke", "-v"), container="heat", labels=(("a", "1"), ("b", "2")))
    ping = PodCommand(command=("pg_isready",), pod="postgresql-0")
    assert found == [
        (page, SmokeTest(name="plan", task=plan, timeout=60.0), SmokeTest(name="ping", task=ping)),
        (page,),
        (),
    ]
    assert settings.runs == {"a": {"http", "job", "exec"}, "b": {"http"}}


def test_what_nothing_guards_is_never_acted_on(tmp_path: Path) -> None:
    settings = load(written(tmp_path, WORKLOADS))
    assert settings.policy_for(WorkloadRef(namespace="gone", name="x"), {}).mode is Mode.ADVISE
