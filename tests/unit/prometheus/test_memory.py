"""The largest answer that is taken stays within what the chart gives the daemon."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from werkzeug import Response

from daemon.adapters.prometheus.metrics import PrometheusMetrics
from daemon.adapters.prometheus.session import LARGEST
from tests.unit.prometheus.conftest import Prometheus, pod_rows, success

REPOSITORY = Path(__file__).parents[3]
REST = 90
"""MiB for all else that the daemon holds; its resident memory without guarded pods is under that."""
READ = """
import resource, sys
from daemon.adapters.clock import SystemClock
from daemon.adapters.prometheus.metrics import PrometheusMetrics
from daemon.settings import PrometheusSettings
from tests.example import SIGNALS

metrics = PrometheusMetrics(
    PrometheusSettings.model_validate({"url": sys.argv[1], "timeout": 60}), SIGNALS, SystemClock()
)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
reading = metrics.read("errors")
print(len(reading.samples), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def fleet(size: int) -> str:
    """An answer of at most so many bytes."""
    each = len(success(pod_rows(pod="heat-000000"))) + 40
    return success([row for n in range(size // each) for row in pod_rows(pod=f"heat-{n:06}")])


def dense(size: int) -> str:
    """The same of the smallest rows there are: most memory for each byte."""
    row = {"metric": {}, "value": [1, "1"]}
    return success([row] * ((size - 100) // (len(json.dumps(row)) + 2)))


def chart_limit() -> int:
    """MiB."""
    values: Any = YAML(typ="safe").load((REPOSITORY / "helm/rollbackd/values.yaml").read_text())
    return int(values["resources"]["limits"]["memory"].removesuffix("Mi"))


@pytest.mark.e2e
@pytest.mark.parametrize("answer", [fleet, dense])
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux alone")
def test_the_largest_answer_is_read_within_the_charts_limit(
    prometheus: Prometheus, answer: Callable[[int], str]
) -> None:
    body = answer(LARGEST)
    assert len(body) > 0.8 * LARGEST
    prometheus.answer = lambda _: Response(body)
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", READ, prometheus.url],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    samples, more = map(int, done.stdout.split())
    assert samples > 5000 or answer is dense
    assert more / 1024 <= chart_limit() - REST


def test_a_larger_answer_is_a_clear_problem(
    make: Callable[..., PrometheusMetrics], prometheus: Prometheus
) -> None:
    prometheus.says(b" " * (LARGEST + 1))
    problem = make(timeout=60).read("errors").problem
    assert f"more than {LARGEST} bytes" in problem
    assert "select fewer series" in problem
