"""What a contract needs of whoever stands behind a port: to make things happen, and to wait for them.

Image tags have the meanings of the watched application's stand-in in tests/e2e/app.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from daemon.core.model import Pod, Workload, WorkloadRef
from daemon.core.rollout_facts.configuration import Reference
from daemon.core.signals.sample import Sample
from daemon.ports import (
    Actuator,
    CaseStore,
    Cluster,
    Configuration,
    ConfigurationCopies,
    ConfigurationRestorer,
    Gauges,
    HealthProbe,
    Logs,
    Metrics,
    Neighbours,
    Nodes,
    ObjectEvents,
)

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
    def annotate(self, name: str, value: str | None) -> None:
        """Of the Deployment itself; ``None`` takes it off."""
        ...

    def delete(self) -> None: ...
    def delete_replica_set(self, name: str, uid: str) -> None: ...
    def end(self, pod: Pod) -> None:
        """Have the kubelet end a pod for good; it stays there, and gets a successor."""
        ...

    def refuse_pods(self) -> None:
        """Let the API server take no further pod of the namespace."""
        ...

    def heard(self) -> Sequence[WorkloadRef]:
        """Whom the change notifications named so far."""
        ...

    def cut_off(self) -> Actuator:
        """An actuator whose API server does not answer."""
        ...


class EventDriver(ClusterDriver, Protocol):
    @property
    def events(self) -> ObjectEvents: ...
    def blind(self) -> ObjectEvents:
        """Those of an API server that does not answer."""
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
    """Pods whose template's probes ask /health and /ready at a port that is named."""

    @property
    def cluster(self) -> Cluster: ...
    @property
    def probe(self) -> HealthProbe: ...

    def deploy(self, tag: str) -> Workload:
        """The workload, once its containers run."""
        ...

    def delete(self) -> None: ...


class ConfigurationDriver(Protocol):
    """A namespace with nothing of the test's names."""

    @property
    def configuration(self) -> Configuration: ...
    @property
    def copies(self) -> ConfigurationCopies: ...
    @property
    def restorer(self) -> ConfigurationRestorer: ...
    @property
    def namespace(self) -> str: ...
    @property
    def owner(self) -> tuple[WorkloadRef, str]:
        """A Deployment that exists, and its UID."""
        ...

    def write(self, reference: Reference, value: str, *, immutable: bool = False) -> None:
        """Create it with one key of this value (or such a label, where it has no keys), or change it."""
        ...

    def remove(self, reference: Reference) -> None: ...
    def spoil_copy(self, name: str) -> None:
        """Delete the daemon's copy of this name."""
        ...

    def now(self) -> datetime: ...
    def wait(self, seconds: float) -> None: ...
    def cut_off(self) -> Configuration:
        """One whose API server does not answer."""
        ...


class LogDriver(Waiting, Protocol):
    """One pod of one container, which writes what it is given once."""

    @property
    def logs(self) -> Logs: ...
    @property
    def namespace(self) -> str: ...
    @property
    def pod(self) -> str: ...
    @property
    def container(self) -> str: ...
    def write(self, *lines: bytes) -> None: ...
    def cut_off(self) -> Logs:
        """One whose API server does not answer."""
        ...


class SurroundingsDriver(Waiting, Protocol):
    """A Deployment of healthy pods, what they depend on, and a database beside them that is not there yet."""

    @property
    def gauges(self) -> Gauges: ...
    @property
    def neighbours(self) -> Neighbours: ...
    @property
    def nodes(self) -> Nodes: ...
    @property
    def dependency(self) -> str:
        """Its gauge is kept by each pod of the Deployment."""
        ...

    @property
    def namespace(self) -> str: ...
    @property
    def neighbour(self) -> str:
        """The database's name as a neighbour."""
        ...

    @property
    def interval(self) -> float:
        """Seconds between two scrapes of a pod."""
        ...

    def now(self) -> float:
        """Unix seconds."""
        ...

    def deploy(self, *, replicas: int = 2) -> None: ...
    def pods(self) -> Sequence[Pod]:
        """The Deployment's pods that are ready and stay."""
        ...

    def reach(self, up: bool) -> None:
        """Whether the pods reach the dependency from now on."""
        ...

    def run_database(self) -> None:
        """One pod of it, ready sooner or later."""
        ...

    def spoil_database(self) -> None:
        """Its pod runs on and is not ready any more."""
        ...

    def remove_database(self) -> None: ...
    def blind(self) -> Gauges:
        """Gauges whose metrics server does not answer."""
        ...
