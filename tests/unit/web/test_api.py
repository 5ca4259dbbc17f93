from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed

import pytest

from daemon.core.case.alerts import UnmatchedAlert
from daemon.presentation.case_views import odds
from daemon.web import readers
from tests.unit.web import samples
from tests.unit.web.conftest import Client
from tests.unit.web.fakes import FakeViews


@pytest.fixture(autouse=True)
def world(views: FakeViews) -> None:
    views.now_cases = [samples.rolled_back(), samples.awaiting(), samples.watching()]
    views.now_workloads = [samples.workload("gl-011-new", ready=2), samples.workload()]


def test_the_status_shows_each_workload_with_its_newest_case(client: Client, views: FakeViews) -> None:
    views.now_problems = ["latency: Prometheus does not answer"]

    answer = client.get("/api/status")

    status = answer.json()
    assert answer.headers["Cache-Control"] == "no-store"
    assert (status["ready"], status["problems"]) == (True, ["latency: Prometheus does not answer"])
    guarded, new = status["workloads"]
    assert (guarded["name"], guarded["mode"], guarded["case"]["phase"]) == (
        "gl-006-heatreclaim",
        "automatic",
        "RolledBack",
    )
    assert guarded["revision"]["image"] == "gcr.io/greenlang/gl-006-heatreclaim:v1.0.0"
    assert (new["case"], new["podsReady"], new["pods"]) == (None, 2, 3)


def test_the_status_says_which_shards_are_the_replicas(client: Client, views: FakeViews) -> None:
    assert client.get("/api/status").json()["part"] == ""
    views.now_part = "0, 2 of 4"
    assert client.get("/api/status").json()["part"] == "0, 2 of 4"


def test_alerts_that_concern_no_workload_are_shown_with_the_reason(client: Client, views: FakeViews) -> None:
    reason = 'there is no guarded workload in its namespace (namespace="monitoring")'
    views.now_unmatched = [
        UnmatchedAlert(name="High", status="firing", reason=reason, seen_at=samples.at(5), times=3)
    ]

    (shown,) = client.get("/api/status").json()["unmatched"]

    assert (shown["name"], shown["reason"], shown["times"]) == ("High", reason, 3)


def test_cases_are_listed_the_newest_first(client: Client) -> None:
    assert [case["workload"] for case in client.get("/api/cases").json()] == [
        "gl-010-emissions",
        "gl-007-furnace",
        "gl-006-heatreclaim",
    ]
    assert len(client.get("/api/cases?limit=1").json()) == 1
    for name in ("gl-007-furnace", "greenlang/gl-007-furnace"):
        (only,) = client.get(f"/api/cases?workload={name}").json()
        assert only["phase"] == "Watching"


def test_a_case_is_shown_whole(client: Client) -> None:
    case = samples.rolled_back()

    shown = client.get(f"/api/cases/{case.namespace}/{case.name}").json()

    assert shown["summary"]["target"]["tag"] == "v1.0.0"
    errors, latency = shown["evidence"]
    assert (errors["title"], errors["limitText"], errors["overBaselineWords"]) == (
        "error rate",
        "5 %",
        "1,600 to 1",
    )
    assert errors["new"]["rate"] == pytest.approx(64 / 300)
    assert latency["old"]["rate"] is None
    assert shown["explanation"]["decided"] == 42.0
    assert shown["timeline"][2]["offset"] == 42.0
    assert shown["message"].startswith("GL-006 ROLLBACK COMPLETED\nTime: 2026-11-24 10:01:37 UTC")
    assert shown["case"]["status"]["verification"]["conditions"][4]["holds"] is False


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/api/cases/greenlang/nope", 404, "no case greenlang/nope"),
        ("/api/cases?limit=0", 422, "limit"),
        ("/api/cases?limit=many", 422, "limit"),
        ("/api", 404, "Not Found"),
        ("/docs", 404, "Not Found"),
    ],
)
def test_wrong_questions_are_answered_in_words(client: Client, path: str, status: int, says: str) -> None:
    answer = client.get(path)

    assert answer.status_code == status
    assert says in answer.json()["error"]


@pytest.mark.parametrize("path", ["/api/status", "/api/cases", "/api/cases/greenlang/x"])
def test_while_nothing_is_known_yet_it_says_so(client: Client, views: FakeViews, path: str) -> None:
    views.unknown = "the Deployments of namespace shop are still being listed"

    answer = client.get(path)

    assert answer.status_code == 503
    assert answer.json() == {"error": "the Deployments of namespace shop are still being listed"}


def test_the_probes_answer_with_the_reasons(client: Client, views: FakeViews) -> None:
    assert client.get("/healthz").json() == {"alive": True}
    assert client.get("/readyz").json() == {"ready": True, "reasons": []}

    views.now_alive = False
    views.now_unready = ["cases: the API server does not answer"]

    assert client.get("/healthz").status_code == 503
    unready = client.get("/readyz")
    assert unready.status_code == 503
    assert unready.json()["reasons"] == ["cases: the API server does not answer"]


def test_while_the_memory_hangs_the_probes_answer_and_questions_do_not_pile_up(
    client: Client, views: FakeViews
) -> None:
    views.gate.clear()
    askers = readers.READERS + readers.MAX_WAITING + 1
    with ThreadPoolExecutor(askers) as pool:
        asked = [pool.submit(client.get, "/api/cases") for _ in range(askers)]
        # All others are held back by the gate, so the first to be done is one that was sent away.
        first = next(as_completed(asked))
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 200
        views.gate.set()

    assert first.result().status_code == 503
    assert first.result().headers["Retry-After"] == "5"
    assert sorted(future.result().status_code for future in asked) == [200] * (askers - 1) + [503]


def test_the_api_describes_itself(client: Client) -> None:
    assert set(client.get("/openapi.json").json()["paths"]) == {
        "/webhooks/alertmanager",
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/status",
        "/api/events",
        "/api/cases",
        "/api/cases/{namespace}/{name}",
    }


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (-3.0, "none"),
        (0.0, "none"),
        (0.3, "2.0 to 1"),
        (1.3, "20 to 1"),
        (3.2, "1,600 to 1"),
        (9.1, "over a billion to 1"),
        (400.0, "over a billion to 1"),
    ],
)
def test_evidence_is_said_in_words(evidence: float, words: str) -> None:
    assert odds(evidence) == words
