"""What one size of a fleet costs: idle, and with releases that fail, at once."""

from __future__ import annotations

import re
import statistics
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.fleet.crowd import Crowd
from benchmarks.fleet.exporter import BAD, Exporter
from daemon.adapters.kubernetes.cases import KubeCaseStore
from daemon.core.case.case import Case, Phase
from daemon.core.model import WorkloadRef
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.daemon import Daemon
from tests.e2e.stage import wait_for

IDLE = 120.0
"""Seconds without a rollout: two rounds of looking at everything again."""
LONGEST = 900.0
ASKED = ("configmaps", "deployments", "pods", "replicasets", "rolloutcases")
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_SERIES = re.compile(r"^(\w+)\{([^}]*)\} (\S+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Idle:
    megabytes: float
    core: float
    """The share of one."""
    requests: dict[str, float]
    """Verb and resource → requests to the API server a minute, by whoever asks it."""


@dataclass(frozen=True, kw_only=True)
class Wave:
    """Releases that fail, begun together. Times in seconds, of each release."""

    case: list[float]
    """From the change of the template to its case."""
    decided: list[float]
    """From the change of the template to the decision."""
    patch: list[float]
    """From the scrape that the decision rests on to the patch."""
    queries: float
    """Of Prometheus, a poll."""
    kilobytes: float
    """That Prometheus answered, a poll."""
    seconds: float
    """That Prometheus spent on them, a poll."""


def idle(daemon: Daemon, cluster: Cluster) -> Idle:
    before, asked, began = daemon.cpu_seconds(), _requests(cluster), time.monotonic()
    time.sleep(IDLE)
    seconds = time.monotonic() - began
    share, later = (daemon.cpu_seconds() - before) / seconds, _requests(cluster)
    return Idle(
        megabytes=daemon.resident() / 1e6,
        core=share,
        requests={
            what: (number - asked.get(what, 0.0)) * 60 / seconds
            for what, number in sorted(later.items())
            if number > asked.get(what, 0.0)
        },
    )


def _requests(cluster: Cluster) -> dict[str, float]:
    """Those for what the daemon asks for, as the API server counted them."""
    found: dict[str, float] = {}
    for name, labels, value in _SERIES.findall(cluster.kubectl("get", "--raw", "/metrics")):
        said = dict(_LABEL.findall(labels))
        if name == "apiserver_request_total" and said.get("resource") in ASKED:
            what = f"{said['verb']} {said['resource']}"
            found[what] = found.get(what, 0.0) + float(value)
    return found


def wave(
    crowd: Crowd, store: KubeCaseStore, exporter: Exporter, prometheus: str, *, releases: int, poll: float
) -> Wave:
    """Release what fails to so many workloads, and wait until each was rolled back and found recovered."""
    refs = _spread(crowd.refs, releases)
    known = {case.key for case in store.cases()}
    before, began = _asked(prometheus), time.monotonic()
    asked = crowd.release(refs, BAD)

    def judged() -> list[Case]:
        found = [c for ref in refs for c in store.of(ref) if c.key not in known and not c.active]
        return found if len(found) >= releases else []

    cases = wait_for(f"{releases} releases to be judged", judged, within=LONGEST)
    polls = (time.monotonic() - began) / poll
    after = _asked(prometheus)
    return _wave(cases, asked, exporter, [(b - a) / polls for a, b in zip(before, after, strict=True)])


def _wave(
    cases: Sequence[Case], asked: dict[WorkloadRef, float], exporter: Exporter, cost: Sequence[float]
) -> Wave:
    left = [case for case in cases if case.phase is not Phase.ROLLED_BACK]
    for case in left:
        print(f"  {case.ref}: {case.phase.value}, {case.status.reason}")
    done = [case for case in cases if case.phase is Phase.ROLLED_BACK]
    times = [
        (case, status.failing_at, status.patched_at)
        for case in done
        if (status := case.status).failing_at is not None and status.patched_at is not None
    ]
    return Wave(
        case=[case.spec.opened_at.timestamp() - asked[case.ref] for case, _, _ in times],
        decided=[failing.timestamp() - asked[case.ref] for case, failing, _ in times],
        patch=[patched.timestamp() - exporter.scraped_before(failing) for _, failing, patched in times],
        queries=cost[0],
        kilobytes=cost[1] / 1e3,
        seconds=cost[2],
    )


def spread(values: Sequence[float]) -> str:
    """``median (smallest to largest)``."""
    if not values:
        return "none"
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _spread(refs: Sequence[WorkloadRef], number: int) -> list[WorkloadRef]:
    """So many of them, over all namespaces."""
    return list(refs[:: max(1, len(refs) // number)][:number])


def _asked(prometheus: str) -> tuple[float, float, float]:
    """Queries that Prometheus answered so far, the bytes of its answers and the seconds it took."""
    with urllib.request.urlopen(f"{prometheus}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    found = [
        (name, float(value))
        for name, labels, value in _SERIES.findall(text)
        if 'handler="/api/v1/query"' in labels or 'handler="/api/v1/query_range"' in labels
    ]
    return (
        sum(value for name, value in found if name == "prometheus_http_requests_total"),
        sum(value for name, value in found if name == "prometheus_http_response_size_bytes_sum"),
        sum(value for name, value in found if name == "prometheus_http_request_duration_seconds_sum"),
    )
