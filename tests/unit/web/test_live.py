"""Streams of news: through the door, by namespace, for a time, on few seats that nobody can take all of."""

from __future__ import annotations

import contextlib
import http.client
import time
from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace

from daemon.core.case.case import Case
from daemon.web.connections import most_connections
from daemon.web.live import MOST, SHARE, Pace
from daemon.web.visitor import SEE
from tests.unit.web import samples
from tests.unit.web.doors import HERE, House
from tests.unit.web.fakes import FakeIntake, FakeViews, serving

QUICK = Pace(life=20.0, beat=0.02, look=0.01)
SEATS = min(MOST, most_connections() // SHARE)


class Ear:
    """One stream, read event by event."""

    def __init__(self, port: int, **headers: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self._connection.request("GET", "/api/events", headers=headers)
        self.answer = self._connection.getresponse()

    def next(self) -> str:
        """Empty at the end of the stream."""
        while line := self.answer.readline():
            if line.startswith(b"event: "):
                return line[7:].decode().strip()
        return ""

    def until(self, word: str) -> None:
        while (heard := self.next()) != word:
            assert heard, f"the stream ended without {word}"

    def rest(self) -> list[str]:
        return list(iter(self.next, ""))

    def close(self) -> None:
        self.answer.close()
        self._connection.close()


Hear = Callable[..., Ear]


@pytest.fixture
def hear() -> Iterator[Hear]:
    with contextlib.ExitStack() as opened:
        yield lambda port, **headers: opened.enter_context(contextlib.closing(Ear(port, **headers)))


@pytest.fixture
def views() -> FakeViews:
    made = FakeViews()
    made.now_cases, made.now_workloads = [samples.awaiting()], [samples.workload()]
    return made


@contextlib.contextmanager
def listening(views: FakeViews, pace: Pace) -> Iterator[int]:
    with serving(FakeIntake(), views, pace=pace) as server:
        yield server.port


def moved(case: Case) -> Case:
    return replace(case, resource_version="2")


def test_what_changes_is_said_once_and_between_that_there_is_a_beat(views: FakeViews, hear: Hear) -> None:
    with listening(views, QUICK) as port:
        ear = hear(port)
        assert ear.answer.getheader("Content-Type", "").startswith("text/event-stream")
        assert ear.answer.getheader("Cache-Control") == "no-store"
        assert ear.next() == "beat", "at once"
        ear.until("changed")
        assert [ear.next() for _ in range(5)] == ["beat"] * 5, "what a newcomer may have missed is said once"
        for change in ("case", "workload", "problem"):
            match change:
                case "case":
                    views.now_cases = [moved(samples.awaiting())]
                case "workload":
                    views.now_workloads = [samples.workload(ready=1)]
                case _:
                    views.now_problems = ["Prometheus does not answer"]
            ear.until("changed")
            assert [ear.next() for _ in range(3)] == ["beat"] * 3, change


def test_a_stream_ends_by_its_deadline(views: FakeViews, hear: Hear) -> None:
    with listening(views, Pace(life=0.1, beat=0.03, look=0.01)) as port:
        heard = hear(port).rest()
    assert heard[0] == "beat"
    assert heard[-1] == "end"
    assert len(heard) <= 6


def test_nobody_listens_who_is_not_let_in_and_only_to_what_they_may_see(hear: Hear) -> None:
    house = House()
    with house.open(house.token_door(), pace=QUICK):
        port = int(house.base.rpartition(":")[2])
        assert (hear(port).answer.status, hear(port, Authorization="Bearer bertas").answer.status) == (
            401,
            403,
        )
        ear = hear(port, Authorization="Bearer annas")
        ear.until("changed")
        seen, hidden = house.views.now_cases
        house.views.now_cases = [seen, moved(hidden)]
        assert [ear.next() for _ in range(8)] == ["beat"] * 8
        house.views.now_cases = [moved(seen), moved(hidden)]
        ear.until("changed")


def test_many_streams_of_one_sender_keep_nobody_out(views: FakeViews, hear: Hear) -> None:
    """The greedy one's oldest gives way, and the others' streams, questions and probes come through."""
    house = House()
    house.access.grant("berta", HERE, SEE)
    with house.open(house.token_door(), pace=Pace(life=20.0, beat=5.0, look=1.0)):
        port = int(house.base.rpartition(":")[2])
        anna = hear(port, Authorization="Bearer annas")
        greedy = [hear(port, Authorization="Bearer bertas") for _ in range(SEATS + 3)]
        assert [ear.rest()[-1] for ear in greedy[:4]] == ["full"] * 4
        later = hear(port, Authorization="Bearer annas")
        assert (anna.next(), later.next()) == ("beat", "beat")
        assert house.bearing("annas").status_code == 200
        assert house.get("/healthz").status_code == 200


def test_who_went_away_leaves_the_seat_at_once(views: FakeViews, hear: Hear) -> None:
    with listening(views, Pace(life=20.0, beat=0.02, look=0.01)) as port:
        stays = hear(port)
        stays.until("changed")
        for _ in range(SEATS + 3):
            ear = hear(port)
            ear.next()
            ear.close()
        views.now_cases = [moved(samples.awaiting())]
        stays.until("changed")


def test_open_streams_do_not_delay_the_servers_end(views: FakeViews, hear: Hear) -> None:
    with listening(views, Pace(life=60.0, beat=30.0, look=30.0)) as port:
        ear = hear(port)
        ear.until("changed")
        began = time.monotonic()
    assert time.monotonic() - began < 5.0, (
        "a request that is waited for takes 8 s of the 10 that a stop may take"
    )
    with contextlib.suppress(http.client.IncompleteRead, ConnectionError):
        assert ear.rest() == []


def test_while_nothing_is_known_yet_nobody_listens(views: FakeViews, hear: Hear) -> None:
    views.unknown = "the first list is not complete"
    with listening(views, QUICK) as port:
        assert hear(port).answer.status == 503
