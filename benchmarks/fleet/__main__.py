"""``make bench-fleet``: what the daemon costs with 10, 100 and 1,000 guarded Deployments of three pods.

The API server, its controllers and Prometheus are real, the pods exist at the API server alone (KWOK), and
one exporter says what their metrics would. Each workload has 20 kept cases. Needs the cluster (root), and
some 15 minutes for the largest size; leaves the cluster running. ``SIZES="10 100"`` measures these alone,
``--waves 1 20`` fewer releases at once. Exits 1 where something that must be reached is missed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
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
MANY = 20
"""More releases at once than these may each take one poll longer."""
SCRAPE, POLL = 5.0, 1.0
MEGABYTES, CORE, COST, DELAY = 250.0, 0.05, 1.3, 1.2
"""What must be reached: resident, idle share of a core, and by which factors a workload may cost more and a
rollback may come later in the largest fleet than in the smallest."""
PAST = 150.0
"""Seconds of traffic before the first release."""


Row = tuple[Idle, dict[int, Wave]]


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


def measure(cluster: Cluster, size: int, folder: Path, numbers: Sequence[int]) -> Row:
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
            chosen = settings(crowd.namespaces, url)
            daemon = ProcessDaemon(cluster, folder, chosen, "", kubeconfig=cluster.kubeconfig)
            daemon.start()
            wait_for("all to be adopted", lambda: len(store.cases()) >= size, within=600)
            daemon.stop()
            say("all are guarded; making the cases of earlier releases")
            crowd.remember(store, store.cases(), say)
            began = time.monotonic()
            daemon.start()
            try:
                say(f"ready {time.monotonic() - began:.1f} s after its start")
                time.sleep(PAST)
                rest = idle(daemon, cluster)
                say(f"idle: {rest.megabytes:.0f} MB, {rest.core:.2%} of a core; API requests a minute:")
                for what, often in rest.requests.items():
                    say(f"  {what}: {often:.1f}, of a workload {often / size:.2f}")
                waves = {}
                for number in (one for one in numbers if one <= size):
                    say(f"{number} releases that fail, at once")
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


def verdicts(rows: Mapping[int, Row]) -> Iterator[tuple[bool, str]]:
    """What must hold of the largest fleet, and between the smallest and the largest."""
    least, most = min(rows), max(rows)
    (small, few), (large, many) = rows[least], rows[most]
    yield large.megabytes <= MEGABYTES, f"{large.megabytes:.0f} MB at {most}, {MEGABYTES:g} at most"
    yield large.core <= CORE, f"{large.core:.2%} of a core idle at {most}, {CORE:.0%} at most"
    if least == most:
        return
    ratio = (large.core / most) / (small.core / least)
    yield ratio <= COST, f"a workload's idle cost at {most} to at {least}: {ratio:.2f}, {COST:g} at most"
    # The smallest fleet may be too small for any of these.
    for number, other in many.items() if few else ():
        one = few.get(number) or few[max(few)]
        said = (
            f"queries a poll, {number} releases: {other.queries:.1f} at {most}, {one.queries:.1f} at {least}"
        )
        yield other.queries <= COST * one.queries, said
        if one.patch and other.patch:
            before, now = statistics.median(one.patch), statistics.median(other.patch)
            may = DELAY * before + (POLL if number > MANY else 0.0)
            said = f"scrape to patch, {number} releases: {now:.2f} s at {most}, {before:.2f} s at {least}"
            yield now <= may, f"{said}, {may:.2f} s at most"
    for size, (_, waves) in rows.items():
        for number, found in waves.items():
            yield len(found.patch) == number, f"{len(found.patch)} of {number} rolled back at {size}"


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES), help="how many Deployments")
    parser.add_argument("--waves", type=int, nargs="+", default=list(WAVES), help="releases at once")
    given = parser.parse_args()
    sizes: list[int] = given.sizes
    cluster = lifecycle.up()
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CHART / "crds"))
    rows: dict[int, Row] = {}
    began = time.monotonic()
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            rows[size] = measure(cluster, size, Path(folder), given.waves)
    print(
        f"\n{'workloads':>9} {'MB':>6} {'core idle':>10}  deciding scrape to patch, by releases at once (s)"
    )
    for size, (rest, waves) in rows.items():
        found = "; ".join(f"{number}: {spread(one.patch)}" for number, one in waves.items())
        print(f"{size:>9} {rest.megabytes:>6.0f} {rest.core:>10.2%}  {found}")
    print()
    reached = list(verdicts(rows))
    for well, text in reached:
        print(f"{'holds' if well else 'MISSED'}: {text}")
    say(f"done in {(time.monotonic() - began) / 60:.0f} min")
    return 0 if all(well for well, _ in reached) else 1


if __name__ == "__main__":
    sys.exit(main())
