"""Least privilege, by the API server's own record of a run: nothing that a daemon asked for was refused, and
every right that the chart granted to one was used.

It is played last, and has the whole run before it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.account import GRANTED
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.conftest import BEGAN
from tests.e2e.rights import Asked, Right, amiss, asked, refusals

pytestmark = pytest.mark.e2e
HERE = Path(__file__).parent
WANTED = {
    ("greenlang-denied", "pods/exec"): "the story `denied` takes it out of the Role",
    ("default", "leases"): "a daemon without an election looks whether somebody holds one, if it may",
}
"""(namespace, resource) of the refusals that are meant to be."""
_OTHER_OWNER = "the owner in the stories is a Flux Kustomization; the contract of owners has the other kinds"
EXCUSED = {
    Right(
        "", "pods/exec", "create"
    ): "asked for by the API server when a websocket is opened, which is a get",
    Right("", "persistentvolumeclaims", "get"): "nothing on the test cluster provides volumes",
    Right("argoproj.io", "applications", "get"): _OTHER_OWNER,
    Right("argoproj.io", "applications", "patch"): _OTHER_OWNER,
    Right("helm.toolkit.fluxcd.io", "helmreleases", "get"): _OTHER_OWNER,
    Right("helm.toolkit.fluxcd.io", "helmreleases", "patch"): _OTHER_OWNER,
}
"""What is granted and no story can use, with the reason."""


@pytest.fixture(scope="module")
def record(cluster: Cluster, request: pytest.FixtureRequest) -> list[Asked]:
    """What the daemons of this run have asked the API server so far."""
    found = list(asked(cluster.state.audit_log, request.config.stash[BEGAN]))
    if not found:
        pytest.skip("no daemon asked the API server anything in this run")
    return found


def left_out(session: pytest.Session) -> str:
    """Why this run says nothing of a right that was not used; empty where it does."""
    played = {item.path for item in session.items}
    if missing := [path.name for path in sorted(HERE.glob("test_*.py")) if path not in played]:
        return f"not played: {', '.join(missing)}"
    if session.config.option.keyword:
        return f"only what -k chose was played: {session.config.option.keyword}"
    return f"{session.testsfailed} of its tests failed" if session.testsfailed else ""


def test_nothing_that_a_daemon_asked_for_was_refused(record: list[Asked]) -> None:
    found = refusals(record, WANTED)
    assert not found, "grant it in the chart, or do not ask:\n" + "\n".join(found)


def test_every_right_that_the_chart_granted_was_used(
    record: list[Asked], request: pytest.FixtureRequest
) -> None:
    found = amiss(GRANTED, record, EXCUSED)
    if reason := left_out(request.session):
        pytest.skip("; ".join([reason, *found]))
    assert not found, "take it out of the chart, or have a story use it:\n" + "\n".join(found)
