"""The cases in the cluster: :class:`daemon.ports.CaseStore` on the custom resource ``RolloutCase``."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence

from msgspec import structs

from daemon import ports
from daemon.adapters.kubernetes import case_codec
from daemon.adapters.kubernetes.case_cache import CaseCache
from daemon.adapters.kubernetes.changes import DEFAULT_PACE, Change, Pace
from daemon.adapters.kubernetes.client import MERGE_PATCH, KubeClient
from daemon.adapters.kubernetes.errors import uninstalled
from daemon.adapters.kubernetes.resources import CASES
from daemon.adapters.kubernetes.watcher import Watcher, stop_all
from daemon.core.case.case import Case
from daemon.core.case.outline import Outline, outline
from daemon.core.model import WorkloadRef

STRICT = {"fieldValidation": "Strict"}
"""A definition that is older than the daemon drops the fields that it does not know, and says nothing: a case
that is stored in part would be acted upon. So such a write is to be refused as a whole."""
INSTALL = "install the CustomResourceDefinition: kubectl apply -f helm/rollbackd/crds/rolloutcases.yaml"


class KubeCaseStore:
    """Implements :class:`daemon.ports.CaseStore`.

    While :meth:`watch` runs and is alive, cases are answered from what was watched and from what this
    store itself wrote, whichever is newer; otherwise each call lists. A namespace that may not be read is
    left out as long as another may, for nothing can be guarded in it either; :meth:`problems` names it.
    """

    def __init__(
        self,
        client: KubeClient,
        *,
        namespaces: Sequence[str],
        clock: ports.Clock,
        on_problem: Callable[[str], None],
        pace: Pace = DEFAULT_PACE,
    ) -> None:
        self._client = client
        self._namespaces = tuple(dict.fromkeys(namespaces))
        self._clock = clock
        self._on_problem = on_problem
        self._pace = pace
        self._cache = CaseCache()
        self._unreadable: Mapping[str, Mapping[str, str]] = {}
        """By namespace, of those that were listed while their watch was silent."""
        self._watchers: dict[str, Watcher] = {}
        self._notify: ports.Notify | None = None
        self._listing = {namespace: threading.Lock() for namespace in self._namespaces}
        """Of lists: a namespace's cases as they were sent are many times what is kept of them."""

    def watch(self, notify: ports.Notify) -> None:
        """Follow the cases; ``notify`` gets the workload of each that somebody else wrote or deleted. To be
        called once."""
        self._notify = notify
        self._watchers = {namespace: self._watcher(namespace) for namespace in self._namespaces}
        for watcher in self._watchers.values():
            watcher.start()

    def stop(self, timeout: float) -> list[str]:
        """The names of the threads that did not end within ``timeout`` seconds."""
        return stop_all(list(self._watchers.values()), timeout)

    def problems(self) -> Mapping[str, str]:
        """Namespace → what keeps its cases from being followed."""
        return {namespace: w.problem for namespace, w in self._watchers.items() if w.problem}

    def outlines(self, ref: WorkloadRef | None = None) -> Sequence[Outline]:
        if ref is None:
            return self._seen(self._cache.outlines)
        if self._followed(ref.namespace):
            return self._cache.outlines(ref)
        return tuple(outline(case) for case in self._listed(ref.namespace) if case.ref == ref)

    def cases(self) -> Sequence[Case]:
        return tuple(one.whole() for one in self.outlines())

    def of(self, ref: WorkloadRef) -> Sequence[Case]:
        if self._followed(ref.namespace):
            return self._cache.of(ref)
        return tuple(case for case in self._listed(ref.namespace) if case.ref == ref)

    def unfinished(self) -> Sequence[Case]:
        return tuple(one.whole() for one in self._seen(self._cache.unfinished) if one.unfinished)

    def unreadable(self) -> Mapping[str, str]:
        listed = {key: why for found in self._unreadable.values() for key, why in found.items()}
        return {**listed, **self._cache.unreadable()}

    def get(self, namespace: str, name: str) -> Case:
        try:
            raw = self._client.request("GET", CASES.path(namespace, name))
        except ports.Missing as error:
            raise _missing(error) from error
        return self._kept(case_codec.decode(raw, namespace, name))

    def create(self, case: Case) -> Case:
        """Two writes, for the status is a subresource; after the first alone it reads as a fresh case."""
        body = case_codec.new_object(case)
        try:
            raw = self._client.request("POST", CASES.path(case.namespace), query=STRICT, body=body)
        except ports.Missing as error:
            raise _missing(error) from error
        created = case_codec.decode(raw, case.namespace, case.name)
        return self.save(structs.replace(created, status=case.status))

    def save(self, case: Case) -> Case:
        path = CASES.path(case.namespace, case.name, "status")
        raw = self._client.request("PUT", path, query=STRICT, body=case_codec.status_object(case))
        return self._kept(case_codec.decode(raw, case.namespace, case.name))

    def instruct(self, case: Case) -> Case:
        path = CASES.path(case.namespace, case.name)
        patch = case_codec.instruction_patch(case)
        raw = self._client.request("PATCH", path, body=patch, content_type=MERGE_PATCH)
        return self._kept(case_codec.decode(raw, case.namespace, case.name))

    def vouched(self, case: Case) -> bool:
        """Tried out: whether a case with a foreign name in its instruction would be refused by policy.

        The daemon may create cases anyway, and a dry run creates none. So what is asked is not whether some
        policy exists, but whether it is in force here and now.
        """
        try:
            body, query = case_codec.forged(case), {"dryRun": "All"}
            self._client.request("POST", CASES.path(case.namespace), query=query, body=body)
        except ports.Denied as error:
            return "ValidatingAdmissionPolicy" in str(error)
        except ports.PortError:
            return False
        return False

    def delete(self, case: Case) -> None:
        options = {"apiVersion": "v1", "kind": "DeleteOptions"}
        body = {**options, "preconditions": {"uid": case.uid}} if case.uid else options
        # Gone already, or another case of that name is there.
        with contextlib.suppress(ports.Missing, ports.Conflict):
            self._client.request("DELETE", CASES.path(case.namespace, case.name), body=body)
        self._cache.deleted_by_us(case.uid)

    def _followed(self, namespace: str) -> bool:
        """Whether the watch of the namespace's cases shows what is stored."""
        watcher = self._watchers.get(namespace)
        return watcher is not None and not watcher.refused and watcher.alive(self._clock.monotonic())

    def _seen(self, cached: Callable[[], Sequence[Outline]]) -> Sequence[Outline]:
        """From the watches, and by listing where one is silent. A namespace that may not be listed is left
        out; raises Denied where none may."""
        silent = {namespace for namespace in self._namespaces if not self._followed(namespace)}
        found = [one for one in cached() if one.namespace not in silent]
        denials: list[ports.Denied] = []
        for namespace in sorted(silent):
            try:
                found += map(outline, self._listed(namespace))
            except ports.Denied as error:
                denials.append(error)
        if denials and len(denials) == len(self._namespaces):
            raise denials[0]
        return tuple(found)

    def _listed(self, namespace: str) -> list[Case]:
        """By lists of the whole namespace, one at a time. Raises Unavailable while the watch's own first one
        is under way: each workload's look would ask for the same."""
        watcher = self._watchers.get(namespace)
        if watcher is not None and not watcher.problem and not watcher.synced.is_set():
            raise ports.Unavailable(f"the cases of namespace {namespace} are still being listed")
        with self._listing.get(namespace, contextlib.nullcontext()):
            try:
                listing = self._client.list(CASES, namespace)
            except ports.Missing as error:
                raise _missing(error) from error
            return self._decoded(namespace, listing.items)

    def _decoded(self, namespace: str, items: Sequence[bytes]) -> list[Case]:
        cases: list[Case] = []
        unreadable: dict[str, str] = {}
        for raw in items:
            name = case_codec.named(raw)
            try:
                cases.append(case_codec.decode(raw, *name))
            except ports.Rejected as error:
                unreadable["/".join(name)] = str(error)
        self._unreadable = {**self._unreadable, namespace: unreadable}
        return cases

    def _kept(self, case: Case) -> Case:
        if self._watchers:
            self._cache.put(case)
        return case

    def _watcher(self, namespace: str) -> Watcher:
        return Watcher(
            self._client,
            CASES,
            namespace,
            handler=self._changed,
            clock=self._clock,
            on_problem=self._on_problem,
            pace=self._pace,
        )

    def _changed(self, change: Change) -> None:
        namespace, name = change.meta.namespace, change.meta.name
        if change.kind == "DELETED":
            concerned = self._cache.gone(change.meta.uid)
        else:
            try:
                concerned = self._cache.put(case_codec.decode(change.raw, namespace, name))
            except ports.Rejected as error:
                concerned = self._cache.put_unreadable(change.meta.uid, f"{namespace}/{name}", str(error))
                self._on_problem(str(error))
        if concerned is not None and self._notify is not None:
            self._notify(concerned)


def _missing(error: ports.Missing) -> ports.PortError:
    return ports.Unavailable(f"{error}; {INSTALL}") if uninstalled(error) else error
