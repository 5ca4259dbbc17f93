"""etcd, the API server, the controllers, the scheduler, and the cluster's DNS."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.cluster import api
from tests.e2e.cluster.processes import Processes
from tests.e2e.cluster.state import (
    API_PORT,
    AUDITED,
    DNS_PORT,
    DNS_SERVICE,
    NODE_ADDRESS,
    SERVICE_RANGE,
    State,
)
from tests.e2e.cluster.waiting import wait_for

ETCD_CLIENTS = "http://127.0.0.1:22379"
ETCD_PEERS = "http://127.0.0.1:22380"

_DNS_SERVICE = f"""\
apiVersion: v1
kind: Service
metadata: {{name: kube-dns, namespace: kube-system}}
spec:
  clusterIP: {DNS_SERVICE}
  ports:
    - {{name: dns, port: 53, protocol: UDP, targetPort: {DNS_PORT}}}
    - {{name: dns-tcp, port: 53, protocol: TCP, targetPort: {DNS_PORT}}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: kube-dns-host, namespace: kube-system, labels: {{kubernetes.io/service-name: kube-dns}}}}
addressType: IPv4
endpoints: [{{addresses: [{NODE_ADDRESS}], conditions: {{ready: true}}}}]
ports: [{{name: dns, port: {DNS_PORT}, protocol: UDP}}, {{name: dns-tcp, port: {DNS_PORT}, protocol: TCP}}]
"""

_AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "Metadata", "userGroups": [f"system:serviceaccounts:{AUDITED}"]},
        {"level": "None"},
    ],
}


def start_api_server(state: State, processes: Processes, binaries: Path) -> None:
    """Start etcd and the API server, and wait until the latter is ready."""
    processes.start(
        "etcd",
        f"{binaries}/etcd",
        f"--data-dir={state.root}/etcd",
        f"--listen-client-urls={ETCD_CLIENTS}",
        f"--advertise-client-urls={ETCD_CLIENTS}",
        f"--listen-peer-urls={ETCD_PEERS}",
        f"--initial-advertise-peer-urls={ETCD_PEERS}",
        f"--initial-cluster=default={ETCD_PEERS}",
        "--unsafe-no-fsync",
    )
    pki = state.pki
    state.audit_policy.write_text(json.dumps(_AUDIT_POLICY))
    processes.start(
        "kube-apiserver",
        f"{binaries}/kube-apiserver",
        f"--etcd-servers={ETCD_CLIENTS}",
        f"--secure-port={API_PORT}",
        "--bind-address=0.0.0.0",
        # There is no default route to guess an address from.
        f"--advertise-address={NODE_ADDRESS}",
        f"--tls-cert-file={pki}/api.crt",
        f"--tls-private-key-file={pki}/api.key",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={pki}/sa.key",
        f"--service-account-signing-key-file={pki}/sa.key",
        f"--token-auth-file={pki}/tokens.csv",
        "--authorization-mode=RBAC",
        f"--audit-policy-file={state.audit_policy}",
        f"--audit-log-path={state.audit_log}",
        # In megabytes: beyond it the file would be put aside, and a run read in part.
        "--audit-log-maxsize=4000",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        "--allow-privileged=true",
        # For exec and logs: the node's name resolves nowhere.
        "--kubelet-preferred-address-types=InternalIP",
    )
    log = state.log("kube-apiserver")
    wait_for("ready API server", lambda: api.is_ready(state), seconds=90, log=log)


def start_controllers(state: State, processes: Processes, binaries: Path) -> None:
    """Start the controllers and the scheduler: they find the API server by themselves."""
    processes.start(
        "kube-controller-manager",
        f"{binaries}/kube-controller-manager",
        f"--kubeconfig={state.kubeconfig}",
        f"--root-ca-file={state.ca}",
        f"--service-account-private-key-file={state.pki}/sa.key",
        "--use-service-account-credentials=true",
        "--leader-elect=false",
        "--secure-port=0",
    )
    processes.start(
        "kube-scheduler",
        f"{binaries}/kube-scheduler",
        f"--kubeconfig={state.kubeconfig}",
        "--leader-elect=false",
        "--secure-port=0",
    )


def start_dns(state: State, processes: Processes, binaries: Path) -> None:
    """Start CoreDNS on the node's address, behind the usual Service."""
    api.kubectl(binaries, state, "apply", "-f", "-", given=_DNS_SERVICE)
    corefile = state.root / "Corefile"
    corefile.write_text(
        f".:{DNS_PORT} {{\n bind {NODE_ADDRESS}\n errors\n"
        f" kubernetes cluster.local in-addr.arpa {{\n  kubeconfig {state.kubeconfig}\n }}\n cache 5\n}}\n"
    )
    processes.start("coredns", f"{binaries}/coredns", "-conf", str(corefile))
