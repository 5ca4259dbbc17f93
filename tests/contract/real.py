"""The drivers of the real adapters, against the cluster of the end-to-end tests."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from daemon.adapters.clock import SystemClock
from daemon.adapters.kubernetes.access import load
from daemon.adapters.kubernetes.actuator import KubeActuator
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.configuration import KubeConfiguration
from daemon.adapters.kubernetes.configuration_copies import KubeConfigurationCopies
from daemon.adapters.kubernetes.events import EventSink
from daemon.adapters.kubernetes.object_events import KubeObjectEvents
from daemon.adapters.kubernetes.workloads import KubeCluster
from daemon.core.model import Pod, WorkloadRef
from daemon.core.rollout_facts.configuration import Reference
from daemon.ports import Actuator, Configuration, ObjectEvents
from tests.e2e.app.build import image, load_app
from tests.e2e.app.manifests import Gl006, config_map, deployment
from tests.e2e.app.manifests import namespace as application_namespace
from tests.e2e.cluster import lifecycle
from tests.e2e.cluster.cluster import Cluster
from tests.example import NEIGHBOURS

T = TypeVar("T")

CLOSED = "https://127.0.0.1:1"
"""Where nobody listens."""
PATIENCE = 2.0
"""A machine that is busy takes longer than the contract's seconds."""
STOP = 5.0


@cache
def running() -> Cluster:
    cluster = lifecycle.running()
    assert cluster is not None, "no cluster is running: python -m tests.e2e.cluster up"
    # Whichever test comes first: on a new machine nobody has built the stand-in's images yet.
    load_app(cluster)
    return cluster


@contextmanager
def client_of(cluster: Cluster, *, dead: bool = False) -> Iterator[KubeClient]:
    text = cluster.kubeconfig.read_text()
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "kubeconfig"
        copy.write_text(text.replace(cluster.api_url, CLOSED) if dead else text)
        client = load(copy)
        try:
            yield client
        finally:
            client.close()


@contextmanager
def namespace(cluster: Cluster) -> Iterator[str]:
    name = f"contract-{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", name)
    try:
        yield name
    finally:
        cluster.kubectl("delete", "namespace", name, "--wait=false")


class Waiting:
    def until(self, what: str, look: Callable[[], T | None], seconds: float = 60.0) -> T:
        deadline = time.monotonic() + seconds * PATIENCE
        while True:
            found = look()
            if found is not None and found is not False:
                return found
            assert time.monotonic() < deadline, f"not within {seconds * PATIENCE:g} s: {what}"
            time.sleep(0.1)


class Deployed(Waiting):
    """A Deployment of the stand-in, as people handle it with kubectl."""

    def __init__(self, cluster: Cluster, home: str, client: KubeClient) -> None:
        self._machine = cluster
        self._name = "gl-006-heatreclaim"
        self.ref = WorkloadRef(namespace=home, name=self._name)
        self._heard: list[WorkloadRef] = []
        self.cluster = KubeCluster(
            client,
            guard=lambda ref, _labels: ref == self.ref,
            namespaces=[home],
            clock=SystemClock(),
            notify=self._heard.append,
            on_problem=print,
            neighbours=NEIGHBOURS,
        )
        self.cluster.start()
        self.until("the first list", self.cluster.fresh)

    def stop(self) -> None:
        assert self.cluster.stop(STOP) == []

    def kubectl(self, *arguments: str) -> str:
        return self._machine.kubectl("-n", self.ref.namespace, *arguments)

    def deploy(self, tag: str, *, replicas: int = 2, progress_deadline: int = 60) -> None:
        app = Gl006(
            namespace=self.ref.namespace,
            name=self._name,
            tag=tag,
            replicas=replicas,
            progress_deadline_seconds=progress_deadline,
        )
        self._machine.apply(config_map(app))
        self._machine.apply(deployment(app))

    def set_tag(self, tag: str) -> None:
        self.kubectl("set", "image", f"deployment/{self._name}", f"{self._name}={image(tag)}")

    def restart(self) -> None:
        self.kubectl("rollout", "restart", f"deployment/{self._name}")

    def undo_by_somebody(self, to_number: int = 0) -> None:
        self.kubectl("rollout", "undo", f"deployment/{self._name}", f"--to-revision={to_number}")

    def scale(self, replicas: int) -> None:
        self.kubectl("scale", f"deployment/{self._name}", f"--replicas={replicas}")

    def pause(self) -> None:
        self.kubectl("rollout", "pause", f"deployment/{self._name}")

    def resume(self) -> None:
        self.kubectl("rollout", "resume", f"deployment/{self._name}")

    def label(self, name: str, value: str) -> None:
        self.kubectl("label", f"deployment/{self._name}", f"{name}={value}")

    def annotate(self, name: str, value: str | None) -> None:
        words = f"{name}-" if value is None else f"{name}={value}"
        self.kubectl("annotate", "--overwrite", f"deployment/{self._name}", words)

    def delete(self) -> None:
        self.kubectl("delete", f"deployment/{self._name}", "--cascade=foreground", "--wait=true")

    def delete_replica_set(self, name: str, uid: str) -> None:
        self.kubectl("delete", f"replicaset/{name}", "--wait=true")

    def end(self, pod: Pod) -> None:
        self.kubectl("patch", "pod", pod.name, "--type=merge", '--patch={"spec":{"activeDeadlineSeconds":1}}')

    def refuse_pods(self) -> None:
        there = len(json.loads(self.kubectl("get", "pods", "-o", "json"))["items"])
        self.kubectl("create", "quota", "full", f"--hard=pods={there}")
        self.until("the quota to count", self._quota_counts)

    def _quota_counts(self) -> bool:
        found = json.loads(self.kubectl("get", "resourcequota", "full", "-o", "json"))
        return bool(found.get("status", {}).get("used"))

    def heard(self) -> Sequence[WorkloadRef]:
        return tuple(self._heard)


class RealCluster(Deployed):
    def __init__(self, cluster: Cluster, home: str, client: KubeClient, dead: KubeClient) -> None:
        super().__init__(cluster, home, client)
        self.actuator: Actuator = KubeActuator(client)
        self._dead = dead

    def cut_off(self) -> Actuator:
        return KubeActuator(self._dead)


@contextmanager
def cluster_driver() -> Iterator[RealCluster]:
    cluster = running()
    with namespace(cluster) as home, client_of(cluster) as client, client_of(cluster, dead=True) as dead:
        driver = RealCluster(cluster, home, client, dead)
        try:
            yield driver
        finally:
            driver.stop()


class RealEvents(RealCluster):
    def __init__(self, cluster: Cluster, home: str, client: KubeClient, dead: KubeClient) -> None:
        super().__init__(cluster, home, client, dead)
        self.events: ObjectEvents = KubeObjectEvents(client)

    def blind(self) -> ObjectEvents:
        return KubeObjectEvents(self._dead)


@contextmanager
def event_driver() -> Iterator[RealEvents]:
    cluster = running()
    with namespace(cluster) as home, client_of(cluster) as client, client_of(cluster, dead=True) as dead:
        driver = RealEvents(cluster, home, client, dead)
        try:
            yield driver
        finally:
            driver.stop()


BARE: dict[str, dict[str, object]] = {
    "ServiceAccount": {},
    "PersistentVolumeClaim": {
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    },
}
"""What objects have in place of contents; their label is what is written."""


class RealConfiguration:
    def __init__(self, cluster: Cluster, home: str, client: KubeClient, dead: KubeClient) -> None:
        self._machine = cluster
        self._dead = dead
        self.namespace = home
        self.configuration: Configuration = KubeConfiguration(client)
        self.copies = self.restorer = KubeConfigurationCopies(client)
        app = Gl006(namespace=home, name="owner", tag="v1.0.0", replicas=0)
        cluster.apply(deployment(app))
        uid = cluster.kubectl("-n", home, "get", "deployment", "owner", "-o", "jsonpath={.metadata.uid}")
        self.owner = (WorkloadRef(namespace=home, name="owner"), uid)

    def remove(self, reference: Reference) -> None:
        self._machine.kubectl("-n", self.namespace, "delete", reference.kind, reference.name)

    def spoil_copy(self, name: str) -> None:
        self._machine.kubectl("-n", self.namespace, "delete", "configmap", name)

    def write(self, reference: Reference, value: str, *, immutable: bool = False) -> None:
        body = {
            **({"immutable": True} if immutable else {}),
            "apiVersion": "v1",
            "kind": reference.kind,
            "metadata": {
                "name": reference.name,
                "namespace": self.namespace,
                "labels": {"key": value if reference.kind in BARE else ""},
            },
            **BARE.get(reference.kind, {"data": {"key": base64.b64encode(value.encode()).decode()}}),
        }
        # Applied on the client's side, it would be held once more in an annotation, and that is limited.
        apply = ("apply", "--server-side", "--force-conflicts", "-f", "-")
        self._machine.kubectl(*apply, input=json.dumps(body))

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def cut_off(self) -> Configuration:
        return KubeConfiguration(self._dead)


@contextmanager
def configuration_driver() -> Iterator[RealConfiguration]:
    cluster = running()
    with namespace(cluster) as home, client_of(cluster) as client, client_of(cluster, dead=True) as dead:
        yield RealConfiguration(cluster, home, client, dead)


@contextmanager
def event_sink() -> Iterator[EventSink]:
    cluster = running()
    # As the application's tests make it: applying a poorer one would take its labels away.
    cluster.apply(application_namespace())
    with client_of(cluster) as client:
        yield EventSink(client)
