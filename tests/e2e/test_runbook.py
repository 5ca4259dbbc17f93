"""The runbook's checks after a rollback, with the rights that the chart grants: smoke tests and logs.

Played side by side when the first is asked for, each in a namespace of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from tests.e2e.daemon import Daemon
from tests.e2e.runbook_stories import SECRET, STORIES
from tests.e2e.sentry import LocalSentry
from tests.e2e.stage import Stage, wait_for

pytestmark = pytest.mark.e2e
LONG = 400.0
"""Seconds: stories side by side on two cores take their time."""
BAD, UNREADY = "v1.1.0-crash", "v1.1.0-unready"
ENDS = ("RolledBack", "Held", "Unrecovered")
Case = dict[str, Any]


def rolled_back(stage: Stage) -> Case:
    """A release that cannot start."""
    stage.release(BAD)
    return stage.wait_phase(BAD, *ENDS, within=LONG)


proven = unproven = rolled_back
"""The same happening, before other smoke tests."""


def denied(stage: Stage) -> Case:
    """Somebody takes the right to run commands in pods out of the Role."""
    for role in stage.objects("roles", "-l", "app.kubernetes.io/name=rollbackd"):
        rules = [rule for rule in role["rules"] if "pods/exec" not in rule["resources"]]
        patch = json.dumps({"rules": rules})
        stage.kubectl("patch", "role", role["metadata"]["name"], "--type=merge", "-p", patch)
    return rolled_back(stage)


def logged(stage: Stage) -> Case:
    """While a bad release waits to become ready, the proven pods log what they never did before."""
    pods = stage.pods()
    stage.release(UNREADY)
    wait_for(f"{stage.namespace}: the release's case", partial(stage.case, UNREADY), within=LONG)
    for number in range(3):
        for pod in pods:
            stage.break_pod(pod, {"error_line": f"historian refused login {number}: password={SECRET}"})
    return stage.wait_phase(UNREADY, *ENDS, within=LONG)


PLAYED: dict[str, Callable[[Stage], Case]] = {
    "proven": proven,
    "unproven": unproven,
    "denied": denied,
    "logged": logged,
}


@pytest.fixture(scope="module")
def playing(stages: dict[str, Stage], daemon: Daemon) -> Iterator[dict[str, Future[Case]]]:
    with ThreadPoolExecutor(len(PLAYED)) as pool:
        yield {story: pool.submit(play, stages[story]) for story, play in PLAYED.items()}


def test_every_story_has_its_namespace() -> None:
    assert set(PLAYED) == set(STORIES)


def ran(case: Case) -> dict[str, dict[str, Any]]:
    """Smoke test → its result; each was run at most once."""
    runs = case["status"]["smokeTests"]
    assert len(runs) == len({run["name"] for run in runs})
    return {run["name"]: run.get("result") or {} for run in runs}


def test_a_recovery_is_proven_by_its_smoke_tests(
    playing: dict[str, Future[Case]], stages: dict[str, Stage]
) -> None:
    case = playing["proven"].result()
    status = case["status"]
    assert status["phase"] == "RolledBack", status["reason"]
    results = ran(case)
    assert set(results) == {"page", "work", "settings"}
    assert all(result["passed"] for result in results.values()), results
    held = {c["name"]: c["holds"] for c in status["verification"]["conditions"]}
    assert {name: held.get(f"smoke test {name}") for name in results} == dict.fromkeys(results, True)
    wait_for("its Job to be swept", lambda: not stages["proven"].objects("jobs"))


def test_a_smoke_test_that_fails_or_hangs_is_no_recovery(
    playing: dict[str, Future[Case]], stages: dict[str, Stage], sentry: LocalSentry
) -> None:
    stage, case = stages["unproven"], playing["unproven"].result()
    status = case["status"]
    assert status["phase"] == "Unrecovered", status["reason"]
    assert stage.all_ready_on("v1.0.0"), "the rollback itself went well"
    results = ran(case)
    assert results["page"]["passed"]
    assert (results["balance"]["code"], results["balance"].get("passed", False)) == (3, False)
    assert results["endless"]["ending"] == "timedOut"
    for words in ("the recovery could not be proven", "balance", "exit code 3", "heat balance is off"):
        assert words in status["reason"]
    for words in ("endless", "no end within 10 s"):
        assert words in status["reason"]
    assert SECRET not in json.dumps([case, stage.events(), sentry.events(namespace=stage.namespace)])


def test_a_smoke_test_that_is_not_allowed_says_what_to_grant(
    playing: dict[str, Future[Case]],
) -> None:
    status = playing["denied"].result()["status"]
    assert status["phase"] == "Unrecovered", status["reason"]
    assert "smoke test settings" in status["reason"]
    assert 'cannot get resource "pods/exec"' in status["reason"]
    assert "grant this in the Role" in status["reason"]


def test_error_lines_that_the_proven_revision_did_not_have_are_shown(
    playing: dict[str, Future[Case]], stages: dict[str, Stage], sentry: LocalSentry
) -> None:
    """They are evidence for people, and keep no recovery from being proven."""
    stage, case = stages["logged"], playing["logged"].result()
    status = case["status"]
    assert status["phase"] == "RolledBack", status["reason"]
    [new] = [kind for kind in status["logs"]["kinds"] if kind.get("new")]
    assert new["kind"].startswith("historian refused login #")
    assert new["count"] == 3 * stage.app.replicas
    assert "historian refused login" in new["sample"]
    told = wait_for(
        "the incident to be closed",
        lambda: [e for e in sentry.events(namespace=stage.namespace) if "COMPLETED" in str(e)],
    )
    assert "NEW, 3 times" in json.dumps(told[-1])
    assert SECRET not in json.dumps([case, told])
