"""Two stories of the whole runbook on the real cluster.

A bad release whose feature flag is switched off first, and whose recovery is claimed only when the ingress
answers; and a rollback that is stuck, and recovers by the one restart. Played side by side by one daemon.
"""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from tests.e2e.app.manifests import NAME, Gl006, config_map, deployment
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.conftest import BUSY, WARMUP, WATCH, has_past
from tests.e2e.daemon import ProcessDaemon
from tests.e2e.front_door import LOGIN, FrontDoor
from tests.e2e.stage import Stage, of_its_own, wait_for
from tests.example import application

pytestmark = pytest.mark.e2e
LONG = 600.0
"""Seconds: stories side by side on two cores take their time."""
GOOD, CRASH, ERRORS = "v1.0.0", "v1.1.0-crash", "v1.1.0-errors"
ENDS = ("RolledBack", "Held", "Unrecovered", "Superseded")
LOCK = "lock"
"""A ConfigMap that pods of the good release read when they start, and are ready only with."""
LOOKS = ("kubectl auth", "kubectl get", "kubectl rollout status", "curl -sS -X GET ")
Case = dict[str, Any]
Play = Callable[[Stage, FrontDoor], Case]


def needing_lock(app: Gl006) -> dict[str, Any]:
    """The Deployment with pods that look at their start for what may not be there, and never again."""
    made: dict[str, Any] = json.loads(deployment(app))
    [container] = made["spec"]["template"]["spec"]["containers"]
    source = {"configMapKeyRef": {"name": LOCK, "key": "LOG_LEVEL", "optional": True}}
    container["env"].append({"name": "LOCK", "valueFrom": source})
    look = "import os, sys; sys.exit('LOCK' not in os.environ)"
    container["readinessProbe"] = {
        "exec": {"command": ["python3", "-c", look]},
        "periodSeconds": 2,
        "timeoutSeconds": 10,
    }
    return made


# ------------------------------------------------------------ the stories


def behind_a_login(stage: Stage, door: FrontDoor) -> Case:
    """Somebody has to log in at the ingress until the daemon has said so."""
    stage.release(CRASH)

    def said() -> bool:
        case = stage.case(CRASH) or {}
        found = (case.get("status") or {}).get("verification") or {}
        return any(LOGIN in condition["detail"] for condition in found.get("conditions", ()))

    wait_for(f"{stage.namespace}: the login page to be said", said, within=LONG)
    door.open()
    return stage.wait_phase(CRASH, *ENDS, within=LONG)


def helped_by_a_restart(stage: Stage, door: FrontDoor) -> Case:
    """The lock is gone when the rollback's pods start, and there again when they have."""
    del door
    stage.kubectl("delete", "configmap", LOCK)
    stage.release(ERRORS)

    def hangs() -> bool:
        pods = [pod for pod in stage.pods() if pod["spec"]["containers"][0]["image"].endswith(f":{GOOD}")]
        states = [status for pod in pods for status in pod["status"].get("containerStatuses", ())]
        back = (stage.case(ERRORS) or {}).get("status", {}).get("patchedAt")
        return bool(back) and any("running" in s["state"] and not s["ready"] for s in states)

    wait_for(f"{stage.namespace}: a pod of the rollback to hang", hangs, within=LONG)
    stage.cluster.apply(config_map(replace(stage.app, config_name=LOCK)))
    return stage.wait_phase(ERRORS, *ENDS, within=LONG)


STORIES: dict[str, Play] = {"whole": behind_a_login, "helped": helped_by_a_restart}


def settings(cluster: Cluster, door: FrontDoor) -> dict[str, Any]:
    signals = ["errors", {"name": "latency", "warmup": WARMUP}]
    return application() | {
        "workloads": [
            {
                "namespace": "greenlang-whole",
                "name": NAME,
                "signals": signals,
                "ingress": {"url": f"{door.url}/health"},
                "feature_flags": ["heat"],
            },
            {
                "namespace": "greenlang-helped",
                "name": NAME,
                "signals": signals,
                "configuration": "ignore",
                "feature_flags": [],
            },
        ],
        "feature_flags": [{"name": "heat", "http": {"url": f"{door.url}/heat/off", "method": "POST"}}],
        "policy": {"watch": WATCH, "baseline_window": 180, "stale_after": 15, "verify_deadline": LONG / 2},
        "prometheus": {"url": cluster.prometheus_url, "poll": 1},
        "log": {"format": "json"},
    }


def set_up(stage: Stage) -> None:
    stage.set_up()
    if stage.namespace == "greenlang-helped":
        stage.cluster.apply(config_map(replace(stage.app, config_name=LOCK)))
        stage.cluster.apply(json.dumps(needing_lock(stage.app)))
    stage.wait_running(within=LONG)


@pytest.fixture(scope="module")
def door(cluster: Cluster) -> Iterator[FrontDoor]:
    with FrontDoor(cluster.host_address) as made:
        yield made


@pytest.fixture(scope="module")
def daemon(
    cluster: Cluster, door: FrontDoor, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProcessDaemon]:
    made = ProcessDaemon(cluster, tmp_path_factory.mktemp("whole"), settings(cluster, door), "")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def playing(cluster: Cluster, door: FrontDoor, daemon: ProcessDaemon) -> Iterator[dict[str, Future[Case]]]:
    with ExitStack() as ends:
        stages = {}
        for story in STORIES:
            home = f"greenlang-{story}"
            app = Gl006(namespace=home, replicas=2, load_rps=BUSY, progress_deadline_seconds=30)
            stages[story] = Stage(cluster, home, app)
            ends.enter_context(of_its_own(cluster, home))
        for stage in stages.values():
            set_up(stage)
        # Before its namespaces go, and with them its rights.
        ends.callback(daemon.stop)
        daemon.start()
        for stage in stages.values():
            stage.wait_adopted(within=LONG)
            wait_for(f"{stage.namespace}: some past", partial(has_past, stage), within=LONG)
        pool = ends.enter_context(ThreadPoolExecutor(len(STORIES)))
        yield {story: pool.submit(play, stages[story], door) for story, play in STORIES.items()}


def steps(case: Case) -> list[tuple[str, str]]:
    effects = case["status"]["effects"]
    return [(e["id"], e.get("outcome", "")) for e in effects if e["kind"] != "publish"]


def test_a_flag_is_switched_off_first_and_no_recovery_is_claimed_behind_a_login(
    playing: dict[str, Future[Case]], door: FrontDoor
) -> None:
    case = playing["whole"].result()
    status = case["status"]
    assert status["phase"] == "RolledBack", status["reason"]
    assert steps(case) == [("gates/1", "done"), ("feature-flag/1/heat", "done"), ("rollback/1", "done")]
    assert door.posts == ["/heat/off"]
    assert door.answers[0] is False
    assert door.answers[-1] is True
    [found] = [c for c in status["verification"]["conditions"] if c["name"].startswith("ingress ")]
    assert found["holds"] is True
    assert found["detail"].startswith("200 in ")


def test_a_stuck_rollback_recovers_by_its_restart_and_says_so(playing: dict[str, Future[Case]]) -> None:
    case = playing["helped"].result()
    status = case["status"]
    assert status["phase"] == "RolledBack", status["reason"]
    assert steps(case) == [("gates/1", "done"), ("rollback/1", "done"), ("restart/1/stuck", "done")]
    told = json.dumps(status["timeline"])
    assert "is stuck, and is restarted once" in told
    assert "running but not ready" in told
    assert status["reason"].endswith("after one restart of a rollback that was stuck")


def test_what_its_runbook_prints_can_be_pasted(
    playing: dict[str, Future[Case]], daemon: ProcessDaemon, cluster: Cluster
) -> None:
    """What only looks is run as it stands; the undo is done by now, and its revision has another number."""
    name = playing["whole"].result()["metadata"]["name"]
    lines = json.loads(daemon.command("runbook", f"greenlang-whole/{name}", "-o", "json"))
    assert [line["state"] for line in lines] == ["done"] * 4
    typed = [command for line in lines for command in line["commands"]]
    ran = [command for command in typed if command.startswith(LOOKS)]
    assert len(ran) == 6, typed
    for command in ran:
        words = shlex.split(command)
        if words[0] == "kubectl":
            cluster.kubectl(*words[1:])
        else:
            said = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
            assert said.stdout.startswith("200 ")
    [undo] = [command for command in typed if command.startswith("kubectl rollout undo")]
    assert undo.startswith(f"kubectl rollout undo deployment/{NAME} -n greenlang-whole --to-revision=")
