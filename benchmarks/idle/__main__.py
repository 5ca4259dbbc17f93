"""``make bench-idle``: resident memory, CPU and time to readiness with 10 guarded workloads in one namespace.

Memory and CPU are those of the pod that the chart installs; readiness is that of a process with compiled
bytecode, from its start to the first good answer of /readyz. Needs the cluster (root); leaves it running.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from tests.e2e.app.build import load_app
from tests.e2e.app.manifests import Gl006, config_map, deployment, namespace
from tests.e2e.cluster import lifecycle
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.daemon import Daemon, PodDaemon, ProcessDaemon
from tests.e2e.stage import Stage, wait_for
from tests.example import application

NAMESPACE = "bench-idle"
WORKLOADS = 10
SECONDS = 60.0
STARTS = 5
DSN = "http://public@127.0.0.1:9/1"
"""Nothing listens there; the SDK is loaded all the same, as it is for who uses it."""


def settings(cluster: Cluster, names: Iterable[str]) -> dict[str, Any]:
    """The shipped example's, but for the workloads and the address."""
    return application() | {
        "workloads": [{"namespace": NAMESPACE, "name": name} for name in names],
        "prometheus": {"url": cluster.prometheus_url},
    }


def measure(daemon: Daemon) -> tuple[float, float]:
    """Megabytes resident and the share of a core, over a minute without a rollout."""
    time.sleep(15)
    before, started = daemon.cpu_seconds(), time.monotonic()
    time.sleep(SECONDS)
    return daemon.resident() / 1e6, (daemon.cpu_seconds() - before) / (time.monotonic() - started)


def ready_after(daemon: ProcessDaemon) -> float:
    started = time.monotonic()
    daemon.start()
    took = time.monotonic() - started
    daemon.stop()
    return took


def main() -> None:
    cluster = lifecycle.up()
    load_app(cluster)
    apps = [Gl006(namespace=NAMESPACE, name=f"app-{n}", replicas=1, load_rps=1) for n in range(WORKLOADS)]
    stages = [Stage(cluster, NAMESPACE, app) for app in apps]
    chosen = settings(cluster, [app.name for app in apps])
    cluster.apply(namespace(NAMESPACE))
    try:
        for app in apps:
            cluster.apply(config_map(app))
            cluster.apply(deployment(app))
        for stage, app in zip(stages, apps, strict=True):
            ready = partial(stage.kubectl, "rollout", "status", f"deployment/{app.name}", "--timeout=60s")
            wait_for(f"{app.name} to be ready", ready)
        with tempfile.TemporaryDirectory() as folder:
            pod = PodDaemon(cluster, Path(folder), chosen, DSN, release="rollbackd-idle")
            try:
                pod.start()
                resident, share = measure(pod)
            finally:
                pod.stop()
            process = ProcessDaemon(cluster, Path(folder), chosen, DSN)
            # The first start compiles.
            took = [ready_after(process) for _ in range(STARTS + 1)][1:]
    finally:
        cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
    print(f"{WORKLOADS} workloads: {resident:.1f} MB resident, {share:.2%} of a core")
    spread = f"{min(took):.2f} to {max(took):.2f}"
    print(f"ready after {statistics.median(took):.2f} s (median of {STARTS}; {spread})")


if __name__ == "__main__":
    main()
