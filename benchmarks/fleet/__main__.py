"""``make bench-fleet``: what the daemon costs with 10, 100 and 1,000 guarded Deployments of three pods.

The API server, its controllers and Prometheus are real, the pods exist at the API server alone (KWOK), and
one exporter says what their metrics would. Each workload has 20 kept cases. Needs the cluster (root), and
some 15 minutes for the largest size; leaves the cluster running. ``SIZES="10 100"`` measures these alone.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.fleet.crowd import LABEL, REPLICAS, Crowd, case_store
from benchmarks.fleet.exporter import Exporter
from benchmarks.fleet.measuring import Idle, Wave, idle, spread, wave
from daemon.adapters.kubernetes import access
from tests.e2e.cluster import lifecycle
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.daemon import CHART, ProcessDaemon
from tests.e2e.own_prometheus import prometheus
from tests.e2e.stage import wait_for

SIZES = (10, 100, 1000)
WAVES = (1, 20, 200)
"""Releases at once, as far as the fleet has so many workloads."""
SCRAPE, POLL = 5.0, 1.0
PAST = 150.0
"""Seconds of traffic before the first release."""


def settings(namespaces: Sequence[str], url: str) -> dict[str, Any]:
    selector = ",".join(f"{name}={value}" for name, value in LABEL.items())
    return {
        "workloads": [{"namespace": namespace, "selector": selector} for namespace in namespaces],
        "signals": [
            {"name": "errors", "bad": "fleet_errors_total", "total": "fleet_requests_total", "limit": 0.05}
        ],
        # KWOK's pods have addresses and answer at none.
        "health": {"paths": []},
        "policy": {"watch": 60, "baseline_window": 120, "stale_after": 20, "max_rollbacks": 100},
        "prometheus": {"url": url, "poll": POLL},
        "log": {"format": "json"},
    }


def scraping(address: str) -> str:
    job = {"job_name": "fleet", "honor_labels": True, "static_configs": [{"targets": [address]}]}
    timing = {"scrape_interval": f"{SCRAPE:g}s", "scrape_timeout": f"{SCRAPE:g}s"}
    return json.dumps({"global": timing, "scrape_configs": [job]})


def measure(cluster: Cluster, size: int, folder: Path) -> tuple[Idle, dict[int, Wave]]:
    """One size, from an empty fleet to its removal."""
    crowd = Crowd(cluster, access.load(cluster.kubeconfig), size)
    crowd.remove()
    exporter = Exporter(crowd.client, crowd.namespaces)
    store = case_store(crowd.client, crowd.namespaces)
    with prometheus(cluster.binaries / "prometheus", scraping(exporter.address)) as url:
        try:
            say(f"{size} Deployments of {REPLICAS} pods: making them")
            crowd.make()
            exporter.start()
            store.watch(lambda _: None)
            wait_for("all pods", lambda: exporter.ready() == size * REPLICAS, within=1200)
            daemon = ProcessDaemon(cluster, folder, settings(crowd.namespaces, url), "")
            daemon.start()
            wait_for("all to be adopted", lambda: len(store.cases()) >= size, within=600)
            daemon.stop()
            say("all are guarded; making the cases of earlier releases")
            crowd.remember(store, store.cases())
            began = time.monotonic()
            daemon.start()
            try:
                say(f"ready {time.monotonic() - began:.1f} s after its start")
                time.sleep(PAST)
                rest = idle(daemon)
                say(f"idle: {rest.megabytes:.0f} MB, {rest.core:.2%} of a core")
                waves = {}
                for number in (one for one in WAVES if one <= size):
                    waves[number] = wave(crowd, store, exporter, url, releases=number, poll=POLL)
                    tell(size, number, waves[number], daemon)
                return rest, waves
            finally:
                daemon.stop()
        finally:
            exporter.stop()
            store.stop(10)
            crowd.remove()


def tell(size: int, number: int, found: Wave, daemon: ProcessDaemon) -> None:
    say(f"{number} of {size} fail at once: {len(found.patch)} rolled back and recovered")
    say(f"  template change to case: {spread(found.case)} s, to decision: {spread(found.decided)} s")
    say(f"  deciding scrape to patch: {spread(found.patch)} s")
    say(
        f"  Prometheus, a poll: {found.queries:.1f} queries, {found.kilobytes:.0f} kB, "
        f"{found.seconds * 1000:.0f} ms of its time"
    )
    say(f"  daemon afterwards: {daemon.resident() / 1e6:.0f} MB")


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES), help="how many Deployments")
    sizes: list[int] = parser.parse_args().sizes
    cluster = lifecycle.up()
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CHART / "crds"))
    rows: dict[int, tuple[Idle, dict[int, Wave]]] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            rows[size] = measure(cluster, size, Path(folder))
    print(
        f"\n{'workloads':>9} {'MB':>6} {'core idle':>10}  deciding scrape to patch, by releases at once (s)"
    )
    for size, (rest, waves) in rows.items():
        found = "; ".join(f"{number}: {spread(one.patch)}" for number, one in waves.items())
        print(f"{size:>9} {rest.megabytes:>6.0f} {rest.core:>10.2%}  {found}")
    if {100, 1000} <= rows.keys():
        ratio = (rows[1000][0].core / 1000) / (rows[100][0].core / 100)
        print(f"idle cost of a workload, at 1,000 to at 100: {ratio:.2f}")


if __name__ == "__main__":
    main()
