"""The checks before a rollback, and the one restart of a rollback that is stuck, on the real cluster.

Played side by side by one daemon of their own, each story in a namespace of its own.
"""

from __future__ import annotations

import json
import time
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
from tests.e2e.stage import Stage, of_its_own, wait_for
from tests.example import application

pytestmark = pytest.mark.e2e
LONG = 400.0
"""Seconds: stories side by side on two cores take their time."""
ACCOUNT, SECRET, OTHER, GO = "heat", "heat-login", "other-config", "go"
CRASH, ERRORS = "v1.1.0-crash", "v1.1.0-errors"
ENDS = ("RolledBack", "Held", "Unrecovered", "Superseded")
Case = dict[str, Any]
Manifest = dict[str, Any]


# ------------------------------------------------------------ what each story begins with


def plain(app: Gl006) -> Manifest:
    made: Manifest = json.loads(deployment(app))
    return made


def with_account(app: Gl006, name: str = ACCOUNT) -> Manifest:
    made = plain(app)
    spec = made["spec"]["template"]["spec"]
    spec["serviceAccountName"] = name
    spec["containers"][0]["env"].append(
        {"name": "LOGIN", "valueFrom": {"secretKeyRef": {"name": SECRET, "key": "login"}}}
    )
    return made


def waiting_for_go(app: Gl006) -> Manifest:
    """Pods that are ready only while a file is there, which an optional ConfigMap puts there."""
    made = plain(app)
    spec = made["spec"]["template"]["spec"]
    spec["volumes"].append({"name": GO, "configMap": {"name": GO, "optional": True}})
    [container] = spec["containers"]
    container["volumeMounts"].append({"name": GO, "mountPath": "/go"})
    look = "import os, sys; sys.exit(not os.path.exists('/go/LOG_LEVEL'))"
    container["readinessProbe"] = {
        "exec": {"command": ["python3", "-c", look]},
        "periodSeconds": 2,
        "timeoutSeconds": 5,
    }
    return made


# ------------------------------------------------------------ the stories


def account_gone(stage: Stage) -> tuple[Case, Case]:
    """A release does without the ServiceAccount, which is deleted; somebody makes it again and approves."""
    stage.kubectl("delete", "serviceaccount", ACCOUNT)
    # Left out, it would be kept: the API server has it once more, under its old name.
    stage.cluster.apply(json.dumps(with_account(replace(stage.app, tag=CRASH), "default")))
    held = stage.wait_phase(CRASH, *ENDS, within=LONG)
    stage.kubectl("create", "serviceaccount", ACCOUNT)
    return held, approved(stage)


def config_gone(stage: Stage) -> tuple[Case, Case]:
    """A release has a ConfigMap of its own, and somebody tidies up the one before; an approval overrules."""
    stage.cluster.apply(config_map(replace(stage.app, config_name=OTHER)))
    stage.kubectl("delete", "configmap", stage.app.config_name)
    stage.release(CRASH, config_name=OTHER)
    held = stage.wait_phase(CRASH, *ENDS, within=LONG)
    return held, approved(stage)


def approved(stage: Stage) -> Case:
    case = stage.case(CRASH)
    assert case is not None
    order = {"action": "approve", "by": "anna", "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    patch = json.dumps({"spec": {"instruction": order | {"reason": ""}}})
    stage.kubectl("patch", "rolloutcase", case["metadata"]["name"], "--type=merge", "-p", patch)

    def over() -> Case | None:
        found = stage.case(CRASH)
        acted = found is not None and found["status"].get("lastInstruction") is not None
        return found if found is not None and acted and found["status"]["phase"] in ENDS else None

    return wait_for(f"{stage.namespace}: the end of what was approved", over, within=LONG)


def stuck(stage: Stage) -> tuple[Case, Case]:
    """What the good release waits for is gone, so that the rollback's pods never become ready."""
    stage.kubectl("delete", "configmap", GO)
    stage.release(ERRORS)
    case = stage.wait_phase(ERRORS, *ENDS, within=LONG)
    return case, case


STORIES: dict[str, tuple[Callable[[Stage], tuple[Case, Case]], Callable[[Gl006], Manifest], Manifest]] = {
    "account-gone": (account_gone, with_account, {}),
    "config-gone": (config_gone, plain, {"configuration": "ignore"}),
    "stuck": (stuck, waiting_for_go, {"configuration": "ignore"}),
}
"""Story → how it is played, what runs before it, and how its policy differs from the default."""


def settings(cluster: Cluster) -> dict[str, Any]:
    return application() | {
        "workloads": [
            {
                "namespace": f"greenlang-{story}",
                "name": NAME,
                "signals": ["errors", {"name": "latency", "warmup": WARMUP}],
                **policy,
            }
            for story, (_, _, policy) in STORIES.items()
        ],
        "policy": {"watch": WATCH, "baseline_window": 180, "stale_after": 15, "verify_deadline": 90},
        "prometheus": {"url": cluster.prometheus_url, "poll": 1},
        "log": {"format": "json"},
    }


def set_up(stage: Stage, made: Callable[[Gl006], Manifest]) -> None:
    stage.cluster.kubectl("create", "namespace", stage.namespace)
    stage.kubectl("create", "serviceaccount", ACCOUNT)
    stage.kubectl("create", "secret", "generic", SECRET, "--from-literal=login=heat")
    stage.cluster.apply(config_map(stage.app))
    stage.cluster.apply(config_map(replace(stage.app, config_name=GO)))
    stage.cluster.apply(json.dumps(made(stage.app)))
    stage.wait_running(within=LONG)


@pytest.fixture(scope="module")
def playing(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[tuple[Case, Case]]]]:
    with ExitStack() as ends:
        stages = {}
        for story in STORIES:
            home = f"greenlang-{story}"
            app = Gl006(namespace=home, replicas=2, load_rps=BUSY, progress_deadline_seconds=25)
            stages[story] = Stage(cluster, home, app)
            ends.enter_context(of_its_own(cluster, home))
        for story, (_, made, _) in STORIES.items():
            set_up(stages[story], made)
        daemon = ProcessDaemon(cluster, tmp_path_factory.mktemp("gates"), settings(cluster), "")
        ends.callback(daemon.stop)
        daemon.start()
        for stage in stages.values():
            stage.wait_adopted(within=LONG)
            wait_for(f"{stage.namespace}: some past", partial(has_past, stage), within=LONG)
        pool = ends.enter_context(ThreadPoolExecutor(len(STORIES)))
        yield {story: pool.submit(play, stages[story]) for story, (play, _, _) in STORIES.items()}


def steps(case: Case) -> list[tuple[str, str]]:
    effects = case["status"]["effects"]
    return [(e["id"], e["outcome"]) for e in effects if e["kind"] != "publish"]


def test_a_service_account_that_is_gone_holds_until_it_is_there_again(
    playing: dict[str, Future[tuple[Case, Case]]],
) -> None:
    held, end = playing["account-gone"].result()
    status = held["status"]
    assert status["phase"] == "Held", status["reason"]
    assert f"ServiceAccount {ACCOUNT} is gone, and no pod of revision 1 (v1.0.0)" in status["reason"]
    assert f"kubectl create serviceaccount {ACCOUNT} -n greenlang-account-gone" in status["reason"]
    assert steps(held) == [("gates/1", "refused"), ("rollback/1", "superseded")]
    assert status["before"]["pods"], "how things stood is recorded"
    assert end["status"]["phase"] == "RolledBack", end["status"]["reason"]
    assert steps(end)[2:] == [("gates/2", "done"), ("rollback/2", "done")]
    present = end["status"]["before"]["present"]
    assert {f"ServiceAccount {ACCOUNT}", f"Secret {SECRET}"} <= set(present), present


def test_a_config_map_that_is_gone_holds_and_an_approval_overrules(
    playing: dict[str, Future[tuple[Case, Case]]],
) -> None:
    held, end = playing["config-gone"].result()
    assert held["status"]["phase"] == "Held", held["status"]["reason"]
    assert f"ConfigMap {NAME}-config is gone" in held["status"]["reason"]
    assert "kubectl create configmap" in held["status"]["reason"]
    assert ("rollback/2", "done") in steps(end)
    # The pods of before still stand, and nothing proves that the next one can start.
    assert end["status"]["phase"] == "Unrecovered", end["status"]["reason"]


def test_a_rollback_that_is_stuck_is_restarted_once_and_then_calls_a_person(
    playing: dict[str, Future[tuple[Case, Case]]],
) -> None:
    case, _ = playing["stuck"].result()
    status = case["status"]
    assert status["phase"] == "Unrecovered", status["reason"]
    assert steps(case) == [("gates/1", "done"), ("rollback/1", "done"), ("restart/1/stuck", "done")]
    assert "running but not ready" in status["reason"]
    assert "Readiness probe failed" in status["reason"]
    assert status["reason"].endswith("one restart did not help")
    assert "is stuck, and is restarted once" in json.dumps(status["timeline"])
