"""Guards and options on the real cluster: what keeps the daemon still, and what is done at a person's word.

Played side by side when the first is asked for, each in a namespace of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.e2e.admission import DelayedPatches
from tests.e2e.app.build import image
from tests.e2e.app.manifests import HEALTHY_SETTINGS, NAME
from tests.e2e.conftest import settings
from tests.e2e.daemon import Daemon
from tests.e2e.guard_stories import STORIES
from tests.e2e.stage import Stage, wait_for

pytestmark = pytest.mark.e2e
LONG = 400.0
"""Seconds: stories side by side on two cores take their time."""
CRASHING, FAILING = "v1.1.0-crash", "v1.1.0-errors"
SHORT_LIVED = "v1.0.2-gone"
ENDS = ("RolledBack", "Held", "Unrecovered")
BEGUN = ("Progressing", "Watching", "Healthy")
Case = dict[str, Any]


def annotate(stage: Stage, words: str) -> None:
    stage.kubectl("annotate", "--overwrite", "deployment", NAME, words)


def approve(stage: Stage, case: Case) -> None:
    order = {"action": "approve", "by": "anna", "at": datetime.now(UTC).isoformat()}
    patch = json.dumps({"spec": {"instruction": order}})
    stage.kubectl("patch", "rolloutcase", case["metadata"]["name"], "--type=merge", "-p", patch)


@dataclass
class Played:
    """The cases that a story came to on its way, in their order, and what it was told."""

    cases: list[Case]
    said: list[subprocess.CompletedProcess[str]] = field(default_factory=list)


def halted(stage: Stage) -> Played:
    """The stop is set while the rollback's patch is on its way, behind a ConfigMap that was restored."""
    tag = "v1.0.0"
    with DelayedPatches(stage.cluster, stage.namespace) as delayed:
        stage.write_config(f"{NAME}-config", '{"pinch_temperature_kelvin": ')
        stage.kubectl("rollout", "restart", f"deployment/{NAME}")
        assert delayed.arrived(LONG), f"{stage.namespace}: the daemon patched nothing"
        annotate(stage, "rollbackd.io/stop=we look at it ourselves")
    held = stage.wait_phase(tag, *ENDS, within=LONG)
    annotate(stage, "rollbackd.io/stop-")
    approve(stage, held)

    def ended() -> Case | None:
        case = stage.case(tag)
        return case if case is not None and case["status"]["phase"] in ("RolledBack", "Unrecovered") else None

    return Played([held, wait_for(f"{stage.namespace}: the end after the approval", ended, within=LONG)])


def paused(stage: Stage) -> Played:
    annotate(stage, "rollbackd.io/pause=true")
    stage.release(CRASHING)
    held = stage.wait_phase(CRASHING, *ENDS, within=LONG)
    approve(stage, held)
    return Played([held, stage.wait_phase(CRASHING, "RolledBack", "Unrecovered", within=LONG)])


def by_hand(stage: Stage, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What `rollbackd rollback` says, with the daemon's own settings."""
    full = settings(stage.cluster) | {"kubernetes": {"kubeconfig": str(stage.cluster.kubeconfig)}}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ROLLBACKD_")}
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        json.dump(full, file)
        file.flush()
        command = [sys.executable, "-m", "daemon", "--config", file.name, "rollback", NAME]
        words = [*command, "-n", stage.namespace, *arguments, "--yes"]
        return subprocess.run(words, capture_output=True, text=True, check=False, env=environment)


def imaged(stage: Stage) -> Played:
    """A release that changed more than its image; the image alone is set back."""
    stage.release("v1.0.1", environment={"EXTRA": "1"})
    stage.wait_phase("v1.0.1", *BEGUN, within=LONG)
    wait_for(f"{stage.namespace}: v1.0.1", lambda: stage.all_ready_on("v1.0.1"), within=LONG)
    said = [
        by_hand(stage, "--to-image", "v1.0.0", "--container", "nobody"),
        by_hand(stage, "--to-revision", "9"),
        by_hand(stage, "--to-image", "v1.0.0"),
        by_hand(stage, "--to-image", "v1.0.0"),
    ]
    return Played([], said)


def on_the_node(stage: Stage, *arguments: str) -> None:
    socket = str(stage.cluster.state.containerd_socket)
    done = stage.cluster.inside("/usr/bin/ctr", "-a", socket, "-n", "k8s.io", "images", *arguments)
    assert done.returncode == 0, done.stderr


def gone(stage: Stage) -> Played:
    """The image of the newest good revision is taken from the node, and no registry has it."""
    on_the_node(stage, "tag", "--force", image("v1.0.1"), image(SHORT_LIVED))
    stage.release(SHORT_LIVED)
    stage.wait_phase(SHORT_LIVED, "Healthy", within=LONG)
    on_the_node(stage, "rm", "--sync", image(SHORT_LIVED))
    stage.release(FAILING)
    return Played([stage.wait_phase(FAILING, *ENDS, within=LONG)])


PLAYED: dict[str, Callable[[Stage], Played]] = {
    "halted": halted,
    "paused": paused,
    "imaged": imaged,
    "gone": gone,
}


@pytest.fixture(scope="module")
def playing(stages: dict[str, Stage], daemon: Daemon) -> Iterator[dict[str, Future[Played]]]:
    with ThreadPoolExecutor(len(PLAYED)) as pool:
        yield {story: pool.submit(play, stages[story]) for story, play in PLAYED.items()}


def test_every_story_has_its_namespace() -> None:
    assert set(PLAYED) == set(STORIES)


def steps(case: Case) -> list[tuple[str, str]]:
    return [(e["kind"], e["outcome"]) for e in case["status"]["effects"] if e["kind"] != "publish"]


def test_an_emergency_stop_in_the_middle_of_a_plan(
    playing: dict[str, Future[Played]], stages: dict[str, Stage]
) -> None:
    held, ended = playing["halted"].result().cases
    assert held["status"]["phase"] == "Held", held["status"]["reason"]
    [told] = [e for e in held["status"]["timeline"] if "unless somebody holds it" in e["text"]]
    begun = min(e["intendedAt"] for e in held["status"]["effects"] if e["kind"] != "publish")
    announced = datetime.fromisoformat(begun) - datetime.fromisoformat(told["at"])
    assert announced.total_seconds() >= 10, "people had their time before the plan began"
    assert "we look at it ourselves (guard emergency-stop, until" in held["status"]["reason"]
    assert "half-done: restoring ConfigMap" in held["status"]["reason"]
    ends = dict(steps(held))
    assert (ends["restore-configuration"], ends["rollback"]) == ("done", "refused")
    assert ended["status"]["phase"] == "RolledBack", ended["status"]["reason"]
    assert ended["metadata"]["uid"] == held["metadata"]["uid"]
    [config] = [
        c for c in stages["halted"].objects("configmaps") if c["metadata"]["name"] == f"{NAME}-config"
    ]
    assert json.loads(config["data"]["settings.json"]) == HEALTHY_SETTINGS


def test_a_pause_holds_and_an_approval_goes(
    playing: dict[str, Future[Played]], stages: dict[str, Stage]
) -> None:
    held, ended = playing["paused"].result().cases
    assert held["status"]["phase"] == "Held", held["status"]["reason"]
    assert "is paused for the daemon (guard pause, until somebody takes it off" in held["status"]["reason"]
    assert steps(held) == []
    assert ended["status"]["phase"] == "RolledBack", ended["status"]["reason"]
    approvals = [e["text"] for e in ended["status"]["timeline"] if "approved by anna" in e["text"]]
    assert any("although" in text for text in approvals), approvals
    assert stages["paused"].deployment()["metadata"]["annotations"]["rollbackd.io/pause"] == "true"


def test_an_image_is_set_back_and_nothing_else(
    playing: dict[str, Future[Played]], stages: dict[str, Stage]
) -> None:
    stage = stages["imaged"]
    unknown, too_high, done, again = playing["imaged"].result().said
    assert (unknown.returncode, "has no container 'nobody': name one of" in unknown.stderr) == (2, True)
    assert (too_high.returncode, "has no revision 9; there are:" in too_high.stderr) == (2, True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert again.returncode == 0, again.stdout + again.stderr
    assert "nothing to do" in again.stdout
    assert (stage.tag(), stage.revision()) == ("v1.0.0", 3)
    [container] = stage.deployment()["spec"]["template"]["spec"]["containers"]
    assert {"name": "EXTRA", "value": "1"} in container["env"]


def test_a_target_whose_image_is_gone_gives_way_to_the_next(
    playing: dict[str, Future[Played]], stages: dict[str, Stage]
) -> None:
    stage, [case] = stages["gone"], playing["gone"].result().cases
    status = case["status"]
    assert status["phase"] == "RolledBack", status["reason"]
    assert [e["id"] for e in status["effects"] if e["kind"] == "rollback"] == ["rollback/1", "rollback/2"]
    assert any("cannot be had" in entry["text"] for entry in status["timeline"])
    assert stage.all_ready_on("v1.0.0")
    assert len(stage.objects("rolloutcases")) == 3, "neither rollback opened a case"
