"""What a contract needs of whoever stands behind a port: to make things happen, and to wait for them.

Image tags have the meanings of the watched application's stand-in in tests/e2e/app.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from daemon.core.model import Pod, Sample, Workload, WorkloadRef
from daemon.ports import Actuator, CaseStore, Cluster, HealthProbe, Metrics

GOOD = "v1.0.0"
BETTER = "v1.0.1"
FAILING = "v1.1.0-errors"
CRASHING = "v1.1.0-crash"
OOM = "v1.1.0-oom"
UNREADY = "v1.1.0-unready"
MISSING = "v1.1.0-missing"

T = TypeVar("T")


class Waiting(Protocol):
    def until(self, what: str, look: Callable[[], T | None], seconds: float = 60.0) -> T:
        """The first answer of ``look`` that is neither ``None`` nor ``False``; fails after ``seconds``."""
        ...


class ClusterDriver(Waiting, Protocol):
    """A cluster with nothing in it that matters to the test; ``ref`` is a Deployment's name nobody uses."""

    @property
    def cluster(self) -> Cluster: ...
    @property
    def actuator(self) -> Actuator: ...
    @property
    def ref(self) -> WorkloadRef: ...

    def deploy(self, tag: str, *, replicas: int = 2, progress_deadline: int = 60) -> None: ...
    def set_tag(self, tag: str) -> None: ...
    def restart(self) -> None: ...
    def undo_by_somebody(self, to_number: int = 0) -> None: ...
    def scale(self, replicas: int) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def label(self, name: str, value: str) -> None: ...
    def delete(self) -> None: ...
    def delete_replica_set(self, name: str, uid: str) -> None: ...
    def heard(self) -> Sequence[WorkloadRef]:
        """Whom the change notifications named so far."""
        ...

    def cut_off(self) -> Actuator:
        """An actuator whose API server does not answer."""
        ...


class CaseDriver(Waiting, Protocol):
    """A store with no case in it, and a namespace that is the test's own."""

    @property
    def store(self) -> CaseStore: ...
    @property
    def namespace(self) -> str: ...

    def spoil(self, name: str) -> None:
        """Let a stored case's status become something that makes no sense."""
        ...

    def cut_off(self) -> CaseStore:
        """A store whose API server does not answer."""
        ...


class MetricsDriver(Waiting, Protocol):
    """Metrics over a Deployment that is asked ``rps`` times a second and fails as its tag says."""

    @property
    def metrics(self) -> Metrics: ...
    @property
    def signal(self) -> str: ...
    @property
    def interval(self) -> float:
        """Seconds between two scrapes of a pod."""
        ...

    @property
    def rps(self) -> float:
        """Of one pod."""
        ...

    def deploy(self, tag: str, *, replicas: int = 2) -> None: ...
    def scale(self, replicas: int) -> None: ...
    def pods(self) -> Sequence[Pod]:
        """The Deployment's pods that are ready and stay."""
        ...

    def samples(self) -> Sequence[Sample]:
        """The newest reading's samples of the Deployment's pods; the reading must be without problem."""
        ...

    def outage(self, on: bool) -> None: ...


class ProbeDriver(Waiting, Protocol):
    @property
    def probe(self) -> HealthProbe: ...

    def deploy(self, tag: str) -> Workload:
        """The workload, once its containers run."""
        ...

    def delete(self) -> None: ...
