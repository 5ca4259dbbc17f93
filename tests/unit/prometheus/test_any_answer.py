"""Whatever bytes Prometheus, or a proxy in front of it, answers: a reading or an error of the ports."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.adapters.prometheus.metrics import PrometheusMetrics
from tests.unit.prometheus.conftest import NOW, Prometheus, success

NESTED = 50_000
DEEP = b"[" * NESTED + b"]" * NESTED
WHOLE = success([{"metric": {}, "value": [NOW, "1"]}]).encode()
STRANGE: list[tuple[bytes, Mapping[str, str]]] = [
    ("Accès refusé".encode("latin-1"), {}),
    (b'{"status": "error", "error": "acc\xe8s refus\xe9"}', {}),
    (b'{"status": "success", "data": {"resultType": "vector", "result": ' + DEEP + b"}}", {}),
    (b'{"other": ' + DEEP + WHOLE[1:], {}),
    (b'{"status": "success", "data": {"other": ' + DEEP + b', "resultType": "vector", "result": []}}', {}),
    (gzip.compress(WHOLE, mtime=0)[:-9], {"Content-Encoding": "gzip"}),
    (gzip.compress(WHOLE, mtime=0)[:20], {"Content-Encoding": "gzip"}),
    (WHOLE, {"Content-Encoding": "gzip"}),
    (WHOLE, {"Content-Type": "application/json; charset=no-such-thing"}),
    (success([{"metric": {}, "value": [1e999, "1"]}]).encode(), {}),
    (success([{"metric": {"pod": 3}, "value": [NOW, "1"]}]).encode(), {}),
    (success([{"metric": {}, "value": [int("9" * 400), "1"]}]).encode(), {}),
    (success([None, 1, "x"]).encode(), {}),
]


@pytest.mark.parametrize(("body", "headers"), STRANGE)
@pytest.mark.parametrize("status", [200, 400, 503])
def test_a_strange_answer_is_that_answers_problem(
    prometheus: Prometheus, metrics: PrometheusMetrics, body: bytes, headers: Mapping[str, str], status: int
) -> None:
    prometheus.says(body, status=status, headers=headers)
    reading = metrics.read("errors")
    assert reading.problem
    assert not reading.samples


PLAIN = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8))
ANY_JSON = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
VALUE = st.one_of(
    st.tuples(st.one_of(st.just(NOW), st.floats(), st.integers()), st.text(max_size=6)), ANY_JSON
)
LABELS = st.fixed_dictionaries(
    {"namespace": st.just("greenlang"), "pod": st.text(max_size=8)},
    optional={"rollbackd": st.sampled_from(["bad", "total", "at", "targets"]), "le": st.text(max_size=5)},
)
ROWS = st.lists(
    st.one_of(ANY_JSON, st.fixed_dictionaries({"metric": LABELS, "value": VALUE})), max_size=5
).map(lambda rows: success(rows).encode())


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(body=st.one_of(st.binary(max_size=100), ANY_JSON.map(lambda v: json.dumps(v).encode()), ROWS))
def test_any_answer_is_read_or_refused(
    prometheus: Prometheus, metrics: PrometheusMetrics, body: bytes
) -> None:
    prometheus.says(body)
    reading = metrics.read("errors")
    assert all(sample.total >= 0 for sample in reading.samples)
