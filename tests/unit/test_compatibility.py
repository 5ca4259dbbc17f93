"""The versions that ``docs/compatibility.md`` calls run are those that the tests run."""

from __future__ import annotations

import re
from pathlib import Path

import kubernetes_validate
import pytest
from ruamel.yaml import YAML

from tests.e2e.cluster.binaries import KUBERNETES_VERSION, PROMETHEUS_VERSION, SOURCES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "compatibility.md"


def rows() -> dict[str, list[str]]:
    """What → its other cells."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")][1:]
    cells = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]
    return {first: rest for first, *rest in cells}


def pinned(module: str, path: str) -> str:
    [version] = re.findall(rf"^\s*{path} v(\S+)", (SOURCES / module / "go.mod").read_text(), re.MULTILINE)
    return str(version)


@pytest.mark.parametrize(
    ("what", "version"),
    [
        ("Kubernetes", KUBERNETES_VERSION.removeprefix("v")),
        ("Prometheus", PROMETHEUS_VERSION),
        ("Thanos", pinned("thanos", "github.com/thanos-io/thanos")),
        (
            "VictoriaMetrics, single node",
            pinned("victoriametrics", "github.com/VictoriaMetrics/VictoriaMetrics"),
        ),
        ("… the chart's objects", kubernetes_validate.latest_version().removesuffix(".0")),
    ],
)
def test_what_was_run_has_the_version_that_is_run(what: str, version: str) -> None:
    assert version in re.findall(r"\d+(?:\.\d+)+", rows()[what][0])


def test_the_chart_asks_for_what_the_page_says() -> None:
    chart = YAML(typ="safe").load(ROOT / "helm/rollbackd/Chart.yaml")
    oldest = re.findall(r"(\d+\.\d+) or newer", rows()["Kubernetes"][2])
    assert [f">={version}.0-0" for version in oldest] == [chart["kubeVersion"]]


def test_what_is_named_as_test_is_there() -> None:
    for what, (_, tests, _) in rows().items():
        for path in re.findall(r"`(tests/[^`]+)`", tests):
            assert (ROOT / path).is_file(), f"{what}: there is no {path}"
