"""Facts on the real cluster: what looks like a failure and is none, what looks recovered and is not.

The stories wait for minutes and need little else, so all of them are played side by side when the first is
asked for, each in a namespace of its own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from tests.e2e.app.manifests import HEALTHY_SETTINGS, NAME, config_map
from tests.e2e.conftest import FACTS
from tests.e2e.daemon import Daemon
from tests.e2e.stage import Stage, wait_for

pytestmark = pytest.mark.e2e
LONG = 400.0
"""Seconds: stories side by side on two cores take their time."""
Case = dict[str, Any]


def restarts(stage: Stage) -> list[int]:
    return [pod["status"]["containerStatuses"][0]["restartCount"] for pod in stage.pods()]


def case_of(stage: Stage, number: int) -> Case | None:
    """The case about a revision number."""
    cases = stage.objects("rolloutcases")
    return next((case for case in cases if case["spec"]["revision"]["number"] == number), None)


def wait_case(stage: Stage, number: int, *phases: str) -> Case:
    """The case once it is in one of the phases. Fails at once where it ended in another, with its reason."""

    def look() -> Case | None:
        case = case_of(stage, number)
        status = case.get("status", {}) if case is not None else {}
        if status.get("phase") in phases:
            return case
        seen.append(f"{status.get('phase')}: {status.get('reason')}")
        assert "finishedAt" not in status, f"{stage.namespace}: {seen[-1]}"
        return None

    seen = ["no case"]
    try:
        return wait_for(
            f"{stage.namespace}: revision {number} to be {' or '.join(phases)}", look, within=LONG
        )
    except AssertionError as problem:
        problem.add_note(f"its case, one after the other: {list(dict.fromkeys(seen))}")
        raise


def scaled(stage: Stage) -> Case:
    """An autoscaler adds pods that take half a minute and more, while a healthy release is watched."""
    stage.release("v1.0.1")
    wait_case(stage, 2, "Watching", "Healthy")
    stage.kubectl("scale", "deployment", NAME, "--replicas=5")
    return wait_case(stage, 2, "Healthy", "Held", "RolledBack", "Unrecovered")


def veteran(stage: Stage) -> Case:
    """Somebody undoes a release to pods that have restarted twice in their life."""
    for times in (1, 2):
        for pod in stage.pods():
            stage.break_pod(pod, {"exit": 0})

        def restarted(wanted: int = times) -> bool:
            return min(restarts(stage)) >= wanted and stage.all_ready_on("v1.0.0")

        wait_for(f"{stage.namespace}: restart {times}", restarted, within=LONG)
    stage.release("v1.1.0-unready")
    wait_case(stage, 2, "Progressing")
    stage.kubectl("rollout", "undo", f"deployment/{NAME}")
    return wait_case(stage, 3, "Healthy", "Held", "RolledBack", "Unrecovered", "Failing")


def evicted(stage: Stage) -> Case:
    """A pod of the good revision was ended by its node and still stands there, while a bad release goes."""
    victim = stage.pods()[0]["metadata"]["name"]
    stage.kubectl("patch", "pod", victim, "--type=merge", "-p", '{"spec":{"activeDeadlineSeconds":1}}')

    def over() -> bool:
        phases = [pod["status"]["phase"] for pod in stage.pods()]
        return "Failed" in phases and phases.count("Running") == stage.app.replicas

    wait_for(f"{stage.namespace}: a failed pod beside its successor", over, within=LONG)
    stage.release("v1.1.0-crash")
    return wait_case(stage, 2, "RolledBack", "Held", "Unrecovered")


def stale(stage: Stage) -> Case:
    """The only pod's release is never ready; right after the undo its deadline still stands in the status."""
    stage.release("v1.1.0-unready")
    return wait_case(stage, 2, "RolledBack", "Held", "Unrecovered")


def quota(stage: Stage) -> Case:
    """A quota lets no pod of the new ReplicaSet be made."""
    stage.kubectl("create", "quota", "full", f"--hard=pods={stage.app.replicas}")
    stage.release("v1.0.1")
    return wait_case(stage, 2, "RolledBack", "Held", "Healthy", "Unrecovered")


def late(stage: Stage) -> Case:
    """The ConfigMap that a release names comes a quarter of a minute after it."""
    stage.release("v1.0.1", config_name="late")
    wait_case(stage, 2, "Progressing")
    time.sleep(14)
    stage.cluster.apply(config_map(replace(stage.app, config_name="late")))
    return wait_case(stage, 2, "Healthy", "Held", "RolledBack", "Unrecovered")


def rewritten(stage: Stage) -> Case:
    """A ConfigMap is broken in place and the Deployment restarted: no template brings it back."""
    stage.write_config(f"{NAME}-config", '{"pinch_temperature_kelvin": ')
    stage.kubectl("rollout", "restart", f"deployment/{NAME}")
    return wait_case(stage, 2, "RolledBack", "Held", "Unrecovered")


changed = restored = rewritten
"""The same happening, under other policies."""


def crashing(stage: Stage) -> Case:
    """Between rollouts a pod is lost, and its successor cannot start."""
    stage.write_config(f"{NAME}-config", "{")
    stage.kubectl("delete", "pod", stage.pods()[0]["metadata"]["name"])

    def troubled() -> Case | None:
        case = case_of(stage, 1)
        return case if case is not None and case["status"].get("trouble") else None

    return wait_for(f"{stage.namespace}: the trouble to be told", troubled, within=LONG)


PLAYED: dict[str, Callable[[Stage], Case]] = {
    "scaled": scaled,
    "veteran": veteran,
    "evicted": evicted,
    "stale": stale,
    "quota": quota,
    "late": late,
    "rewritten": rewritten,
    "changed": changed,
    "restored": restored,
    "crashing": crashing,
}


@pytest.fixture(scope="module")
def playing(stages: dict[str, Stage], daemon: Daemon) -> Iterator[dict[str, Future[Case]]]:
    with ThreadPoolExecutor(len(PLAYED)) as pool:
        yield {story: pool.submit(play, stages[story]) for story, play in PLAYED.items()}


def test_every_story_has_its_namespace() -> None:
    assert set(PLAYED) == set(FACTS)


@pytest.mark.parametrize("story", ["scaled", "veteran", "late"])
def test_a_healthy_release_is_left_alone(playing: dict[str, Future[Case]], story: str) -> None:
    status = playing[story].result()["status"]
    assert status["phase"] == "Healthy", status["reason"]
    assert not status["assessment"].get("facts")
    assert not [effect for effect in status.get("effects", ()) if effect["kind"] == "rollback"]


@pytest.mark.parametrize("story", ["evicted", "stale"])
def test_a_recovery_that_happened_is_claimed(playing: dict[str, Future[Case]], story: str) -> None:
    status = playing[story].result()["status"]
    assert status["phase"] == "RolledBack", status["reason"]
    assert all(condition["holds"] for condition in status["verification"]["conditions"])


def test_a_quota_is_nobodys_release(playing: dict[str, Future[Case]], stages: dict[str, Stage]) -> None:
    status = playing["quota"].result()["status"]
    assert status["phase"] == "Held", status["reason"]
    assert "exceeded quota" in status["reason"]
    assert stages["quota"].revision() == 2


def test_a_recovery_that_the_next_pod_undoes_is_not_claimed(playing: dict[str, Future[Case]]) -> None:
    status = playing["rewritten"].result()["status"]
    assert status["phase"] == "Unrecovered", status["reason"]
    assert f"ConfigMap {NAME}-config was changed" in status["reason"]


def test_a_rollback_to_a_template_that_reads_what_was_broken_is_held(
    playing: dict[str, Future[Case]], stages: dict[str, Stage]
) -> None:
    status = playing["changed"].result()["status"]
    assert status["phase"] == "Held", status["reason"]
    assert f"{NAME}-config" in status["reason"]
    assert stages["changed"].revision() == 2


def test_what_a_config_map_held_is_restored_with_the_template(
    playing: dict[str, Future[Case]], stages: dict[str, Stage]
) -> None:
    stage = stages["restored"]
    status = playing["restored"].result()["status"]
    assert status["phase"] == "RolledBack", status["reason"]
    kinds = [effect["kind"] for effect in status["effects"] if effect["kind"] != "publish"]
    assert kinds[:3] == ["gates", "restore-configuration", "rollback"]
    [held] = [found for found in stage.objects("configmaps") if found["metadata"]["name"] == f"{NAME}-config"]
    assert json.loads(held["data"]["settings.json"]) == HEALTHY_SETTINGS
    assert stage.all_ready_on("v1.0.0")


def test_what_befalls_a_workload_between_rollouts_is_told_and_not_acted_on(
    playing: dict[str, Future[Case]], stages: dict[str, Stage], daemon: Daemon
) -> None:
    stage = stages["crashing"]
    case = playing["crashing"].result()
    assert "1 of 2 pods is not well" in case["status"]["trouble"]["text"]
    assert case["status"]["phase"] == "Healthy"
    assert stage.revision() == 1
    told = wait_for("the event", lambda: [e for e in stage.events() if "NOT WELL" in e["message"]])
    assert len(told) == 1
    shown = daemon.get("/api/status")["workloads"]
    [mine] = [one for one in shown if one["namespace"] == stage.namespace]
    assert "not well" in mine["case"]["trouble"]
