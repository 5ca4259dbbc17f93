"""Settings where recorded samples are judged: what concerns the cluster is neither read nor asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.core.model import WorkloadRef
from daemon.settings import Settings, SettingsError, load

FULL = """
workloads:
  - {namespace: x, name: a, watch: 3s, dependencies: [not-read]}
signals:
  - {name: errors, limit: 0.02}
  - {name: latency, limit: 0.01, histogram: seconds, slower_than: 5}
policy: {stale_after: 90s}
prometheus: {bearer_token_file: /not/there, poll: 1s, typo: 3}
kubernetes: {kubeconfig: /not/there}
web: {token_file: /not/there}
incidents: {sinks: [sentry]}
"""


def offline(tmp_path: Path, text: str, **environ: str) -> Settings:
    path = tmp_path / "rollbackd.yaml"
    path.write_text(text)
    return load(path, {}, environ, offline=True)


def test_only_what_the_judge_needs_is_read(tmp_path: Path) -> None:
    settings = offline(
        tmp_path, FULL, ROLLBACKD_PROMETHEUS__URL="no address", ROLLBACKD_POLICY__BASELINE_WINDOW="5m"
    )

    policy = settings.policy_for(WorkloadRef(namespace="x", name="a"), {})
    assert (policy.watch, policy.stale_after, policy.baseline_window) == (3.0, 90.0, 300.0)
    assert [(signal.name, signal.limit) for signal in policy.signals] == [
        ("errors", 0.02),
        ("latency", 0.01),
    ]
    with pytest.raises(SettingsError):
        load(tmp_path / "rollbackd.yaml", {}, {})


@pytest.mark.parametrize("text", ["", "policy: {watch: 5m}", "workloads:", "health: {port: 1}"])
def test_nothing_has_to_be_guarded(tmp_path: Path, text: str) -> None:
    settings = offline(tmp_path, f"{text}\nsignals: [{{name: errors, limit: 0.02}}]")
    assert [signal.name for signal in settings.signals] == ["errors"]


@pytest.mark.parametrize("text", ["", "signals: []", "workloads: [{namespace: a, name: b, signals: []}]"])
def test_what_the_samples_are_judged_by_is_never_guessed(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        offline(tmp_path, text)

    (problem,) = caught.value.problems
    assert (problem.field, problem.message) == ("signals", "nothing says how the samples are judged")
    assert "{name: errors, limit: 0.05}" in problem.remedy


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("signals: [{name: errors, limit: 5}]", "signals[0].limit"),
        ("signals: [{limit: 0.5}]", "signals[0].name"),
        ("signals: [3]", "signals[0]"),
        ("signals: 3", "signals"),
        ("signals: [{name: a, limit: 0.5}, {name: a, limit: 0.5}]", "signals[1].name"),
        ("policy: {watch: never}", "policy.watch"),
        ("polcy: {watch: 5m}", "polcy"),
        ("workloads: [{name: a}]", "workloads[0].namespace"),
    ],
)
def test_what_is_read_is_checked(tmp_path: Path, text: str, field: str) -> None:
    with pytest.raises(SettingsError) as caught:
        offline(tmp_path, text)

    assert [problem.field for problem in caught.value.problems] == [field]


def test_variables_are_checked_too(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ROLLBACKD_POLICY__WATCH"):
        offline(tmp_path, "", ROLLBACKD_POLICY__WATCH="never")
