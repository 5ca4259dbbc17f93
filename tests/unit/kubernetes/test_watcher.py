"""What a watcher tells, whatever the server does to it."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from daemon.adapters.kubernetes.changes import Change, Pace
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.resources import PODS
from daemon.adapters.kubernetes.watcher import Watcher
from tests.unit.kubernetes import fake_api
from tests.unit.kubernetes.conftest import FixedClock
from tests.unit.kubernetes.fake_api import FakeApi

PATH = "/api/v1/namespaces/greenlang/pods"
PATIENCE = 10.0
QUICK = Pace(seconds=1, grace=0.2, first_delay=0.01, last_delay=0.02, too_short=0.0)

Told = tuple[str, str]


def body(name: str, version: int, uid: str = "") -> dict[str, Any]:
    metadata = {"name": name, "namespace": "greenlang", "uid": uid or name, "resourceVersion": str(version)}
    return {"metadata": metadata}


def event(kind: str, name: str, version: int) -> dict[str, Any]:
    return {"type": kind, "object": body(name, version)}


class Watching:
    """A watcher with what it told."""

    def __init__(self, client: KubeClient, clock: FixedClock) -> None:
        self.told: queue.Queue[Told] = queue.Queue()
        self.problems: queue.Queue[str] = queue.Queue()
        self.watcher = Watcher(
            client,
            PODS,
            "greenlang",
            handler=self._handle,
            clock=clock,
            on_problem=self.problems.put,
            pace=QUICK,
        )

    def _handle(self, change: Change) -> None:
        self.told.put((change.kind, change.meta.name))
        if change.meta.name == "stumble":
            raise RuntimeError("the handler's own fault")

    def hears(self, *expected: Told) -> None:
        assert [self.told.get(timeout=PATIENCE) for _ in expected] == list(expected)
        assert self.told.empty()


@pytest.fixture
def watching(api: FakeApi, client: KubeClient, clock: FixedClock) -> Iterator[Watching]:
    made = Watching(client, clock)
    yield made
    api.closing.set()
    made.watcher.stop()
    assert made.watcher.join(PATIENCE)


def test_the_list_is_told_first_and_then_each_change(api: FakeApi, watching: Watching) -> None:
    api.put(f"{PATH}/a", body("a", 0))
    api.watches["pods"].put(lambda: fake_api.lines(event("ADDED", "b", 200), event("DELETED", "a", 201)))
    watching.watcher.start()
    watching.hears(("ADDED", "a"), ("ADDED", "b"), ("DELETED", "a"))
    assert api.watched_from.get(timeout=PATIENCE) == "101"
    assert api.watched_from.get(timeout=PATIENCE) == "201"
    assert watching.watcher.synced.is_set()


def test_a_bookmark_moves_the_version_and_is_told_to_nobody(api: FakeApi, watching: Watching) -> None:
    bookmark = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "333"}}}
    api.watches["pods"].put(lambda: fake_api.lines(bookmark))
    watching.watcher.start()
    api.watched_from.get(timeout=PATIENCE)
    assert api.watched_from.get(timeout=PATIENCE) == "333"
    assert watching.told.empty()


def test_a_reset_resumes_from_the_last_version(api: FakeApi, watching: Watching) -> None:
    api.watches["pods"].put(lambda: fake_api.broken(event("ADDED", "a", 250)))
    api.watches["pods"].put(lambda: fake_api.lines(event("MODIFIED", "a", 251)))
    watching.watcher.start()
    watching.hears(("ADDED", "a"), ("MODIFIED", "a"))
    assert [api.watched_from.get(timeout=PATIENCE) for _ in range(2)] == ["100", "250"]
    assert len(api.requests) == 1, "listed once"


def gone_by_status() -> object:
    return fake_api.status(410, "too old resource version", "Expired")


def gone_by_event() -> object:
    return fake_api.lines({"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old"}})


def nonsense() -> object:
    return Response("{nonsense\n", content_type="application/json")


def nonsense_of_another_form() -> object:
    return fake_api.lines({"type": "ADDED"})


def server_error_event() -> object:
    return fake_api.lines({"type": "ERROR", "object": {"kind": "Status", "code": 500, "message": "etcd"}})


@pytest.mark.parametrize(
    "trouble", [gone_by_status, gone_by_event, nonsense, nonsense_of_another_form, server_error_event]
)
def test_what_cannot_be_resumed_is_listed_again_and_the_differences_are_told(
    api: FakeApi, watching: Watching, trouble: Callable[[], Any]
) -> None:
    for name in ("stays", "changes", "vanishes"):
        api.put(f"{PATH}/{name}", body(name, 0))

    def meanwhile() -> Any:
        del api.objects[f"{PATH}/vanishes"]
        api.put(f"{PATH}/changes", body("changes", 0))
        api.put(f"{PATH}/comes", body("comes", 0))
        return trouble()

    api.watches["pods"].put(meanwhile)
    watching.watcher.start()
    watching.hears(
        ("ADDED", "stays"),
        ("ADDED", "changes"),
        ("ADDED", "vanishes"),
        ("MODIFIED", "changes"),
        ("ADDED", "comes"),
        ("DELETED", "vanishes"),
    )


def test_an_object_made_again_under_its_name_is_another(api: FakeApi, watching: Watching) -> None:
    api.put(f"{PATH}/a", body("a", 0, uid="first"))

    def meanwhile() -> Any:
        api.put(f"{PATH}/a", body("a", 0, uid="second"))
        return gone_by_status()

    api.watches["pods"].put(meanwhile)
    watching.watcher.start()
    watching.hears(("ADDED", "a"), ("DELETED", "a"), ("ADDED", "a"))


def test_a_silent_connection_is_given_up(api: FakeApi, watching: Watching) -> None:
    def silent() -> Any:
        api.closing.wait(QUICK.seconds + QUICK.grace + 1)
        return fake_api.lines()

    api.watches["pods"].put(silent)
    api.watches["pods"].put(lambda: fake_api.lines(event("ADDED", "a", 250)))
    watching.watcher.start()
    watching.hears(("ADDED", "a"))


def test_a_server_that_fails_for_long_is_reported_once_and_asked_again(
    api: FakeApi, watching: Watching
) -> None:
    api.put(f"{PATH}/a", body("a", 0))
    api.answers["GET"] = [fake_api.status(503, "not ready") for _ in range(6)]
    watching.watcher.start()
    watching.hears(("ADDED", "a"))
    assert "not ready" in watching.problems.get(timeout=PATIENCE)
    assert watching.problems.empty()


def test_a_refusal_shows_as_such_until_it_is_lifted(api: FakeApi, watching: Watching) -> None:
    api.put(f"{PATH}/a", body("a", 0))
    api.answers["GET"] = [fake_api.status(403, "forbidden")]
    watching.watcher.start()
    assert "forbidden" in watching.problems.get(timeout=PATIENCE), "said at once: no retry mends it"
    watching.hears(("ADDED", "a"))
    api.watches["pods"].put(lambda: fake_api.lines(event("ADDED", "b", 250)))
    watching.hears(("ADDED", "b"))
    assert not watching.watcher.refused
    assert not watching.watcher.problem


def test_one_object_that_makes_no_sense_hides_no_other(api: FakeApi, watching: Watching) -> None:
    api.put(f"{PATH}/broken", {"metadata": {"name": 7}})
    api.put(f"{PATH}/stumble", body("stumble", 0))
    api.put(f"{PATH}/a", body("a", 0))
    watching.watcher.start()
    watching.hears(("ADDED", "stumble"), ("ADDED", "a"))
    assert "without usable metadata" in watching.problems.get(timeout=PATIENCE)
    assert "the handler's own fault" in watching.problems.get(timeout=PATIENCE)


def test_everything_is_told_again_on_request(api: FakeApi, watching: Watching) -> None:
    api.put(f"{PATH}/a", body("a", 0))
    watching.watcher.start()
    watching.hears(("ADDED", "a"))
    api.watched_from.get(timeout=PATIENCE)
    watching.watcher.tell_everything()
    watching.hears(("MODIFIED", "a"))


def test_it_is_alive_until_the_deadline_without_a_sign_of_life(
    api: FakeApi, server: HTTPServer, watching: Watching, clock: FixedClock
) -> None:
    assert not watching.watcher.alive(clock.monotonic()), "nothing was listed yet"
    api.put(f"{PATH}/a", body("a", 0))
    watching.watcher.start()
    watching.hears(("ADDED", "a"))
    assert watching.watcher.synced.wait(PATIENCE)
    assert watching.watcher.alive(clock.monotonic() + QUICK.deadline)
    assert not watching.watcher.alive(clock.monotonic() + QUICK.deadline + 1)


def test_stopping_does_not_wait_for_an_idle_watch(api: FakeApi, watching: Watching) -> None:
    watching.watcher.start()
    api.watched_from.get(timeout=PATIENCE)
    watching.watcher.stop()
    assert watching.watcher.join(PATIENCE)
