"""The page's news: that something changed, and not what. What changed is asked for as ever, at the door.

One stream for each page that is looked at. A stream ends after a minute, and the next one comes through the
door again; so a session that ended, or a right that was taken, is listened with no longer than that.

Seats are few. Who comes when all are taken gets the oldest of whoever has the most: one sender's many streams
keep nobody else out. A page without a stream asks each second instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Request, Response
from starlette.types import Message, Receive, Scope, Send

from daemon.core.case.outline import Outline
from daemon.core.model import Workload
from daemon.ports import PortError
from daemon.web.api import NOT_LET_IN, UNKNOWN_YET, Shown
from daemon.web.connections import ENDLESS, most_connections
from daemon.web.door import peer
from daemon.web.ports import Views
from daemon.web.readers import Readers
from daemon.web.seats import given_up

MOST, SHARE = 64, 4
"""Streams at once, and no more than one in so many of the connections."""
EVERYBODY = ""
"""Instead of a namespace: what belongs to none, such as the daemon's own problems."""
GONE, FULL = "gone", "full"
Seen = Mapping[str, int]
"""Namespace → a number that is another one when something in it changed."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds. A stream sends at most one line for each ``look``: a few kilobytes in its whole life, which
    the kernel takes in even where nobody reads. So nobody can block one by not reading."""

    life: float = 60.0
    beat: float = 5.0
    look: float = 1.0


@dataclass(eq=False)
class Listener:
    who: str
    namespaces: frozenset[str]
    new: bool = True
    """Until it was told once: what changed between its page's question and the next look is not known."""
    changed: bool = False
    ended: str = ""
    """Why it hears nothing more: GONE, or FULL."""
    stirred: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self, why: str) -> None:
        self.ended = why
        self.stirred.set()


class Listeners:
    """Used on the event loop alone; the daemon's memory is looked at in a thread, once for all of them."""

    def __init__(self, views: Views, pace: Pace) -> None:
        self.pace = pace
        self._views = views
        self._most = max(1, min(MOST, most_connections() // SHARE))
        self._seats: dict[Listener, str] = {}
        """Each with who it is."""
        self._looking: asyncio.Task[None] | None = None
        self._limiter = CapacityLimiter(1)

    @contextmanager
    def seat(self, listener: Listener) -> Iterator[None]:
        while len(self._seats) >= self._most:
            self._send_one_away()
        self._seats[listener] = listener.who
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            self._seats.pop(listener, None)

    def _send_one_away(self) -> None:
        oldest = given_up(self._seats)
        del self._seats[oldest]
        oldest.end(FULL)

    async def _look(self) -> None:
        """As long as anybody listens. A defect ends all streams, for pages that are not told must ask."""
        before: Seen | None = None
        try:
            while self._seats:
                with suppress(PortError):
                    now = await to_thread.run_sync(self._seen, limiter=self._limiter)
                    self._tell(_differing(before or now, now))
                    before = now
                await asyncio.sleep(self.pace.look)
        finally:
            for listener in list(self._seats):
                listener.end(FULL)

    def _tell(self, changed: Collection[str]) -> None:
        for listener in self._seats:
            if listener.new or not listener.namespaces.isdisjoint(changed):
                listener.new, listener.changed = False, True
                listener.stirred.set()

    def _seen(self) -> Seen:
        views = self._views
        marks: dict[str, list[int]] = {}
        for workload in views.workloads():
            marks.setdefault(workload.ref.namespace, []).append(_workload_mark(workload))
        for one in views.outlines():
            marks.setdefault(one.namespace, []).append(_case_mark(one))
        own = (
            tuple(views.problems()),
            views.alive(),
            views.follows(),
            views.part(),
            tuple(views.unmatched()),
        )
        return {EVERYBODY: hash(own)} | {space: hash(tuple(found)) for space, found in marks.items()}


def _differing(before: Seen, now: Seen) -> set[str]:
    return {space for space in before.keys() | now.keys() if before.get(space) != now.get(space)}


def _workload_mark(workload: Workload) -> int:
    """What the list shows of it."""
    current = workload.current.hash if workload.current is not None else ""
    ready = sum(pod.ready for pod in workload.live)
    return hash((workload.ref, current, workload.status, len(workload.live), ready, workload.pause))


def _case_mark(one: Outline) -> int:
    return hash((one.namespace, one.name, one.resource_version))


class Stream(Response):
    """Server-sent events until the listener is gone, is sent away, or has had its time."""

    media_type = "text/event-stream"

    def __init__(self, listeners: Listeners, listener: Listener) -> None:
        self._listeners, self._listener = listeners, listener
        # The last header keeps a common proxy from collecting what is to be passed on at once.
        headers = {
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "X-Accel-Buffering": "no",
        }
        super().__init__(headers=headers)
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[ENDLESS] = True
        with self._listeners.seat(self._listener):
            leaving = asyncio.create_task(_leaving(receive, self._listener))
            try:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                await self._news(send)
            finally:
                leaving.cancel()

    async def _news(self, send: Send) -> None:
        """The first line at once: a page that does not get it is behind a proxy that collects, and asks."""
        listener, pace, loop = self._listener, self._listeners.pace, asyncio.get_running_loop()
        edge = loop.time() + pace.life
        while not listener.ended and (left := edge - loop.time()) > 0:
            word = "changed" if listener.changed else "beat"
            listener.changed = False
            listener.stirred.clear()
            await send(_event(word, more=True))
            with suppress(TimeoutError):
                async with asyncio.timeout(min(pace.beat, left)):
                    await listener.stirred.wait()
        if listener.ended != GONE:
            await send(_event(listener.ended or "end", more=False))


def _event(word: str, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": f"event: {word}\ndata:\n\n".encode(), "more_body": more}


async def _leaving(receive: Receive, listener: Listener) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.end(GONE)


def add_live(app: FastAPI, shown: Shown, pace: Pace) -> None:
    listeners, readers = Listeners(shown.views, pace), Readers()

    def enter(request: Request) -> Response:
        visitor, sight = shown.to(request)
        spaces = {workload.ref.namespace for workload in sight.workloads()}
        spaces |= {one.namespace for one in sight.outlines()}
        spaces |= {space for space in shown.namespaces if sight.sees(space)}
        who = visitor.name or peer(request)
        return Stream(listeners, Listener(who=who, namespaces=frozenset({EVERYBODY, *spaces})))

    @app.get("/api/events", responses=NOT_LET_IN | UNKNOWN_YET, response_class=Response)
    async def events(request: Request) -> Response:
        """A line when something changed that the visitor may see (``changed``), and one each few seconds
        (``beat``), for a minute. ``full``: ask each second instead."""
        return await readers.read(lambda: enter(request))
