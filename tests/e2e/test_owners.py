"""Somebody else owns the Deployment, on the real cluster: held, acted against once, suspended first.

The owner is a Flux Kustomization with a controller that writes as Flux's does. The three stories are played
side by side when the first is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e import gitops
from tests.e2e.app.manifests import NAME
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.conftest import OWNED
from tests.e2e.daemon import Daemon
from tests.e2e.gitops import Controller
from tests.e2e.stage import Stage, wait_for

pytestmark = pytest.mark.e2e
LONG = 400.0
"""Seconds: stories side by side on two cores take their time."""
BAD = "v1.1.0-crash"
LOOKS = ("publish", "gates", "await-owner")
"""Effects that change nothing of the workload's."""
Case = dict[str, Any]


def begin(stage: Stage, controller: Controller) -> None:
    """The owner takes over what runs, and then releases what crashes."""
    gitops.take_over(stage, controller, within=LONG)
    gitops.commit(stage, controller, BAD)


def owned(stage: Stage, controller: Controller) -> Case:
    begin(stage, controller)
    return stage.wait_phase(BAD, "Held", "RolledBack", "Unrecovered", "Healthy", within=LONG)


def fought(stage: Stage, controller: Controller) -> Case:
    """The owner puts back what the daemon took away; only the second case of the revision may end Held."""
    begin(stage, controller)

    def held() -> Case | None:
        case = stage.case(BAD)
        again = case is not None and case["spec"]["revision"].get("number", 0) > 2
        return case if case is not None and again and case["status"].get("phase") == "Held" else None

    return wait_for(f"{stage.namespace}: the war to be recognised", held, within=LONG)


def suspended(stage: Stage, controller: Controller) -> Case:
    """It is at work when it is suspended, and applies what it had begun after that.

    And pods are added meanwhile, as an autoscaler does, through the scale subresource.
    """
    gitops.take_over(stage, controller, within=LONG)
    gitops.begin_work(stage.cluster, gitops.owner_of(stage))
    gitops.commit(stage, controller, BAD)
    stage.kubectl("scale", "deployment", NAME, f"--replicas={stage.app.replicas + 1}")
    gitops.end_late(stage, BAD, within=LONG)
    return stage.wait_phase(BAD, "RolledBack", "Held", "Unrecovered", "Healthy", within=LONG)


PLAYED: dict[str, Callable[[Stage, Controller], Case]] = {
    "owned": owned,
    "fought": fought,
    "suspended": suspended,
}


@pytest.fixture(scope="module")
def playing(cluster: Cluster, stages: dict[str, Stage], daemon: Daemon) -> Iterator[dict[str, Future[Case]]]:
    gitops.install(cluster)
    with Controller(cluster) as controller, ThreadPoolExecutor(len(PLAYED)) as pool:
        yield {story: pool.submit(play, stages[story], controller) for story, play in PLAYED.items()}


def steps(case: Case) -> list[tuple[str, str]]:
    """The acts of the plan: what only looks is left out."""
    effects = case["status"].get("effects", ())
    return [(e["kind"], e.get("outcome", "")) for e in effects if e["kind"] not in LOOKS]


def rollbacks(stage: Stage) -> int:
    return sum(kind == "rollback" for case in stage.objects("rolloutcases") for kind, _ in steps(case))


def test_every_story_has_its_namespace() -> None:
    assert set(PLAYED) == set(OWNED)


def test_what_puts_its_release_back_is_held_with_its_name(
    playing: dict[str, Future[Case]], stages: dict[str, Stage]
) -> None:
    case, stage = playing["owned"].result(), stages["owned"]
    assert case["status"]["phase"] == "Held", case["status"]["reason"]
    assert f"Flux Kustomization {stage.namespace}/apps" in case["status"]["reason"]
    assert steps(case) == []
    assert stage.tag() == BAD


def test_what_is_put_back_is_recognised_after_one_round(
    playing: dict[str, Future[Case]], stages: dict[str, Stage]
) -> None:
    case, stage = playing["fought"].result(), stages["fought"]
    assert "was put back by" in case["status"]["reason"]
    assert "kustomize-controller" in case["status"]["reason"]
    assert rollbacks(stage) == 1
    phases = [c["status"]["phase"] for c in stage.objects("rolloutcases")]
    assert "RolledBack" not in phases, "a recovery that did not happen"


def test_a_suspended_owner_lets_the_rollback_stand(
    playing: dict[str, Future[Case]], stages: dict[str, Stage], cluster: Cluster
) -> None:
    case, stage = playing["suspended"].result(), stages["suspended"]
    assert case["status"]["phase"] == "RolledBack", case["status"]["reason"]
    assert steps(case) == [("suspend-owner", "done"), ("rollback", "done")]
    assert "stays suspended" in case["status"]["reason"]
    assert gitops.spec_of(cluster, gitops.owner_of(stage))["suspend"] is True
    told = [entry["text"] for entry in case["status"]["timeline"]]
    assert any("to end what it had begun when it was suspended" in text for text in told), told
    assert (stage.tag(), rollbacks(stage)) == ("v1.0.0", 1)
    assert stage.deployment()["spec"]["replicas"] == stage.app.replicas + 1, "replicas are never touched"
