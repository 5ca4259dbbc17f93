"""List, then watch, for ever: a thread that reports every change of a namespace's objects of one resource.

The server may vanish at any point. A normal close, a reset and a silent connection are followed by a watch
from the last version seen; an expired version, an answer that makes no sense and repeated failures by a new
list, from which the differences to what was known are reported, deletions included.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from daemon import ports
from daemon.adapters.kubernetes.changes import DEFAULT_PACE, Change, Kind, Meta, Pace
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.errors import UNDECODABLE, ApiStatus, Expired
from daemon.adapters.kubernetes.resources import Resource
from daemon.adapters.kubernetes.stream import Stream

RELIST_AFTER = 3
"""Failures in a row after which the last version seen is given up."""


class _Object(msgspec.Struct):
    metadata: Meta


class _VersionOnly(msgspec.Struct, rename="camel"):
    resource_version: str = ""


class _Versioned(msgspec.Struct):
    metadata: _VersionOnly


class _Envelope(msgspec.Struct):
    type: str
    object: msgspec.Raw


class Watcher:
    """One resource of one namespace. ``handler`` is called from the watcher's thread, one change at a time.

    ``on_problem`` gets each trouble that lasts, once. ``after``, where given, is waited for before the first
    list.
    """

    def __init__(
        self,
        client: KubeClient,
        resource: Resource,
        namespace: str,
        *,
        handler: Callable[[Change], None],
        clock: ports.Clock,
        on_problem: Callable[[str], None],
        pace: Pace = DEFAULT_PACE,
        after: threading.Event | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._client = client
        self._resource = resource
        self._namespace = namespace
        self._handler = handler
        self._clock = clock
        self._on_problem = on_problem
        self._pace = pace
        self._after = after
        self._jitter = jitter
        self._known: dict[str, Meta] = {}
        self._since = ""
        self._failures = 0
        self._reported = ""
        self._contact = clock.monotonic()
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._stream: Stream | None = None
        self._everything = False
        self.synced = threading.Event()
        """Set once the first list was reported completely."""
        self.problem = ""
        """What keeps it from following, empty while it does."""
        self.refused = False
        """Whether the problem is a refusal: forbidden, or no such resource."""
        self._thread = threading.Thread(
            target=self._run, name=f"watch {resource} in {namespace}", daemon=True
        )

    @property
    def name(self) -> str:
        return self._thread.name

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end; :meth:`join` waits for that."""
        self._stopping.set()
        self._interrupt()

    def join(self, timeout: float) -> bool:
        """Whether the thread has ended within ``timeout`` seconds."""
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def alive(self, now: float) -> bool:
        """Whether what was reported is current, at ``now`` of the monotonic clock."""
        return self.synced.is_set() and now - self._contact <= self._pace.deadline

    def tell_everything(self) -> None:
        """List again soon and report every object, changed or not."""
        with self._lock:
            self._everything = True
        self._interrupt()

    def _interrupt(self) -> None:
        self._wake.set()
        with self._lock:
            if self._stream is not None:
                self._stream.interrupt()

    def _run(self) -> None:
        while self._after is not None and not self._after.wait(0.1):
            if self._stopping.is_set():
                return
        while not self._stopping.is_set():
            try:
                self._turn()
                self._well()
            except Expired:
                self._since = ""
                self._failures += 1
            except ports.PortError as error:
                self._failed(str(error), refused=isinstance(error, ports.Denied | ports.Missing))
            # The loop's edge: a fault of ours must not end the watch unseen.
            except Exception as error:
                self._since = ""
                self._failed(f"a fault in the daemon: {error!r}", refused=False)
            self._rest()

    def _well(self) -> None:
        self._opened()
        self._failures = 0
        self._reported = ""

    def _opened(self) -> None:
        self._contact = self._clock.monotonic()
        self.problem = ""
        self.refused = False

    def _failed(self, problem: str, *, refused: bool) -> None:
        if self._wake.is_set():
            return  # it was we who broke the connection
        self._failures += 1
        if self._failures >= RELIST_AFTER:
            self._since = ""
        self.refused = refused
        self.problem = problem
        # A single reset is everyday life: what the first retry mends is not worth a line.
        if problem != self._reported and (refused or self._failures > 1):
            self._reported = problem
            self._on_problem(f"{self.name}: {problem}")

    def _rest(self) -> None:
        if self._failures:
            delay = min(self._pace.last_delay, self._pace.first_delay * 2 ** min(self._failures - 1, 16))
            self._wake.wait(delay * (0.5 + self._jitter() / 2))
        self._wake.clear()

    def _turn(self) -> None:
        if self._everything or not self._since:
            self._list()
        started = self._clock.monotonic()
        stream = self._client.watch(
            self._resource,
            self._namespace,
            since=self._since,
            seconds=self._pace.seconds,
            grace=self._pace.grace,
        )
        with stream:
            self._opened()
            with self._lock:
                if self._stopping.is_set() or self._everything:
                    return
                self._stream = stream
            try:
                heard = self._follow(stream)
            finally:
                with self._lock:
                    self._stream = None
        if not heard and self._clock.monotonic() - started < self._pace.too_short:
            raise ports.Unavailable("the server closed the watch at once")

    def _list(self) -> None:
        with self._lock:
            everything, self._everything = self._everything, False
        names = {known.name: uid for uid, known in self._known.items()}
        found, version = set[str](), ""
        try:
            for page in self._client.pages(self._resource, self._namespace):
                found.update(self._listed(page.items, names, everything))
                version = page.resource_version
        except ports.PortError:
            with self._lock:
                self._everything = self._everything or everything
            raise
        for uid in self._known.keys() - found:
            self._gone(uid)
        self._since = version
        # No end of the failures yet: it is the watch after it that may be what fails.
        self._contact = self._clock.monotonic()
        self.synced.set()

    def _listed(self, items: Iterable[bytes], names: Mapping[str, str], everything: bool) -> Iterator[str]:
        """Report what is new of a page; all its UIDs. What a name had before ends before it begins anew."""
        for meta, raw in ((meta, raw) for raw in items if (meta := self._meta(raw)) is not None):
            if (other := names.get(meta.name, meta.uid)) != meta.uid:
                self._gone(other)
            before = self._known.get(meta.uid)
            if everything or before is None or before.resource_version != meta.resource_version:
                self._known[meta.uid] = meta
                self._tell(Change(kind="MODIFIED" if before else "ADDED", meta=meta, raw=raw))
            yield meta.uid

    def _gone(self, uid: str) -> None:
        if (meta := self._known.pop(uid, None)) is not None:
            self._tell(Change(kind="DELETED", meta=meta, raw=b""))

    def _follow(self, stream: Stream) -> bool:
        """Report the changes until the server closes; whether there was any sign of life."""
        heard = False
        for line in stream.lines():
            self._line(line)
            self._well()
            heard = True
            if self._stopping.is_set():
                break
        return heard

    def _line(self, line: bytes) -> None:
        try:
            event = msgspec.json.decode(line, type=_Envelope)
            if event.type == "ERROR":
                self._error(msgspec.json.decode(event.object, type=ApiStatus))
            version = msgspec.json.decode(event.object, type=_Versioned).metadata.resource_version
        except UNDECODABLE as error:
            self._since = ""
            problem = f"the watch sent something that makes no sense: {error}"
            self._on_problem(f"{self.name}: {problem}")
            raise ports.Unavailable(problem) from error
        match event.type:
            case "ADDED" | "MODIFIED" | "DELETED" as kind:
                self._changed(kind, bytes(event.object))
            case _:  # a bookmark carries nothing but the version
                pass
        self._since = version or self._since

    def _error(self, status: ApiStatus) -> None:
        self._since = ""
        if status.code == 410:
            raise Expired(status.message)
        raise ports.Unavailable(f"the watch ended with an error: {status.message or status.reason}")

    def _changed(self, kind: Kind, raw: bytes) -> None:
        meta = self._meta(raw)
        if meta is None:
            return
        if kind == "DELETED":
            self._known.pop(meta.uid, None)
        else:
            self._known[meta.uid] = meta
        self._tell(Change(kind=kind, meta=meta, raw=raw))

    def _meta(self, raw: bytes) -> Meta | None:
        try:
            return msgspec.json.decode(raw, type=_Object).metadata
        except UNDECODABLE as error:
            self._on_problem(f"{self.name}: skipped an object without usable metadata: {error}")
            return None

    def _tell(self, change: Change) -> None:
        try:
            self._handler(change)
        # The loop's edge towards the handler: one object that it trips over must not hide the others.
        except Exception as error:
            self._on_problem(f"{self.name}: skipped {change.meta.namespace}/{change.meta.name}: {error!r}")


def stop_all(watchers: list[Watcher], timeout: float) -> list[str]:
    """Stop them together; the names of those that did not end within ``timeout`` seconds in all."""
    for watcher in watchers:
        watcher.stop()
    share = timeout / max(len(watchers), 1)
    return [watcher.name for watcher in watchers if not watcher.join(share)]
