"""A store of cases in memory that keeps what an API server would keep: encoded, versioned, in two parts."""

from __future__ import annotations

import itertools
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from daemon.core.case.case import Case, Spec, Status
from daemon.core.case.outline import Outline, outline
from daemon.core.model import WorkloadRef
from daemon.ports import Conflict, Missing, Notify, Rejected

Key = tuple[str, str]


@dataclass
class _Stored:
    uid: str
    version: int
    spec: bytes
    status: bytes


class MemoryCaseStore:
    """Implements :class:`daemon.ports.CaseStore`. Spec and status are written apart, as subresources are.

    Creating a case is two writes, its object and its status: who dies in between leaves a case behind whose
    status is still the default.
    """

    def __init__(self, *, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._stored: dict[Key, _Stored] = {}
        self._versions = itertools.count(1)
        self._uids = itertools.count(1)
        self._seed = seed
        self._listeners: list[Notify] = []
        self._of: dict[WorkloadRef, set[Key]] = {}
        self._unreadable: dict[Key, str] = {}
        self.vouching = True
        """Whether names in instructions are those of who wrote them."""

    def cases(self) -> Sequence[Case]:
        return self._read(lambda: self._stored)

    def outlines(self, ref: WorkloadRef | None = None) -> Sequence[Outline]:
        return tuple(map(outline, self.cases() if ref is None else self.of(ref)))

    def of(self, ref: WorkloadRef) -> Sequence[Case]:
        return self._read(lambda: self._of.get(ref, ()))

    def unfinished(self) -> Sequence[Case]:
        return [case for case in self.cases() if case.unfinished]

    def unreadable(self) -> Mapping[str, str]:
        with self._lock:
            return {"/".join(key): why for key, why in self._unreadable.items()}

    def get(self, namespace: str, name: str) -> Case:
        with self._lock:
            return _decode((namespace, name), self._find((namespace, name)))

    def create(self, case: Case) -> Case:
        version = self._insert(case)
        self._tell(case.ref)
        return self.save(msgspec.structs.replace(case, resource_version=version))

    def _insert(self, case: Case) -> str:
        """The first write of a creation; gives the version that it made."""
        key = (case.namespace, case.name)
        with self._lock:
            if key in self._stored:
                raise Conflict(f"RolloutCase {case.namespace}/{case.name} exists already: read it instead")
            uid = str(uuid.uuid5(uuid.NAMESPACE_OID, f"case/{self._seed}/{next(self._uids)}"))
            spec, status = msgspec.json.encode(case.spec), msgspec.json.encode(Status())
            self._stored[key] = _Stored(uid=uid, version=next(self._versions), spec=spec, status=status)
            self._of.setdefault(case.ref, set()).add(key)
            return str(self._stored[key].version)

    def save(self, case: Case) -> Case:
        key = (case.namespace, case.name)
        with self._lock:
            stored = self._matching(case)
            stored.status = msgspec.json.encode(case.status)
            stored.version = next(self._versions)
        self._tell(case.ref)
        return self._peek(key)

    def instruct(self, case: Case) -> Case:
        key = (case.namespace, case.name)
        with self._lock:
            stored = self._matching(case)
            spec = msgspec.json.decode(stored.spec, type=Spec)
            spec = msgspec.structs.replace(spec, instruction=case.spec.instruction)
            stored.spec = msgspec.json.encode(spec)
            stored.version = next(self._versions)
        self._tell(case.ref)
        return self._peek(key)

    def vouched(self, case: Case) -> bool:
        """One program writes here, and it says who asked."""
        del case
        return self.vouching

    def delete(self, case: Case) -> None:
        """As the port has it; a newer case of the same name stays."""
        key = (case.namespace, case.name)
        with self._lock:
            stored = self._stored.get(key)
            if stored is None or case.uid not in {"", stored.uid}:
                return
            del self._stored[key]
            self._unreadable.pop(key, None)
            self._of.get(case.ref, set()).discard(key)
        self._tell(case.ref)

    def watch(self, notify: Notify) -> None:
        """Have somebody notified after every write, by the writing thread, with no lock held."""
        with self._lock:
            self._listeners.append(notify)

    def spoil(self, namespace: str, name: str, status: bytes) -> None:
        """Put in a status of somebody else's making; the case is created where it does not exist."""
        with self._lock:
            stored = self._stored.setdefault(
                (namespace, name), _Stored(uid=f"spoiled-{name}", version=0, spec=b"{}", status=b"")
            )
            stored.status = status
            stored.version = next(self._versions)

    def _read(self, keys: Callable[[], Iterable[Key]]) -> Sequence[Case]:
        """Those of the cases that make sense; of the others it is noted why."""
        found = []
        with self._lock:
            for key in sorted(keys()):
                self._unreadable.pop(key, None)
                try:
                    found.append(_decode(key, self._stored[key]))
                except Rejected as error:
                    self._unreadable[key] = str(error)
        return tuple(found)

    def _find(self, key: Key) -> _Stored:
        stored = self._stored.get(key)
        if stored is None:
            raise Missing(f"RolloutCase {'/'.join(key)} does not exist: it was deleted, or never opened")
        return stored

    def _matching(self, case: Case) -> _Stored:
        stored = self._find((case.namespace, case.name))
        if case.resource_version != str(stored.version):
            raise Conflict(
                f"RolloutCase {case.namespace}/{case.name} is at version {stored.version}, "
                f"not {case.resource_version or '(none)'}: read it again"
            )
        return stored

    def _peek(self, key: Key) -> Case:
        with self._lock:
            return _decode(key, self._find(key))

    def _tell(self, ref: WorkloadRef) -> None:
        with self._lock:
            listeners = tuple(self._listeners)
        for notify in listeners:
            notify(ref)


# Values are frozen: what was decoded once need not be decoded anew at each look.
@lru_cache(maxsize=512)
def _spec(raw: bytes) -> Spec:
    return msgspec.json.decode(raw, type=Spec)


@lru_cache(maxsize=512)
def _status(raw: bytes) -> Status:
    return msgspec.json.decode(raw, type=Status)


def _decode(key: Key, stored: _Stored) -> Case:
    namespace, name = key
    try:
        spec, status = _spec(stored.spec), _status(stored.status)
    except msgspec.DecodeError as error:
        raise Rejected(f"RolloutCase {namespace}/{name} makes no sense ({error}): delete it") from error
    return Case(
        namespace=namespace,
        name=name,
        spec=spec,
        status=status,
        uid=stored.uid,
        resource_version=str(stored.version),
    )
