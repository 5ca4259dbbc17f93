"""What the page, the API and the probes are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from daemon.core.case.alerts import UnmatchedAlert
from daemon.core.case.case import Case
from daemon.core.case.outline import Outline
from daemon.core.model import Workload, WorkloadRef
from daemon.core.policy import Policy
from daemon.ports import CaseStore, Cluster, PortError

WORKER_SILENCE = 180.0
"""Seconds in which no worker came round after which they count as stuck (one is given work every 60 s)."""

Troubles = Callable[[], Mapping[str, str]]


class DaemonViews:
    """Implements what the web server asks for; ``troubles`` are sources of standing problems, by subject."""

    def __init__(
        self,
        *,
        cluster: Cluster,
        store: CaseStore,
        policies: Callable[[WorkloadRef, Workload | None], Policy],
        alive: Callable[[float], bool],
        troubles: Sequence[Troubles],
        unmatched: Callable[[], Sequence[UnmatchedAlert]],
        follows: Callable[[], str],
        part: Callable[[], str],
    ) -> None:
        self._cluster = cluster
        self._store = store
        self._policies = policies
        self._alive = alive
        self._troubles = troubles
        self._unmatched = unmatched
        self._follows = follows
        self._part = part

    def workloads(self) -> Sequence[Workload]:
        return self._cluster.workloads()

    def outlines(self) -> Sequence[Outline]:
        return self._store.outlines()

    def cases_of(self, ref: WorkloadRef) -> Sequence[Case]:
        return self._store.of(ref)

    def policy(self, ref: WorkloadRef) -> Policy:
        try:
            workload = self._cluster.workload(ref)
        except PortError:
            workload = None
        return self._policies(ref, workload)

    def problems(self) -> Sequence[str]:
        said = [
            f"{subject}: {text}" for source in self._troubles for subject, text in source().items() if text
        ]
        said += [f"case {name} makes no sense: {text}" for name, text in self._store.unreadable().items()]
        if not self._cluster.fresh():
            said.append("the API server has been silent for too long; what is shown may be old")
        return said

    def unmatched(self) -> Sequence[UnmatchedAlert]:
        return self._unmatched()

    def unready(self) -> Sequence[str]:
        """The daemon is ready once it knows the workloads and their cases."""
        reasons = []
        for what, read in (("workloads", self._cluster.workloads), ("cases", self._store.outlines)):
            try:
                read()
            except PortError as error:
                reasons.append(f"{what}: {error}")
        return reasons

    def follows(self) -> str:
        return self._follows()

    def part(self) -> str:
        return self._part()

    def alive(self) -> bool:
        return self._alive(WORKER_SILENCE)


def absent(named: Iterable[WorkloadRef], cluster: Cluster) -> Mapping[str, str]:
    """Those of the workloads that the settings name and the cluster does not have, with the remedy."""
    found: dict[str, str] = {}
    for ref in named:
        try:
            gone = cluster.workload(ref) is None
        except PortError:
            # Its namespace cannot be read, which is a trouble of its own.
            continue
        if gone:
            found[str(ref)] = "there is no such Deployment: check workloads in the settings, or deploy it"
    return found
