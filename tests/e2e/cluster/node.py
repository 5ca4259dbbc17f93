"""The node: containerd, the registry, kube-proxy and the kubelet."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.e2e.cluster import api, pause_image
from tests.e2e.cluster.processes import Processes
from tests.e2e.cluster.state import (
    DNS_SERVICE,
    NODE,
    NODE_ADDRESS,
    POD_RANGE,
    REGISTRY,
    REGISTRY_FROM_HOST,
    State,
    registry_storage,
)
from tests.e2e.cluster.waiting import ClusterError, wait_for


def _containerd_config(state: State) -> str:
    return f"""\
version = 2
root = "{state.root}/containerd"
state = "{state.run}/containerd"
[grpc]
  address = "{state.containerd_socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{REGISTRY}/pause:1"
  # Lowering a score takes CAP_SYS_RESOURCE, which a build machine may not have.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{state.root}/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{state.registry_hosts}"
"""


# Every registry's name is answered by the local one: a tag that was never pushed is truly "not found".
_REGISTRY_HOSTS = f"""\
server = "http://{REGISTRY}"
[host."http://{REGISTRY}"]
  capabilities = ["pull", "resolve"]
"""


def _network(state: State) -> dict[str, object]:
    addresses = {
        "type": "host-local",
        "dataDir": f"{state.root}/cni-data",
        "ranges": [[{"subnet": POD_RANGE}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "ipMasq": False, "hairpinMode": True}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge | {"ipam": addresses}, ports]}


def _kubelet_config(state: State) -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": NODE_ADDRESS,
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"},
        "containerRuntimeEndpoint": f"unix://{state.containerd_socket}",
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": False,
        "enforceNodeAllocatable": [],
        "failSwapOn": False,
        "failCgroupV1": False,
        "evictionHard": {},
        "imageGCHighThresholdPercent": 100,
        "podLogsDir": f"{state.root}/pod-logs",
        "clusterDNS": [DNS_SERVICE],
        "clusterDomain": "cluster.local",
        "resolvConf": "",
        "localStorageCapacityIsolation": False,
        "makeIPTablesUtilChains": False,
        "oomScoreAdj": 0,
        "serializeImagePulls": False,
        "registryPullQPS": 0,
        # How long a changed ConfigMap takes to reach its pods.
        "syncFrequency": "5s",
    }


def start_runtime(state: State, processes: Processes) -> None:
    """Start containerd and the registry, which depend on nothing else."""
    hosts = state.registry_hosts / "_default"
    hosts.mkdir(exist_ok=True)
    (hosts / "hosts.toml").write_text(_REGISTRY_HOSTS)
    (state.root / "containerd.toml").write_text(_containerd_config(state))
    (state.root / "cni/10-bridge.conflist").write_text(json.dumps(_network(state)))
    storage = {"filesystem": {"rootdirectory": str(registry_storage())}, "delete": {"enabled": True}}
    registry = {"version": 0.1, "storage": storage, "http": {"addr": ":5000"}}
    (state.root / "registry.yml").write_text(json.dumps(registry))
    processes.start("containerd", "containerd", "-c", f"{state.root}/containerd.toml")
    processes.start("registry", "docker-registry", "serve", f"{state.root}/registry.yml")


def await_runtime(state: State, processes: Processes) -> None:
    """Wait for containerd and the registry, and import the pause image that every pod needs."""
    log = state.log("containerd")
    wait_for("containerd", lambda: _runs(ctr(state, processes, "version")), seconds=30, log=log)
    archive = state.root / "pause.tar"
    pause_image.write(archive, name=f"{REGISTRY}/pause:1")
    imported = subprocess.run(
        ctr(state, processes, "images", "import", str(archive)), capture_output=True, text=True, check=False
    )
    if imported.returncode:
        raise ClusterError(f"importing the pause image: {imported.stderr.strip()}")
    url = f"http://{REGISTRY_FROM_HOST}/v2/"
    wait_for("registry", lambda: api.answers(url), seconds=20, log=state.log("registry"))


def ctr(state: State, processes: Processes, *arguments: str) -> list[str]:
    """The command line of containerd's client in the cluster, in Kubernetes' own image namespace."""
    return processes.inside("ctr", "-a", str(state.containerd_socket), "-n", "k8s.io", *arguments)


def _runs(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def start_kubelet(state: State, processes: Processes, binaries: Path) -> None:
    """Start the kubelet; pods that run already go on."""
    (state.root / "kubelet.json").write_text(json.dumps(_kubelet_config(state), indent=1))
    processes.start(
        "kubelet",
        f"{binaries}/kubelet",
        f"--config={state.root}/kubelet.json",
        f"--kubeconfig={state.kubeconfig}",
        f"--root-dir={state.root}/kubelet",
        f"--hostname-override={NODE}",
        f"--node-ip={NODE_ADDRESS}",
    )


def start_proxy(state: State, processes: Processes, binaries: Path) -> None:
    """Start kube-proxy, which makes Services reachable from the node and its pods."""
    processes.start(
        "kube-proxy",
        f"{binaries}/kube-proxy",
        f"--kubeconfig={state.kubeconfig}",
        "--proxy-mode=nftables",
        f"--hostname-override={NODE}",
        f"--cluster-cidr={POD_RANGE}",
        # The connection-tracking settings are the machine's, not ours to write.
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
        "--healthz-bind-address=127.0.0.1:10256",
        "--metrics-bind-address=127.0.0.1:10249",
    )


def await_ready(state: State, binaries: Path) -> None:
    """Wait until the node is ready and free of the taint that keeps pods away."""
    log = state.log("kubelet")
    wait_for("ready node", lambda: _is_ready(state, binaries), seconds=60, log=log, pause=0.2)


def _is_ready(state: State, binaries: Path) -> bool:
    path = '{.status.conditions[?(@.type=="Ready")].status}{.spec.taints}'
    told = api.kubectl(binaries, state, "get", "node", NODE, "-o", f"jsonpath={path}", check=False)
    return told.startswith("True") and "not-ready" not in told
