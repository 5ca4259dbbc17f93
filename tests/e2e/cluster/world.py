"""The cluster's own namespaces, and the cable that lets this machine reach into them.

The cluster runs in network, mount, pid and cgroup namespaces of its own. A veth pair joins its network to
this machine's, with routes to the node, the pods and the Services: a test or a daemon run here reaches them
all by their addresses, and pods reach this machine at ``HOST_ADDRESS``.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from tests.e2e.cluster.processes import WORLD, Processes
from tests.e2e.cluster.state import (
    HOST_ADDRESS,
    HOST_INTERFACE,
    INNER_ADDRESS,
    INNER_INTERFACE,
    NODE_ADDRESS,
    POD_RANGE,
    SERVICE_RANGE,
    State,
)
from tests.e2e.cluster.waiting import ClusterError, wait_for

SCRIPT = Path(__file__).with_name("namespace.sh")
CGROUPS = Path("/sys/fs/cgroup")
# Where containerd puts containers when the kubelet keeps no pod cgroups.
CONTAINER_CGROUP = "k8s.io"


def create(state: State, processes: Processes) -> None:
    """Make the namespaces and wire them to this machine.

    Raises:
        ClusterError: another cluster has this machine's end of the cable.
    """
    if _connected():
        raise ClusterError(
            f"another cluster runs on this machine (interface {HOST_INTERFACE}): take it down with its own"
            " ROLLBACKD_CLUSTER_DIR"
        )
    flags = ["-n", "-m", "-C", "-p", "--fork", "--propagation", "private"]
    processes.spawn(WORLD, ["unshare", *flags, "sh", str(SCRIPT), str(state.root)])
    wait_for("namespaces", (state.run / "ready").exists, seconds=15, log=state.log(WORLD), pause=0.02)
    _connect(processes)


def _connect(processes: Processes) -> None:
    world = processes.find(WORLD)
    if world is None:
        raise ClusterError("the cluster's namespaces ended while they were wired")
    inner = ["peer", "name", INNER_INTERFACE, "netns", str(world.pid)]
    _ip("link", "add", HOST_INTERFACE, "type", "veth", *inner)
    _ip("address", "add", f"{HOST_ADDRESS}/30", "dev", HOST_INTERFACE)
    _ip("link", "set", HOST_INTERFACE, "up")
    _run(processes.inside("ip", "address", "add", f"{INNER_ADDRESS}/30", "dev", INNER_INTERFACE))
    _run(processes.inside("ip", "link", "set", INNER_INTERFACE, "up"))
    for target in (f"{NODE_ADDRESS}/32", POD_RANGE, SERVICE_RANGE):
        _ip("route", "replace", target, "via", INNER_ADDRESS, "dev", HOST_INTERFACE)


def disconnect() -> None:
    """Remove the cable; its routes go with it."""
    if _connected():
        subprocess.run(["ip", "link", "delete", HOST_INTERFACE], capture_output=True, check=False)


def _connected() -> bool:
    return (Path("/sys/class/net") / HOST_INTERFACE).exists()


def remove_cgroups() -> None:
    """Remove what killed containers leave in the machine's cgroups: empty folders, nothing that lives.

    A folder whose processes have just been killed is busy for a moment, so a second pass may be needed.
    """
    for _ in range(20):
        # Below the cgroup of whoever brought the cluster up, in each of the machine's hierarchies.
        left = [path for root in CGROUPS.rglob(CONTAINER_CGROUP) for path in _folders(root)]
        for path in left:
            try:
                path.rmdir()
            except OSError:
                continue
        if not any(path.exists() for path in left):
            return
        time.sleep(0.1)


def _folders(root: Path) -> list[Path]:
    """The folders of a cgroup tree, deepest first."""
    if not root.is_dir():
        return []
    return sorted((path for path in (root, *root.rglob("*")) if path.is_dir()), reverse=True)


def _ip(*arguments: str) -> None:
    _run(["ip", *arguments])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(f"{' '.join(command)}: {done.stderr.strip()}")
