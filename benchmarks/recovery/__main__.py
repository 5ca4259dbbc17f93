"""``make bench-recovery``: bad releases with 20 % errors at a 15 s scrape interval and the default policy.

The daemon runs as a process beside the cluster, with its default settings; every namespace has three
replicas and a rate of its own, and plays its runs one after the other. In one more namespace everything that
can be asked before a rollback is there to be asked, strictly. Prints each segment's median and spread. Needs
the cluster (root); leaves it running.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.recovery.segments import Run, table
from tests.e2e.app.build import load_app
from tests.e2e.app.manifests import CONFIG, NAME, Gl006, deployment
from tests.e2e.cluster import lifecycle
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.daemon import CHART, ProcessDaemon
from tests.e2e.stage import Stage, wait_for
from tests.example import application

BAD, GOOD = "v1.1.0-errors", "v1.0.0"
SCRAPE = 15.0
PAST = 75.0
"""Seconds of healthy traffic before each release."""
ACCOUNT, SECRETS = "heat", ("database", "historian", "scada")


@dataclass(frozen=True)
class Lane:
    """A namespace with three healthy pods that get ``rate`` requests a second together. ``gated``: what they
    need to start is more than a ConfigMap, and the rollback waits for each answer."""

    stage: Stage
    rate: float
    gated: bool = False

    def set_up(self) -> None:
        stage = self.stage
        stage.set_up()
        if not self.gated:
            return
        stage.kubectl("create", "serviceaccount", ACCOUNT)
        for name in SECRETS:
            stage.kubectl("create", "secret", "generic", name, "--from-literal=password=none")
        stage.cluster.apply(json.dumps(needing_much(stage.app)))
        wait_for(
            f"{stage.namespace}: the template that needs much",
            lambda: len(stage.deployment()["spec"]["template"]["spec"]["volumes"]) == 1 + len(SECRETS),
        )
        stage.kubectl("rollout", "status", f"deployment/{NAME}", "--timeout=180s")

    @property
    def workload(self) -> dict[str, Any]:
        """Its entry in the settings."""
        strictly = {"gates": "strict", "configuration": "restore"} if self.gated else {}
        return {"namespace": self.stage.namespace, "name": NAME, **strictly}


def needing_much(app: Gl006) -> dict[str, Any]:
    """The Deployment with an account of its own, keys of its ConfigMap, and Secrets."""
    made: dict[str, Any] = json.loads(deployment(app))
    spec = made["spec"]["template"]["spec"]
    spec["serviceAccountName"] = ACCOUNT
    spec["volumes"] += [{"name": name, "secret": {"secretName": name}} for name in SECRETS]
    key = {"name": CONFIG, "key": "LOG_LEVEL"}
    spec["containers"][0]["env"].append({"name": "LEVEL", "valueFrom": {"configMapKeyRef": key}})
    return made


def lanes(cluster: Cluster, rates: list[float], number: int) -> list[Lane]:
    """For each rate so many namespaces, and one more with all gates at the highest of them."""
    named = [(f"bench-{rate:g}-{lane}", rate, False) for rate in rates for lane in range(number)]
    named.append(("bench-gated", max(rates), True))
    return [_lane(cluster, name.replace(".", "-"), rate, gated=gated) for name, rate, gated in named]


def _lane(cluster: Cluster, name: str, rate: float, *, gated: bool) -> Lane:
    app = Gl006(namespace=name, load_rps=rate / 3, base_error_rate=0.01, startup_probe=False)
    return Lane(Stage(cluster, name, app), rate, gated)


def settings(cluster: Cluster, made: list[Lane]) -> dict[str, Any]:
    """The shipped example's, but for the addresses and the guard against many rollbacks in a day."""
    return application() | {
        "workloads": [lane.workload for lane in made],
        "policy": {"max_rollbacks": 100},
        "prometheus": {"url": cluster.prometheus_url},
    }


def moment(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def scrapes(stage: Stage, replica_set: str, matcher: str, since: float) -> list[float]:
    """The times of the scrapes of a ReplicaSet's pods that saw a series with a value above zero."""
    selector = (
        f'gl006_http_requests_total{{namespace="{stage.namespace}",pod=~"{replica_set}-.*"{matcher}}}[5m]'
    )
    text = urllib.parse.urlencode({"query": selector})
    with urllib.request.urlopen(f"{stage.cluster.prometheus_url}/api/v1/query?{text}", timeout=10) as answer:
        series = json.load(answer)["data"]["result"]
    return sorted(at for one in series for at, value in one["values"] if float(value) > 0 and at >= since)


def play(lane: Lane) -> Run:
    """One bad release, from the image change to the proven recovery."""
    stage = lane.stage
    time.sleep(PAST)
    number = stage.revision()
    image = f"{NAME}=gcr.io/greenlang/gl-006-heatreclaim:{BAD}"
    applied = time.time()
    stage.kubectl("set", "image", f"deployment/{NAME}", image)
    wait_for(f"{stage.namespace}: the rollback", lambda: stage.revision() >= number + 2, within=300)
    wait_for(f"{stage.namespace}: no bad pod left", lambda: stage.all_ready_on(GOOD), within=60)
    gone = time.time()
    case = stage.wait_phase(BAD, "RolledBack", "Unrecovered", within=300)
    status = case["status"]
    if status["phase"] != "RolledBack":
        raise RuntimeError(f"{stage.namespace}: {status['reason']}")
    new = case["spec"]["revision"]["replicaSet"]
    decided = moment(status["failingAt"])
    return Run(
        rate=lane.rate,
        gated=lane.gated,
        applied=applied,
        opened=moment(case["spec"]["openedAt"]),
        first_bad=scrapes(stage, new, ',status_code=~"5.."', applied)[0],
        deciding=max(at for at in scrapes(stage, new, "", applied) if at <= decided),
        decided=decided,
        patched=moment(status["patchedAt"]),
        gone=gone,
        recovered=moment(status["finishedAt"]),
        rolled_out=moment(status["rolledOutAt"]),
    )


def one_after_the_other(lane: Lane, runs: int) -> list[Run]:
    found = []
    for _ in range(runs):
        run = play(lane)
        found.append(run)
        print(
            f"{lane.stage.namespace}: bad pods gone after {run.gone - run.applied:.1f} s, "
            f"RolledBack after {run.recovered - run.applied:.1f} s",
            flush=True,
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", type=float, nargs="+", default=[5.0, 50.0], help="requests per second")
    parser.add_argument("--lanes", type=int, default=2, help="namespaces for each rate, at the same time")
    parser.add_argument("--runs", type=int, default=3, help="releases in each namespace, one after the other")
    parser.add_argument("--scrape", type=float, default=SCRAPE, help="seconds between two scrapes")
    chosen = parser.parse_args()
    cluster = lifecycle.up()
    load_app(cluster)
    cluster.set_scrape_interval(chosen.scrape)
    made = lanes(cluster, chosen.rates, chosen.lanes)
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CHART / "crds"))
    with tempfile.TemporaryDirectory() as folder:
        daemon = ProcessDaemon(cluster, Path(folder), settings(cluster, made), "")
        try:
            for lane in made:
                lane.set_up()
            for lane in made:
                lane.stage.wait_running()
            daemon.start()
            with ThreadPoolExecutor(len(made)) as pool:
                played = pool.map(partial(one_after_the_other, runs=chosen.runs), made)
                print("\n" + table([run for runs in played for run in runs]))
        finally:
            daemon.stop()
            cluster.set_scrape_interval(2.0)
            names = [lane.stage.namespace for lane in made]
            cluster.kubectl("delete", "namespace", "--ignore-not-found", "--wait=false", *names)


if __name__ == "__main__":
    main()
