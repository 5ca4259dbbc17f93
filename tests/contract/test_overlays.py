"""Setting an overlay back in Git: one commit for each intent, and nobody's newer word is written over."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest
from msgspec.structs import replace

from daemon.adapters.git.overlays import GitOverlays, Overlay
from daemon.adapters.git.repository import Source
from daemon.adapters.git.values_file import ImageKeys
from daemon.adapters.simulation.clock import ManualClock
from daemon.core.case.effect import EffectOutcome
from daemon.ports import Denied, ImageReturn, Overlays, RollbackResult, Unavailable
from tests.git_server import BRANCH, PASSWORD, USER, GitServer, serving
from tests.simulation.faulty_owners import FaultyOverlays

DONE, REFUSED = EffectOutcome.DONE, EffectOutcome.REFUSED
FILE = "overlays/production/kustomization.yaml"
WANTED = ImageReturn(
    judged=("heat:v2",), target=("heat:v1",), message="Set heat back to v1\n\nCase shop/heat"
)


class OverlayDriver(Protocol):
    @property
    def overlays(self) -> Overlays: ...
    def push(self, tag: str) -> None:
        """Somebody's commit to the overlay ``production``."""
        ...

    def tag(self) -> str: ...
    def commits(self) -> int:
        """How many there are of the daemon's."""
        ...

    def go_away(self) -> None:
        """The server does not answer any more."""
        ...


class Memory:
    def __init__(self) -> None:
        self.overlays = FaultyOverlays(lambda _name, _images: None)

    def push(self, tag: str) -> None:
        self.overlays.push("production", f"heat:{tag}")

    def tag(self) -> str:
        return self.overlays.overlays["production"][0].partition(":")[2]

    def commits(self) -> int:
        return len(self.overlays.commits)

    def go_away(self) -> None:
        self.overlays.committing.fail(Unavailable("no answer"))


class Real:
    """``text`` has TAG where the overlay has its tag; by default it is a kustomization."""

    file, text = FILE, "# kept\nimages:\n- name: heat\n  newTag: TAG # pinned\n"
    form = Overlay(source=Source(url="", branch=""), path="overlays/production")

    def __init__(self, server: GitServer, secret: Path) -> None:
        secret.write_text(f"{PASSWORD}\n")
        self.server, self._secret = server, secret
        source = Source(url=server.url, branch=BRANCH, username=USER, password_file=secret)
        chosen = {"production": replace(self.form, source=source)}
        self.overlays = GitOverlays(chosen, ManualClock())

    def push(self, tag: str) -> None:
        self.server.push(self.file, self.text.replace("TAG", tag), f"release {tag}")

    def tag(self) -> str:
        before, _, after = self.text.partition("TAG")
        return self.server.read(self.file).removeprefix(before).removesuffix(after)

    def commits(self) -> int:
        return self.server.log("%an").count("rollbackd")

    def go_away(self) -> None:
        self.server.offline = True


def set_back(source: OverlayDriver, token: str, name: str = "production") -> RollbackResult:
    found = source.overlays.set_back(name, WANTED, token)
    assert isinstance(found, RollbackResult)
    return found


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    with serving(tmp_path) as server:
        yield Real(server, tmp_path / "password")


class RealValues(Real):
    file, text = "charts/heat/values.yaml", "replicas: 3 # kept\nimage: {repository: heat, tag: TAG}\n"
    form = Overlay(
        source=Source(url="", branch=""),
        path="charts/heat",
        values="values.yaml",
        keys={"heat": ImageKeys(repository="heat", tag="image.tag")},
    )


@pytest.fixture(params=["memory", "real", "values"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OverlayDriver]:
    if request.param == "memory":
        yield Memory()
        return
    with serving(tmp_path) as server:
        yield (Real if request.param == "real" else RealValues)(server, tmp_path / "password")


def test_the_overlay_says_the_targets_image_after_one_commit(source: OverlayDriver) -> None:
    source.push("v2")
    first = set_back(source, "case/1")
    assert (first.outcome, first.already) == (DONE, False)
    assert source.tag() == "v1"
    again = set_back(source, "case/1")
    assert (again.outcome, again.already) == (DONE, True)
    assert source.commits() == 1


def test_an_intent_that_was_carried_out_is_not_carried_out_again_whatever_was_pushed_since(
    source: OverlayDriver,
) -> None:
    source.push("v2")
    set_back(source, "case/1")
    source.push("v2")
    found = set_back(source, "case/1")
    assert (found.outcome, found.already) == (DONE, True)
    assert (source.tag(), source.commits()) == ("v2", 1)
    assert not set_back(source, "case/2").already
    assert (source.tag(), source.commits()) == ("v1", 2)


def test_what_is_there_already_needs_no_commit(source: OverlayDriver) -> None:
    source.push("v1")
    found = set_back(source, "case/1")
    assert (found.outcome, found.already, source.commits()) == (DONE, True, 0)


def test_a_version_that_somebody_pushed_since_is_not_written_over(source: OverlayDriver) -> None:
    source.push("v3")
    found = set_back(source, "case/1")
    assert found.outcome is REFUSED
    assert "somebody wrote it since" in found.detail
    assert (source.tag(), source.commits()) == ("v3", 0)


def test_an_overlay_that_is_not_there_is_refused(source: OverlayDriver) -> None:
    found = set_back(source, "case/1", "staging")
    assert found.outcome is REFUSED
    assert "staging" in found.detail


def test_a_server_that_does_not_answer_is_asked_again_later(source: OverlayDriver) -> None:
    source.push("v2")
    source.go_away()
    with pytest.raises(Unavailable):
        set_back(source, "case/1")
    assert source.commits() == 0


def test_the_commit_names_the_case_and_touches_one_line(real: Real) -> None:
    real.server.push("README.md", "# infra\n")
    real.push("v2")
    before = real.server.read(FILE)
    set_back(real, "case/1")
    assert real.server.read(FILE) == before.replace("v2", "v1")
    assert real.server.files() == [FILE]
    message = real.server.log("%B")
    assert message[0] == "Set heat back to v1"
    assert "Rollbackd-Step: case/1" in message
    real.server.check()


def test_a_commit_that_comes_in_between_is_built_upon(real: Real) -> None:
    """The branch moves under the first two tries: the daemon reads again, and keeps what was pushed."""
    real.server.grow("notes.txt", 30)
    real.push("v2")
    real.server.before_push = [lambda: real.server.push("a.txt", "a"), lambda: real.server.push("b.txt", "b")]
    assert set_back(real, "case/1").outcome is DONE
    assert (real.server.read("a.txt"), real.server.read("b.txt"), real.tag()) == ("a", "b", "v1")
    assert real.commits() == 1
    real.server.check()


def test_a_branch_that_never_rests_is_tried_again_later(real: Real) -> None:
    real.push("v2")
    real.server.before_push = [partial(real.server.push, "a.txt", f"{n}") for n in range(9)]
    with pytest.raises(Unavailable, match="moved on under each"):
        set_back(real, "case/1")
    assert (real.tag(), real.commits()) == ("v2", 0)


def test_a_newer_release_that_comes_in_between_stays(real: Real) -> None:
    real.push("v2")
    real.server.before_push = [lambda: real.push("v3")]
    found = set_back(real, "case/1")
    assert found.outcome is REFUSED
    assert (real.tag(), real.commits()) == ("v3", 0)


@pytest.mark.parametrize("wrong", ["other", ""])
def test_wrong_credentials_are_one_sentence_without_them(real: Real, wrong: str) -> None:
    real.push("v2")
    real.server.accepts = f"{USER}:{wrong}"
    with pytest.raises(Denied, match="does not accept the credentials") as caught:
        set_back(real, "case/1")
    assert PASSWORD not in str(caught.value)


def test_a_password_that_was_renewed_is_read_again(real: Real, tmp_path: Path) -> None:
    real.push("v2")
    real.server.accepts = f"{USER}:renewed"
    (tmp_path / "password").write_text("renewed")
    assert set_back(real, "case/1").outcome is DONE


def test_a_protected_branch_is_said_in_the_servers_words(real: Real) -> None:
    real.push("v2")
    real.server.protect()
    with pytest.raises(Denied, match="pre-receive hook declined"):
        set_back(real, "case/1")
    assert real.commits() == 0


def test_a_branch_or_file_that_is_not_there_is_named(real: Real) -> None:
    real.server.push("README.md", "# infra\n")
    found = set_back(real, "case/1")
    assert found.outcome is REFUSED
    assert f"no file {FILE}" in found.detail
