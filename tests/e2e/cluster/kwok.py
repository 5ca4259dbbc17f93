"""KWOK: nodes that exist at the API server alone, for drains, losses and fleets.

It keeps the nodes labelled ``type=kwok`` and no others: managing all nodes would overwrite the status of the
real node's pods. Which state follows which is in its own module's Stage documents.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.e2e.cluster.binaries import SOURCES, go_command
from tests.e2e.cluster.cluster import Cluster

SELECTOR = "type=kwok"
POD_RANGE = "127.77.0.0/16"
"""Where no pod can be reached by mistake: it is this machine's own loopback network."""

_STAGES = (
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-complete.yaml",
    "pod/fast/pod-delete.yaml",
)


def start(cluster: Cluster) -> None:
    """Start it, or find it running. ``lifecycle.down`` stops it with everything else.

    Raises:
        MissingTool: there is no Go toolchain to find its Stage documents with.
    """
    if cluster.processes.find("kwok") is not None:
        return
    config = cluster.state.root / "kwok.yaml"
    config.write_text(_config())
    cluster.processes.start(
        "kwok",
        f"{cluster.binaries}/kwok",
        f"--kubeconfig={cluster.kubeconfig}",
        f"--manage-nodes-with-label-selector={SELECTOR}",
        f"--cidr={POD_RANGE}",
        f"--config={config}",
        "--node-lease-duration-seconds=40",
    )


def _config() -> str:
    module = subprocess.run(
        [go_command(), "list", "-m", "-json", "sigs.k8s.io/kwok"],
        cwd=SOURCES / "kwok",
        capture_output=True,
        text=True,
        check=True,
    )
    folder = Path(json.loads(module.stdout)["Dir"]) / "kustomize/stage"
    return "\n---\n".join((folder / name).read_text() for name in _STAGES)
