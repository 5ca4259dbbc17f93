"""What is proposed for what is found: plain signals, else none, and always a valid file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from ruamel.yaml import YAML

from daemon.settings import load
from daemon.settings.inventory import FoundDeployment, FoundSeries, Inventory
from daemon.settings.proposal import propose, settings_text, values_text
from daemon.settings.proposed_signals import error_counters, error_signal, latency_signal, timed_histogram


def series(name: str, value: float = 10.0, native: bool = False, **labels: str) -> FoundSeries:
    return FoundSeries(labels={"__name__": name, **labels}, value=value, native=native)


def inventory(*deployments: FoundDeployment, **more: str) -> Inventory:
    return Inventory(
        namespace="shop", prometheus="http://p:9090", deployments=deployments, pod_label="pod", **more
    )


def buckets(name: str, counts: Mapping[str, float]) -> tuple[FoundSeries, ...]:
    return tuple(series(f"{name}_bucket", value, le=edge) for edge, value in counts.items())


REQUESTS = (series("http_requests_total", 990, code="200"), series("http_requests_total", 10, code="500"))
TIMES = buckets("http_request_duration_seconds", {"0.1": 90, "0.5": 995, "1.0": 999, "+Inf": 1000})


@pytest.mark.parametrize(
    ("found", "bad", "total"),
    [
        (REQUESTS, 'http_requests_total{code=~"5.."}', "http_requests_total"),
        (
            (series("http_server_requests_seconds_count", status="200", outcome="SUCCESS"),),
            'http_server_requests_seconds_count{status=~"5.."}',
            "http_server_requests_seconds_count",
        ),
        (
            (series("served_total", status="2xx"), series("served_total", status="5xx")),
            'served_total{status="5xx"}',
            "served_total",
        ),
        (
            (series("grpc_server_handled_total", grpc_code="OK"),),
            'grpc_server_handled_total{grpc_code=~"(?i:unknown|deadline_?exceeded|unimplemented|internal|'
            'unavailable|data_?loss)"}',
            "grpc_server_handled_total",
        ),
        (
            (series("istio_requests_total", response_code="200", reporter="destination"),),
            'istio_requests_total{response_code=~"5..",reporter="destination"}',
            'istio_requests_total{reporter="destination"}',
        ),
        (
            (series("orders_failed_total", 1), series("orders_total", 9)),
            "orders_failed_total",
            "orders_total",
        ),
        # What was served goes before what counted more.
        (
            (*REQUESTS, series("steps_total", 1e6, status="200")),
            'http_requests_total{code=~"5.."}',
            "http_requests_total",
        ),
    ],
)
def test_failed_requests_are_told_by_label_or_by_name(
    found: tuple[FoundSeries, ...], bad: str, total: str
) -> None:
    assert error_counters(found) == (bad, total)


@pytest.mark.parametrize(
    "found",
    [
        (),
        (series("http_requests_total", method="GET"),),
        (series("promhttp_metric_handler_requests_total", code="200"),),
        (series("http_client_requests_total", code="500"),),
        (series("container_cpu_usage_seconds_total", code="200"),),
        (series("jobs_total", status="queued"),),
        (series("orders_failed_total", 10), series("orders_total", 9)),
        (series("depth", code="200"),),
    ],
)
def test_what_is_not_plain_is_left_out(found: tuple[FoundSeries, ...]) -> None:
    assert error_counters(found) is None


def test_slow_is_what_few_requests_are_now() -> None:
    assert timed_histogram((*TIMES, *buckets("go_gc_seconds", {"1": 1}))) == "http_request_duration_seconds"
    assert latency_signal("latency", "http_request_duration_seconds", TIMES).slower_than == 0.5
    in_ms = buckets("rpc_ms", {"100": 10, "5000": 1000, "+Inf": 1000})
    assert latency_signal("latency", "rpc_ms", in_ms).slower_than == 5.0
    idle = buckets("x_seconds", {"0.1": 0, "2": 0, "+Inf": 0})
    assert latency_signal("latency", "x_seconds", idle).slower_than == 2.0
    assert timed_histogram((series("took_seconds", native=True),)) == "took_seconds"
    assert timed_histogram(buckets("size_bytes", {"1": 1})) is None


def test_deployments_of_one_metric_share_its_signal_and_others_have_their_own() -> None:
    proposal = propose(
        inventory(
            FoundDeployment(name="a", pods=1, series=REQUESTS),
            FoundDeployment(name="b", pods=1, series=REQUESTS),
            FoundDeployment(name="c.d", pods=1, series=(series("rpc_total", status_code="500"),)),
        )
    )

    assert [workload.signals for workload in proposal.workloads] == [
        ("errors",),
        ("errors",),
        ("errors-c-d-c2fcde",),
    ]
    assert len(proposal.signals) == 2


def test_each_signal_has_a_name_of_its_own_which_hangs_on_no_other_deployment() -> None:
    long = "payments-reconciliation-service-of-region"
    names = ["a", f"{long}-north", f"{long}-south", "c.d", "c-d"]
    found = [
        FoundDeployment(name=name, pods=1, series=(series(f"rpc{at}_total", status_code="500"),))
        for at, name in enumerate(names)
    ]

    everything = propose(inventory(*found))
    fewer = propose(inventory(found[0], found[2]))

    assert len({signal.name for signal in everything.signals}) == len(names)
    assert fewer.signals[1].name == everything.signals[2].name


def test_the_events_of_a_metric_whose_name_has_to_be_quoted_are_counted() -> None:
    found = (series("http.requests_total", 7, code="200"), series("http.requests_total", 2, code="500"))
    counters = error_counters(found)
    assert counters is not None
    assert error_signal("errors", counters, found).why == "9 events so far"


def test_what_could_not_be_found_is_said_with_the_remedy() -> None:
    text = settings_text(
        propose(
            inventory(
                FoundDeployment(name="asleep"),
                FoundDeployment(name="unscraped", pods=2),
                FoundDeployment(name="mute", pods=2, series=(series("up"),), probes=(":8080/ready",)),
            )
        ),
        "advise",
    )

    for words in (
        "has no pods now: scale it up",
        "no series of its pods: scrape them",
        "export one such as http_requests_total{code}",
        "as its own probes are: :8080/ready",
        "signals: []",
        "none was found: releases are judged by their pods alone",
    ):
        assert words in text


NAMES = st.sampled_from(
    ["http_requests_total", "a_errors_total", "a_total", "x_seconds_bucket", "it's.odd_total", "y_ms_bucket"]
)
LABELS = st.dictionaries(
    st.sampled_from(["code", "status", "le", "outcome", "reporter"]),
    st.sampled_from(["200", "500", "5xx", "0.5", "+Inf", "error", "ok", "destination"]),
    max_size=3,
)
SERIES = st.builds(
    lambda name, labels, value, native: FoundSeries(
        labels={"__name__": name, **({"le": "1"} if name.endswith("_bucket") else {}), **_edge(labels)},
        value=value,
        native=native,
    ),
    NAMES,
    LABELS,
    st.floats(0, 1e12),
    st.booleans(),
)
DEPLOYMENTS = st.lists(
    st.builds(
        FoundDeployment,
        name=st.from_regex(r"[a-z][a-z0-9.-]{0,60}[a-z0-9]", fullmatch=True),
        pods=st.integers(0, 3),
        probes=st.lists(st.just(":80/ready"), max_size=1).map(tuple),
        series=st.lists(SERIES, max_size=6).map(tuple),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda one: one.name,
)


def _edge(labels: dict[str, str]) -> dict[str, str]:
    edge = labels.get("le", "1")
    return {**labels, "le": edge if edge in {"0.5", "+Inf"} else "1"}


@given(DEPLOYMENTS)
@examples(max_examples=20)
def test_whatever_is_found_the_file_is_valid(tmp: Path, found: list[FoundDeployment]) -> None:
    proposal = propose(inventory(*found))
    file = tmp / "rollbackd.yaml"
    file.write_text(settings_text(proposal, "advise"))

    settings = load(file, {}, {})

    assert [entry.name for entry in settings.workloads] == [one.name for one in found]
    assert all(math.isfinite(signal.limit) for signal in settings.signals)
    values = YAML(typ="safe", pure=True).load(values_text(proposal, "advise"))
    assert values["config"] == YAML(typ="safe", pure=True).load(file)


@pytest.fixture(scope="module", name="tmp")
def _tmp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("proposal")
