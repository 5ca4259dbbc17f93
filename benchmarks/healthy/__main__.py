"""``make bench-healthy``: releases with 1 % errors, one after the other, at several request rates.

Each is watched from its rollout to the end of a short watch (the default of ten minutes, 30 times over, would
take a working day; ``make test`` plays that in memory). Every one that is not found Healthy is named, and the
exit code is 1 if there is any. Needs the cluster (root); leaves it running.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from tests.e2e.app.build import load_app
from tests.e2e.app.manifests import NAME, Gl006
from tests.e2e.cluster import lifecycle
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.daemon import CHART, ProcessDaemon
from tests.e2e.stage import Stage, wait_for
from tests.example import application

TAGS = ("v1.0.1", "v1.0.0")
PAST = 60.0
"""Seconds of traffic before the first release."""


def settings(cluster: Cluster, namespaces: Iterable[str], watch: float) -> dict[str, Any]:
    """The shipped example's, but for the workloads, the address and a short watch."""
    # The stand-in needs no warm-up, and the example's would outlast the watch.
    signals = ["errors", {"name": "latency", "warmup": 0}]
    return application() | {
        "workloads": [{"namespace": one, "name": NAME, "signals": signals} for one in namespaces],
        "policy": {"watch": watch},
        "prometheus": {"url": cluster.prometheus_url},
    }


def release(stage: Stage, number: int) -> str:
    """Release the other healthy tag, and return the phase that its case ends in."""
    wanted = stage.revision() + 1
    image = f"{NAME}=gcr.io/greenlang/gl-006-heatreclaim:{TAGS[number % 2]}"
    stage.kubectl("set", "image", f"deployment/{NAME}", image)

    def ended() -> dict[str, str]:
        found = [c for c in stage.objects("rolloutcases") if c["spec"]["revision"]["number"] == wanted]
        status = found[0].get("status", {}) if found else {}
        return status if status.get("finishedAt") else {}

    status = wait_for(f"{stage.namespace}: release {number + 1} to be judged", ended, within=300)
    if status["phase"] != "Healthy":
        print(f"{stage.namespace}, release {number + 1}: {status['phase']}, {status['reason']}", flush=True)
    return status["phase"]


def lane(stage: Stage, releases: int) -> Counter[str]:
    return Counter(release(stage, number) for number in range(releases))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rates", type=float, nargs="+", default=[0.5, 5.0, 50.0], help="requests per second"
    )
    parser.add_argument("--releases", type=int, default=30, help="in a row, for each rate")
    parser.add_argument("--watch", type=float, default=30.0, help="seconds after each rollout")
    chosen = parser.parse_args()
    cluster = lifecycle.up()
    load_app(cluster)
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CHART / "crds"))
    names = {rate: f"healthy-{rate:g}".replace(".", "-") for rate in chosen.rates}
    stages = [
        Stage(cluster, name, Gl006(namespace=name, load_rps=rate / 3, base_error_rate=0.01))
        for rate, name in names.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        daemon = ProcessDaemon(cluster, Path(folder), settings(cluster, names.values(), chosen.watch), "")
        try:
            for stage in stages:
                stage.set_up()
            for stage in stages:
                stage.wait_running()
            time.sleep(PAST)
            daemon.start()
            for stage in stages:
                stage.wait_adopted()
            with ThreadPoolExecutor(len(stages)) as pool:
                ends = list(pool.map(partial(lane, releases=chosen.releases), stages))
        finally:
            daemon.stop()
            cluster.kubectl("delete", "namespace", "--ignore-not-found", "--wait=false", *names.values())
    for rate, phases in zip(names, ends, strict=True):
        print(
            f"{rate:g} requests/s: {chosen.releases} healthy releases with 1 % errors: {json.dumps(phases)}"
        )
    if any(phases["Healthy"] != chosen.releases for phases in ends):
        sys.exit(1)


if __name__ == "__main__":
    main()
