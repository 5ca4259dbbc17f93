"""A Deployment whose owner reads Git: the commit that sets it back, and the request that people merge.

Git and the review service are real servers on this machine, the owner a Kustomization whose stand-in applies
what Git says. The daemon is killed before each act, between each act and its record, and after it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.e2e import gitops
from tests.e2e.apart import Apart, guarded, home
from tests.e2e.api_proxy import Write
from tests.e2e.app.build import IMAGE
from tests.e2e.app.manifests import NAME, Gl006
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.conftest import WATCH
from tests.e2e.gitops import Controller
from tests.e2e.kills import Kill, effects_in, kill_at, outcome
from tests.e2e.stage import wait_for
from tests.example import application
from tests.git_server import PASSWORD, USER, GitServer, serving
from tests.review_server import PROJECT, TOKEN, ReviewServer, reviewing

pytestmark = pytest.mark.e2e
LONG = 500.0
"""Seconds: both stories are played side by side, and their daemons started many times."""
GOOD, BAD = "v1.0.0", "v1.1.0-crash"
FILE = "deployment/kustomization.yaml"
STEP = "set-back-in-git"
Case = dict[str, Any]


def proposed(write: Write) -> bool:
    """That the request was opened is about to be written down."""
    return any(effect.get("review") for effect in effects_in(write, STEP))


RECORD: list[Kill] = [(f"outcome of {STEP}", outcome(STEP), made) for made in (False, True)]
PROPOSED: list[Kill] = [("the request's address", proposed, made) for made in (False, True)]


@dataclass(frozen=True, kw_only=True)
class Told:
    """How a story ended; ``waiting`` is the case before the merge, ``opened`` the requests' branches."""

    case: Case
    patches: int
    tag: str
    branches: list[str]
    titles: list[str]
    marks: list[str]
    changed: list[str]
    recovered: bool
    waiting: Case | None = None
    tag_waiting: str = ""
    patches_waiting: int = 0
    opened: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scene:
    """What a story is played with. ``git`` is what the owner reads."""

    apart: Apart
    git: GitServer
    reviews: ReviewServer

    def killed_by(self, moments: list[Callable[[], object]]) -> Event:
        """Set when the daemon was killed at such a moment of a server's."""
        killed = Event()

        def end() -> None:
            self.apart.daemon.kill()
            killed.set()

        moments.append(end)
        return killed

    def told(self, **more: Any) -> Told:
        stage = self.apart.stage
        case = stage.wait_phase(BAD, "RolledBack", "Unrecovered", "Held", "Superseded", within=LONG)
        self.git.check()
        return Told(
            case=case,
            patches=self.apart.patches(),
            tag=tag_in(self.git),
            branches=self.git.branches(),
            titles=self.git.log("%s"),
            marks=[line for line in self.git.log("%B") if line.startswith("Rollbackd-Step: ")],
            changed=self.git.files(),
            recovered=stage.all_ready_on(GOOD),
            **more,
        )


def release(git: GitServer, tag: str) -> None:
    """Somebody's commit to what the owner reads."""
    git.push(FILE, f"images:\n- name: {IMAGE}\n  newTag: {tag}\n", f"release {tag}")


def tag_in(git: GitServer) -> str:
    found = re.search(r"newTag: (\S+)", git.read(FILE))
    assert found is not None
    return found[1]


def settings(
    cluster: Cluster, namespace: str, git: GitServer, folder: Path, review: dict[str, Any] | None
) -> dict[str, Any]:
    (folder / "password").write_text(PASSWORD)
    (folder / "token").write_text(TOKEN)
    secret = {"username": USER, "password_file": str(folder / "password")}
    overlay = {"name": "production", "url": git.url, "path": "deployment"} | secret
    workload = {"namespace": namespace, "name": NAME, "signals": ["errors"], "smoke_tests": []}
    return application() | {
        "workloads": [workload | {"overlay": "production"}],
        "owners": {"flux_kustomization": "git"},
        "overlays": [overlay | ({"review": review} if review else {})],
        "policy": {"watch": WATCH, "baseline_window": 180, "stale_after": 15, "verify_deadline": 180},
        "prometheus": {"url": cluster.prometheus_url, "poll": 1},
        "log": {"format": "json"},
    }


def prepare(cluster: Cluster, folder: Path, story: str, ends: ExitStack, *, reviewed: bool) -> Scene:
    """The owner has applied what Git says, and the daemon has adopted that."""
    git = ends.enter_context(serving(folder))
    reviews = ends.enter_context(reviewing("github"))
    namespace = f"greenlang-{story}"
    stage = home(cluster, Gl006(namespace=namespace, replicas=1, base_error_rate=0.0), ends)
    release(git, GOOD)
    controller = ends.enter_context(Controller(cluster))
    gitops.follow(stage, controller, lambda: tag_in(git), within=LONG)
    asked = {"service": "github", "api": reviews.api, "project": PROJECT, "token_file": str(folder / "token")}
    chosen = settings(cluster, namespace, git, folder, asked if reviewed else None)
    return Scene(guarded(stage, folder, chosen, ends, within=LONG), git, reviews)


def pushed(cluster: Cluster, folder: Path, ends: ExitStack) -> Told:
    """Killed as it begins to push, and between the push and its record."""
    scene = prepare(cluster, folder, "pushed", ends, reviewed=False)
    apart = scene.apart

    def begin() -> None:
        killed = scene.killed_by(scene.git.before_push)
        release(scene.git, BAD)
        assert killed.wait(LONG), "the daemon never pushed"
        assert len(scene.git.log("%H")) == 2, "nothing of it arrived"
        apart.daemon.launch()

    kill_at(RECORD, apart.daemon, apart.proxy, begin, within=LONG)
    return scene.told()


def reviewed(cluster: Cluster, folder: Path, ends: ExitStack) -> Told:
    """Killed between the push of its branch and the request, between that and its record, and after the
    merge."""
    scene = prepare(cluster, folder, "reviewed", ends, reviewed=True)
    apart, stage = scene.apart, scene.apart.stage

    def begin() -> None:
        killed = scene.killed_by(scene.reviews.before_open)
        release(scene.git, BAD)
        assert killed.wait(LONG), "the daemon never opened a request"
        assert not scene.reviews.requests
        apart.daemon.launch()

    kill_at(PROPOSED, apart.daemon, apart.proxy, begin, within=LONG)

    def waiting() -> Case | None:
        case = stage.case(BAD)
        return case if case is not None and "waits for people" in case["status"]["reason"] else None

    found = wait_for(f"{stage.namespace}: the plan to wait for people", waiting, within=LONG)
    seen = (found, stage.tag(), apart.patches())

    def merge() -> None:
        [request] = scene.reviews.requests
        scene.git.merge(request.head)
        request.state = "merged"

    kill_at(RECORD, apart.daemon, apart.proxy, merge, within=LONG)
    return scene.told(
        waiting=seen[0],
        tag_waiting=seen[1],
        patches_waiting=seen[2],
        opened=tuple(request.head for request in scene.reviews.requests),
    )


STORIES: dict[str, Callable[[Cluster, Path, ExitStack], Told]] = {"pushed": pushed, "reviewed": reviewed}


@pytest.fixture(scope="module")
def playing(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Told]]]:
    gitops.install(cluster)

    def play(name: str) -> Told:
        with ExitStack() as ends:
            return STORIES[name](cluster, tmp_path_factory.mktemp(name), ends)

    with ThreadPoolExecutor(len(STORIES)) as pool:
        yield {name: pool.submit(play, name) for name in STORIES}


def steps(case: Case) -> list[tuple[str, str]]:
    effects = case["status"]["effects"]
    return [(e["kind"], e.get("outcome", "")) for e in effects if e["kind"] not in ("publish", "gates")]


def set_back_once(told: Told) -> None:
    """Somebody's two releases, and the daemon's one commit of one file."""
    [ours, *theirs] = told.titles
    assert ours == f"Set {NAME} back to {GOOD}, for {BAD} is failing"
    assert theirs == [f"release {BAD}", f"release {GOOD}"]
    assert told.marks == [f"Rollbackd-Step: {told.case['metadata']['uid']}/{STEP}/1"]
    assert (told.changed, told.tag) == ([FILE], GOOD)
    assert steps(told.case) == [(STEP, "done"), ("rollback", "done")]
    assert told.patches <= 1, "the owner may be quicker; nobody patches twice"


def test_git_is_set_back_once_although_the_daemon_is_killed_between_the_push_and_its_record(
    playing: dict[str, Future[Told]],
) -> None:
    told = playing["pushed"].result()
    assert told.case["status"]["phase"] == "RolledBack", told.case["status"]["reason"]
    assert told.recovered
    set_back_once(told)
    assert told.branches == ["main"]


def test_nothing_further_is_done_until_people_have_merged_the_one_request(
    playing: dict[str, Future[Told]],
) -> None:
    told = playing["reviewed"].result()
    assert told.waiting is not None
    status = told.waiting["status"]
    assert status["phase"] == "RollingBack", status["reason"]
    assert re.search(r"waits for people to merge http://\S+/platform/infra/pull/1 ", status["reason"])
    assert (told.tag_waiting, told.patches_waiting) == (BAD, 0)


def test_a_merge_ends_in_a_proven_recovery_and_the_request_was_opened_once(
    playing: dict[str, Future[Told]],
) -> None:
    told = playing["reviewed"].result()
    assert told.case["status"]["phase"] == "RolledBack", told.case["status"]["reason"]
    assert told.recovered
    set_back_once(told)
    [head] = told.opened
    assert sorted(told.branches) == sorted(["main", head])
