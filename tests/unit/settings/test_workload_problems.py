"""What is wrong with one workload is named at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.settings import SettingsError, example_file, load
from tests.unit.settings.wrong import problems

SIGNALS = (
    "signals:\n"
    "  - {name: errors, bad: failed_total, total: asked_total, limit: 0.05}\n"
    "  - {name: latency, histogram: took_seconds, slower_than: 5s, limit: 0.01, warmup: 60s}\n"
)


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
    (
        "namespace: a\n    name: b\n    announce: 10m",
        4,
        "workloads[0].announce",
        "watch of 600 s is over",
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


@pytest.mark.parametrize("text", [None, "", "# nothing\n", "workloads:\n", "workloads: []\n"])
def test_nothing_guarded_is_a_problem(tmp_path: Path, text: str | None) -> None:
    (problem,) = problems(tmp_path, text)
    assert problem.field == "workloads"
    assert "guarded" in problem.message or "at least 1" in problem.remedy
