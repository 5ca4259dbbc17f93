"""An overlay that people merge: one branch and one request an intent, in memory and at a real Git server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Protocol

import pytest
from msgspec.structs import replace

from daemon.adapters.git.overlays import GitOverlays, Overlay
from daemon.adapters.git.repository import Source
from daemon.adapters.git.reviews import Reviews
from daemon.adapters.simulation.clock import ManualClock
from daemon.adapters.simulation.overlays import MemoryOverlays
from daemon.core.case.effect import EffectOutcome
from daemon.ports import Denied, Overlays, Review, RollbackResult
from tests.contract.test_overlays import FILE, WANTED
from tests.git_server import BRANCH, PASSWORD, USER, GitServer, serving
from tests.review_server import PROJECT, TOKEN, ReviewServer, reviewing

HEAD = "rollbackd/production/heat-r2-0a1b2c3d-to-r1-1"
PROPOSED = replace(WANTED, branch=HEAD)


class ReviewedDriver(Protocol):
    @property
    def overlays(self) -> Overlays: ...
    def push(self, tag: str) -> None:
        """Somebody's commit to the branch that the owner reads."""
        ...

    def tag(self) -> str: ...
    def opened(self) -> int:
        """How many requests there are."""
        ...

    def decide(self, state: Literal["merged", "closed"]) -> None: ...


class Memory:
    def __init__(self, before_merge: Literal["wait", "act"]) -> None:
        self.overlays = MemoryOverlays(lambda _name, _images: None)
        self.overlays.reviewed["production"] = before_merge

    def push(self, tag: str) -> None:
        self.overlays.push("production", f"heat:{tag}")

    def tag(self) -> str:
        return self.overlays.overlays["production"][0].partition(":")[2]

    def opened(self) -> int:
        return len(self.overlays.requests)

    def decide(self, state: Literal["merged", "closed"]) -> None:
        [(branch, request)] = self.overlays.requests.items()
        if state == "merged":
            self.overlays.merge(branch)
        request.state = state


class Real:
    """Gitea, which serves Git and its API from one place; the services' own contract holds for the others."""

    def __init__(
        self, git: GitServer, api: ReviewServer, folder: Path, before_merge: Literal["wait", "act"]
    ) -> None:
        (folder / "password").write_text(PASSWORD)
        (folder / "token").write_text(TOKEN)
        self.git, self.api = git, api
        source = Source(url=git.url, branch=BRANCH, username=USER, password_file=folder / "password")
        reviews = Reviews(name="gitea", api=api.api, project=PROJECT, token_file=folder / "token")
        overlay = Overlay(
            source=source, path="overlays/production", reviews=reviews, waits=before_merge == "wait"
        )
        self.overlays = GitOverlays({"production": overlay}, ManualClock())

    def push(self, tag: str) -> None:
        self.git.push(FILE, f"images:\n- name: heat\n  newTag: {tag} # pinned\n", f"release {tag}")

    def tag(self) -> str:
        return self.git.read(FILE).split("newTag: ")[1].split()[0]

    def opened(self) -> int:
        return len(self.api.requests)

    def decide(self, state: Literal["merged", "closed"]) -> None:
        if state == "merged":
            self.git.merge(HEAD)
        self.api.requests[0].state = state


@pytest.fixture
def before_merge() -> Literal["wait", "act"]:
    return "wait"


@pytest.fixture(params=["memory", "real"])
def source(
    request: pytest.FixtureRequest, before_merge: Literal["wait", "act"], tmp_path: Path
) -> Iterator[ReviewedDriver]:
    if request.param == "memory":
        yield Memory(before_merge)
        return
    with serving(tmp_path) as git, reviewing("gitea") as api:
        yield Real(git, api, tmp_path, before_merge)


def ask(source: ReviewedDriver) -> RollbackResult | Review:
    return source.overlays.set_back("production", PROPOSED, "case/1")


def test_it_waits_for_one_request_and_is_done_when_that_is_merged(source: ReviewedDriver) -> None:
    source.push("v2")
    first = ask(source)
    assert isinstance(first, Review)
    assert ask(source) == first
    assert (source.opened(), source.tag()) == (1, "v2")
    source.decide("merged")
    found = ask(source)
    assert isinstance(found, RollbackResult)
    assert (found.outcome, found.already, found.review) == (EffectOutcome.DONE, True, "")
    assert (source.opened(), source.tag()) == (1, "v1")


def test_one_that_is_closed_is_refused(source: ReviewedDriver) -> None:
    source.push("v2")
    ask(source)
    source.decide("closed")
    found = ask(source)
    assert isinstance(found, RollbackResult)
    assert (found.outcome, found.review) == (EffectOutcome.REFUSED, "")
    assert "closed without a merge" in found.detail
    assert (source.opened(), source.tag()) == (1, "v2")


@pytest.mark.parametrize("before_merge", ["act"])
def test_where_nobody_is_waited_for_it_is_done_and_open(source: ReviewedDriver) -> None:
    source.push("v2")
    found = ask(source)
    assert isinstance(found, RollbackResult)
    assert found.outcome is EffectOutcome.DONE
    assert found.review
    assert (source.opened(), source.tag()) == (1, "v2")


def test_what_somebody_pushed_since_is_refused_while_the_request_is_open(source: ReviewedDriver) -> None:
    source.push("v2")
    ask(source)
    source.push("v3")
    found = ask(source)
    assert isinstance(found, RollbackResult)
    assert (found.outcome, found.review) == (EffectOutcome.REFUSED, None)
    assert "somebody wrote it since" in found.detail


def test_what_is_there_already_needs_no_request(source: ReviewedDriver) -> None:
    source.push("v1")
    found = ask(source)
    assert isinstance(found, RollbackResult)
    assert (found.outcome, source.opened()) == (EffectOutcome.DONE, 0)


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    with serving(tmp_path) as git, reviewing("gitea") as api:
        yield Real(git, api, tmp_path, "wait")


def test_the_branch_is_pushed_once_though_opening_failed(real: Real) -> None:
    """Killed, or refused, between the push and the request: the branch is found by the step's token."""
    real.push("v2")
    real.api.forced = [(404, {"message": "Not Found"}, {}), (500, "", {})]
    with pytest.raises(Exception, match="out of order"):
        ask(real)
    pushed = real.git.tip(HEAD)
    assert isinstance(ask(real), Review)
    assert (real.git.tip(HEAD), real.opened()) == (pushed, 1)
    [request] = real.api.requests
    assert (request.head, request.base, request.title) == (HEAD, BRANCH, "Set heat back to v1")
    assert "Case shop/heat" in request.body
    real.git.check()


def test_a_branch_of_somebody_elses_is_left_alone(real: Real) -> None:
    real.push("v2")
    real.git.branch(HEAD)
    found = ask(real)
    assert isinstance(found, RollbackResult)
    assert found.outcome is EffectOutcome.REFUSED
    assert "is not the daemon's commit for this case: delete that branch" in found.detail
    assert real.opened() == 0


def test_branches_that_may_not_be_made_are_said_in_the_servers_words(real: Real) -> None:
    real.push("v2")
    real.git.protect()
    with pytest.raises(Denied, match=rf"\({HEAD}\) does not take the commit .*pre-receive hook declined"):
        ask(real)
    assert real.opened() == 0
