"""A ConfigMap that is edited in place on the real cluster: the kubelet brings it to the pods."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.app.manifests import CONFIG, HEALTHY_SETTINGS
from tests.e2e.conftest import IN_PLACE
from tests.e2e.daemon import Daemon
from tests.e2e.stage import Stage, wait_for

pytestmark = pytest.mark.e2e
LONG = 900.0
"""Seconds: the kubelet takes its time twice, and the daemon waits it out."""
Case = dict[str, Any]
ENDS = ("RolledBack", "Unrecovered", "Held", "Healthy", "Superseded")


def cases(stage: Stage) -> list[Case]:
    """The cases of changes in place, oldest first."""
    found = [case for case in stage.objects("rolloutcases") if case["spec"].get("configuration")]
    return sorted(found, key=lambda case: case["spec"]["openedAt"])


def wait_case(stage: Stage, *phases: str, number: int = 1) -> Case:
    seen: list[str] = []

    def look() -> Case | None:
        found = cases(stage)
        status = found[number - 1].get("status", {}) if len(found) >= number else {}
        seen[:] = [f"{status.get('phase')}: {status.get('reason')}"]
        return found[number - 1] if status.get("phase") in phases else None

    try:
        return wait_for(f"{stage.namespace}: the edit to be {' or '.join(phases)}", look, within=LONG)
    except AssertionError as error:
        raise AssertionError(f"{error}; it is {seen[0]}") from None


def settle(stage: Stage) -> None:
    """Wait until the same pods have served for long enough that their traffic before the edit is known."""
    pods = "|".join(pod["metadata"]["name"] for pod in stage.pods())
    wanted = 40 * stage.app.load_rps * stage.app.replicas

    def served() -> bool:
        return (stage.query(f'sum(gl006_http_requests_total{{$NS, pod=~"{pods}"}})') or 0) > wanted

    wait_for(f"{stage.namespace}: {wanted:g} requests", served, within=LONG)


def broken() -> str:
    return json.dumps({**HEALTHY_SETTINGS, "error_rate": 0.4})


def edited(stage: Stage) -> Case:
    """The kubelet brings the edit to the pods, which answer with errors, and nothing was rolled out."""
    settle(stage)
    stage.write_config(CONFIG, broken())
    return wait_case(stage, *ENDS)


def undecided(stage: Stage) -> Case:
    """The same where nobody allowed the daemon to write; then a person puts it back."""
    settle(stage)
    stage.write_config(CONFIG, broken())
    held = wait_case(stage, *ENDS)
    stage.write_config(CONFIG, json.dumps(HEALTHY_SETTINGS))
    wait_case(stage, "Superseded")
    return held


def unread(stage: Stage) -> Case:
    """What is read into the environment alone is seen by no running pod."""
    stage.write_config(CONFIG, broken())
    return wait_case(stage, *ENDS)


PLAYED: dict[str, Callable[[Stage], Case]] = {"edited": edited, "undecided": undecided, "unread": unread}


@pytest.fixture(scope="module")
def playing(stages: dict[str, Stage], daemon: Daemon) -> Iterator[dict[str, Future[Case]]]:
    with ThreadPoolExecutor(len(PLAYED)) as pool:
        yield {story: pool.submit(play, stages[story]) for story, play in PLAYED.items()}


def test_every_story_has_its_namespace() -> None:
    assert set(PLAYED) == set(IN_PLACE)


def test_a_bad_edit_is_undone_and_the_recovery_proven(
    playing: dict[str, Future[Case]], stages: dict[str, Stage]
) -> None:
    stage, case = stages["edited"], playing["edited"].result()
    status = case["status"]
    assert status["phase"] == "RolledBack", status["reason"]
    assert all(condition["holds"] for condition in status["verification"]["conditions"])
    kinds = [effect["kind"] for effect in status["effects"] if effect["kind"] not in ("publish", "gates")]
    assert kinds == ["restore-configuration"], "running pods see it again, so none is started anew"
    [held] = [found for found in stage.objects("configmaps") if found["metadata"]["name"] == CONFIG]
    assert json.loads(held["data"]["settings.json"]) == HEALTHY_SETTINGS
    assert stage.revision() == 1
    [change] = case["spec"]["configuration"]
    assert (change["name"], change["uid"]) == (CONFIG, held["metadata"]["uid"])
    assert "error_rate" not in json.dumps(case), "what it holds is in no case"
    told = [event["message"] for event in stage.events()]
    assert any("CONFIGURATION RESTORED" in message for message in told)


def test_by_default_it_is_held_until_a_person_puts_it_back(
    playing: dict[str, Future[Case]], stages: dict[str, Stage]
) -> None:
    status = playing["undecided"].result()["status"]
    assert status["phase"] == "Held", status["reason"]
    assert "policy.configuration is hold" in status["reason"]
    assert not [effect for effect in status["effects"] if effect["kind"] != "publish"]
    [case] = cases(stages["undecided"])
    assert "was put back" in case["status"]["reason"], "and no recovery is claimed"


def test_what_running_pods_do_not_see_is_no_failure(playing: dict[str, Future[Case]]) -> None:
    status = playing["unread"].result()["status"]
    assert status["phase"] == "Healthy", status["reason"]
    assert "no pod has started since the change" in status["reason"]
