"""Whatever is wrong with a file, a variable or a flag is named with the place it came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.settings import SettingsError, load
from tests.unit.settings.wrong import WORKLOAD, problems


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
