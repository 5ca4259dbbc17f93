"""Bringing the cluster up and taking it down."""

from __future__ import annotations

import shutil
import subprocess
import time

from tests.e2e.cluster import api, binaries, certificates, control_plane, node, requirements, world
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.cluster.monitoring import Monitoring
from tests.e2e.cluster.processes import WORLD, Processes
from tests.e2e.cluster.state import State, default_state
from tests.e2e.cluster.waiting import ClusterError, Progress, wait_for

# What a test may have stopped on purpose does not make a cluster unhealthy.
MAY_BE_STOPPED = frozenset({"prometheus", "alertmanager"})
COMPONENTS = (
    WORLD,
    "containerd",
    "registry",
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "coredns",
    "prometheus",
    "alertmanager",
)


def status(state: State | None = None) -> dict[str, bool]:
    """Which component lives."""
    processes = Processes(state or default_state())
    return {name: processes.find(name) is not None for name in COMPONENTS}


def running(state: State | None = None) -> Cluster | None:
    """The healthy cluster of that state, if there is one. One without a record was started by older code."""
    state = state or default_state()
    needed = [alive for name, alive in status(state).items() if name not in MAY_BE_STOPPED]
    if not all(needed) or not api.is_ready(state) or not state.audit_log.exists():
        return None
    return Cluster(state, binaries.ensure())


def up(state: State | None = None, *, scrape_interval: float = 2.0) -> Cluster:
    """The running cluster, started if there is none and anew where its remains are unhealthy.

    Raises:
        MissingTool: the machine lacks something, all of it in one message.
        ClusterError: a component did not come up; the end of its log is in the message.
    """
    state = state or default_state()
    progress = Progress()
    requirements.check()
    with binaries.locked(state.lock):
        found = running(state)
        if found is not None:
            progress(f"already running in {state.root}")
            Monitoring(state, found.processes, found.binaries).start_prometheus()
            return found
        _remove(state, progress)
        folder = binaries.ensure()
        try:
            return _start(Cluster(state, folder), progress, scrape_interval)
        except BaseException:
            _end(state)
            raise


def _start(cluster: Cluster, progress: Progress, scrape_interval: float) -> Cluster:
    state, processes, folder = cluster.state, cluster.processes, cluster.binaries
    state.prepare()
    world.create(state, processes)
    progress("namespaces")
    node.start_runtime(state, processes)
    certificates.create(state)
    control_plane.start_api_server(state, processes, folder)
    progress("API server")
    control_plane.start_controllers(state, processes, folder)
    node.await_runtime(state, processes)
    node.start_kubelet(state, processes, folder)
    node.start_proxy(state, processes, folder)
    node.await_ready(state, folder)
    progress("node ready")
    control_plane.start_dns(state, processes, folder)
    Monitoring(state, processes, folder).create(scrape_interval=scrape_interval)
    progress("Prometheus and Alertmanager")
    log = state.log("kube-controller-manager")
    wait_for("default ServiceAccount", lambda: _has_account(cluster), seconds=30, log=log)
    progress(f"up: export KUBECONFIG={state.kubeconfig}")
    return cluster


def _has_account(cluster: Cluster) -> bool:
    """Pods are refused until the controllers have made the namespace's ServiceAccount."""
    return "default" in cluster.kubectl("get", "serviceaccounts", "-o", "name", check=False)


def down(state: State | None = None) -> None:
    """Stop everything and remove the state; pushed images and built binaries stay in the cache."""
    state = state or default_state()
    with binaries.locked(state.lock):
        _remove(state, Progress())


def _remove(state: State, progress: Progress) -> None:
    if state.root.exists():
        _end(state)
        _delete(state)
        progress("stopped and removed what ran before")


def _end(state: State) -> None:
    """Stop the processes, newest first, and then whatever lives in their namespaces.

    The controllers end first, so that nobody replaces the pods that are deleted.
    """
    processes = Processes(state)
    for name in ("kube-controller-manager", "kube-scheduler"):
        processes.stop(name)
    if processes.find("kubelet") is not None and api.is_ready(state):
        _end_pods(state, processes)
    for entry in reversed(processes.recorded()):
        if entry.name != WORLD:
            processes.stop(entry.name)
    if processes.find(WORLD) is not None:
        # The cable ends with the namespaces; where they are gone, the one that is there is another cluster's.
        world.disconnect()
        processes.end_world()
    world.remove_cgroups()


def _end_pods(state: State, processes: Processes) -> None:
    """Let the kubelet end the pods while it can: it is the one that tidies up after them."""
    cluster = Cluster(state, binaries.ensure())
    arguments = ["delete", "pods", "--all", "-A", "--force", "--grace-period=0", "--wait=false"]
    cluster.kubectl(*arguments, check=False)
    deadline = time.monotonic() + 15
    tasks = node.ctr(state, processes, "tasks", "ls", "-q")
    while time.monotonic() < deadline:
        if not subprocess.run(tasks, capture_output=True, text=True, check=False).stdout.strip():
            return
        time.sleep(0.2)


def _delete(state: State) -> None:
    """Remove the state's folder; a mount of the ended namespaces may hold it for a moment."""
    deadline = time.monotonic() + 10
    while True:
        try:
            shutil.rmtree(state.root)
        except FileNotFoundError:
            return
        except OSError as busy:
            if time.monotonic() > deadline:
                raise ClusterError(f"cannot remove {state.root}: {busy}") from busy
            time.sleep(0.2)
        else:
            return
