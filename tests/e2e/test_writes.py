"""What the daemon writes to the API server on the real cluster: how often, how soon, and that each step of a
plan is done once although the daemon is killed at each of its writes.

Both stories are played side by side, by daemons of their own that reach the API server through a proxy.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.api_proxy import ApiProxy, Write
from tests.e2e.app.manifests import HEALTHY_SETTINGS, NAME, Gl006
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.conftest import BUSY, WARMUP, WATCH, has_past
from tests.e2e.daemon import ProcessDaemon
from tests.e2e.kills import act, intent, job_ended, job_made, kill_at, outcome
from tests.e2e.stage import Stage, wait_for
from tests.example import application

pytestmark = pytest.mark.e2e
CONFIG = f"{NAME}-config"
ACTING = ("restore-configuration", "rollback", "restart")
KINDS = ("gates", *ACTING)
JOB = {"name": "job", "job": {"command": ["true"]}, "timeout": 60}
MOST_WRITES = 15
"""Of a rollback, from its case's opening to the last that people are notified of."""
AT_ONCE = 5.0
"""Seconds: it is well under one on an idle machine."""
LONG = 300.0
ENDS = ("RolledBack", "Unrecovered", "Held", "Superseded", "Healthy")


def guarding(cluster: Cluster, namespace: str, more: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as they are shipped, but for what hurries a test, and ``more`` of the workload's."""
    return application() | {
        "workloads": [
            {
                "namespace": namespace,
                "name": NAME,
                "signals": ["errors", {"name": "latency", "warmup": WARMUP}],
                "smoke_tests": [],
                **more,
            }
        ],
        "smoke_tests": [JOB],
        "policy": {"watch": WATCH, "baseline_window": 180, "stale_after": 15},
        "prometheus": {"url": cluster.prometheus_url},
        "log": {"format": "json"},
    }


@dataclass(frozen=True, kw_only=True)
class Told:
    """How a story ended: the case, what the API server carried out for it, and what is there now.

    ``kills`` names the writes at which the daemon was killed.
    """

    case: dict[str, Any]
    writes: list[Write]
    deployment: dict[str, Any]
    config_map: dict[str, Any]
    generation: int
    """The Deployment's before the daemon did anything."""
    recovered: bool
    kills: tuple[str, ...] = ()

    @property
    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.case["status"]
        return found

    def of(self, method: str, what: str) -> list[str]:
        """The writes of a method to objects of a kind."""
        return [str(write) for write in self.writes if write.method == method and f"/{what}/" in write.path]


@dataclass(frozen=True)
class Played:
    """A story's namespace, its daemon, and the proxy between the daemon and the API server."""

    stage: Stage
    daemon: ProcessDaemon
    proxy: ApiProxy

    def end(self, number: int, before: int, generation: int, kills: tuple[str, ...] = ()) -> Told:
        """Wait until the case about a revision is over and everybody is notified of it."""

        def over() -> dict[str, Any] | None:
            cases = self.stage.objects("rolloutcases")
            case = next((c for c in cases if c["spec"]["revision"]["number"] == number), {})
            # A case is made by two writes; between them it has no status.
            status = case.get("status", {})
            done = status.get("phase") in ENDS
            return case if done and all(e.get("finishedAt") for e in status["effects"]) else None

        case = wait_for(f"{self.stage.namespace}: the end of its case", over, within=LONG)
        [config] = [c for c in self.stage.objects("configmaps") if c["metadata"]["name"] == CONFIG]
        return Told(
            case=case,
            writes=self.proxy.writes[before:],
            deployment=self.stage.deployment(),
            config_map=config,
            generation=generation,
            recovered=self.stage.all_ready_on("v1.0.0"),
            kills=kills,
        )


def prepare(cluster: Cluster, folder: Path, story: str, ends: ExitStack, **more: Any) -> Played:
    """The story's namespace with a healthy release that is adopted and has a past."""
    namespace = f"greenlang-{story}"
    stage = Stage(
        cluster, namespace, Gl006(namespace=namespace, replicas=2, load_rps=BUSY, base_error_rate=0.0)
    )
    cluster.kubectl("delete", "namespace", "--ignore-not-found", "--wait", namespace)
    ends.callback(cluster.kubectl, "delete", "namespace", "--ignore-not-found", "--wait=false", namespace)
    stage.set_up()
    wait_for(f"{namespace}: pods of v1.0.0", partial(stage.all_ready_on, "v1.0.0"), within=LONG)
    proxy = ends.enter_context(ApiProxy(cluster))
    daemon = ProcessDaemon(cluster, folder, guarding(cluster, namespace, more), "", server=proxy.url)
    ends.callback(daemon.stop)
    daemon.start()
    wait_for(f"{namespace}: v1.0.0 adopted", partial(stage.case, "v1.0.0"))
    wait_for(f"{namespace}: some past", partial(has_past, stage))
    return Played(stage, daemon, proxy)


# ------------------------------------------------------------ the stories


def counted(cluster: Cluster, folder: Path) -> Told:
    """A release that fails by its error rate, and everything that is written for it."""
    with ExitStack() as ends:
        played = prepare(cluster, folder, "counted", ends)
        wait_for("a steady past", partial(has_long_past, played.stage), within=LONG)
        before = len(played.proxy.writes)
        played.stage.release("v1.1.0-errors")
        generation = played.stage.deployment()["metadata"]["generation"]
        return played.end(2, before, generation)


def has_long_past(stage: Stage) -> bool:
    """Without half a minute of it the release is seen to change the traffic as well, and rightly held."""
    served = stage.query("sum(gl006_http_requests_total{$NS})") or 0.0
    return served > 30 * BUSY * stage.app.replicas


def killed(cluster: Cluster, folder: Path) -> Told:
    """A ConfigMap broken in place and a restart, returned by a plan of four steps; the daemon is killed at
    each write of the plan, and started again."""
    with ExitStack() as ends:
        more = {"configuration": "restore", "smoke_tests": [JOB["name"]], "verify_deadline": 120}
        played = prepare(cluster, folder, "killed-at-writes", ends, **more)
        stage, daemon, proxy = played.stage, played.daemon, played.proxy
        before = len(proxy.writes)
        generation = stage.deployment()["metadata"]["generation"]

        def begin() -> None:
            stage.write_config(CONFIG, '{"pinch_temperature_kelvin": ')
            stage.kubectl("rollout", "restart", f"deployment/{NAME}")

        kills = kill_at(KILLS, daemon, proxy, begin, within=LONG)
        # The person's own restart is one.
        return played.end(2, before, generation + 1, kills)


# ------------------------------------------------------------ where the daemon is killed

POINTS: list[tuple[str, Callable[[Write], bool]]] = [
    # All steps are intended in one write.
    ("intent of the plan", intent(KINDS[0])),
    (f"outcome of {KINDS[0]}", outcome(KINDS[0])),
    *((f"{write.__name__} of {kind}", write(kind)) for kind in ACTING for write in (act, outcome)),
    ("a smoke test's Job", job_made),
    ("a smoke test's result", job_ended),
]
KILLS = [(point, matches, made) for point, matches in POINTS for made in (False, True)]
"""Each write of a plan, killed before it is made and, when it comes again, after it was made."""

# ------------------------------------------------------------ what must be true of them

STORIES: Mapping[str, Callable[[Cluster, Path], Told]] = {"counted": counted, "killed": killed}


@pytest.fixture(scope="module")
def playing(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Told]]]:
    with ThreadPoolExecutor(len(STORIES)) as pool:
        yield {
            name: pool.submit(story, cluster, tmp_path_factory.mktemp(name))
            for name, story in STORIES.items()
        }


def test_a_standard_rollback_costs_few_writes(playing: dict[str, Future[Told]]) -> None:
    told = playing["counted"].result()
    assert told.status["phase"] == "RolledBack", told.status["reason"]
    assert told.recovered
    listed = "\n".join(map(str, told.writes))
    assert len(told.of("PATCH", "deployments")) == 1, listed
    assert told.deployment["metadata"]["generation"] == told.generation + 1
    assert len(told.writes) <= MOST_WRITES, f"{len(told.writes)} writes:\n{listed}"


def test_the_patch_follows_the_decision_at_once(playing: dict[str, Future[Told]]) -> None:
    """By the case's own times, and by when the patch came to the API server."""
    told = playing["counted"].result()
    decided = moment(told.status["failingAt"])
    [patch] = [write for write in told.writes if write.method == "PATCH" and "/deployments/" in write.path]
    assert patch.at - decided <= AT_ONCE
    assert moment(told.status["patchedAt"]) - decided <= AT_ONCE


def moment(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def test_a_plan_killed_at_each_of_its_writes_is_carried_out_once(playing: dict[str, Future[Told]]) -> None:
    told = playing["killed"].result()
    assert told.status["phase"] == "RolledBack", told.status["reason"]
    assert told.recovered
    steps = [effect for effect in told.status["effects"] if effect["kind"] != "publish"]
    assert [(step["kind"], step["outcome"]) for step in steps] == [(kind, "done") for kind in KINDS]
    # What the API server carried out, and what it says itself: each change of the template is a generation.
    assert len(told.of("PATCH", "configmaps")) == 1
    assert len(told.of("PATCH", "deployments")) == 2
    assert told.deployment["metadata"]["generation"] == told.generation + 2
    assert len([write for write in told.writes if job_made(write)]) == 1
    [test] = told.status["smokeTests"]
    assert test["result"]["passed"], test
    assert json.loads(told.config_map["data"]["settings.json"]) == HEALTHY_SETTINGS
    assert len(told.kills) == len(KILLS)
