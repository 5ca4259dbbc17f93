"""Which API server, and as whom: a kubeconfig, or the pod's own account."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

from kubernetes import client as _client
from kubernetes import config as _config
from kubernetes.config import incluster_config as _in_cluster

from daemon import ports
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.stream import one_line

# The official client's annotations are partial; behind this name it is untyped on purpose.
_kubernetes = cast("Any", _client)
_configs = cast("Any", _config)
_NAMESPACE_FILE = Path(_in_cluster.SERVICE_TOKEN_FILENAME).with_name("namespace")


def load(kubeconfig: Path | None = None, context: str | None = None) -> KubeClient:
    """A client from the kubeconfig given, else the pod's ServiceAccount, else the default kubeconfig.

    Raises Rejected when there is no usable configuration.
    """
    configuration = _kubernetes.Configuration()
    file = str(kubeconfig) if kubeconfig is not None else None

    def in_cluster() -> None:
        _configs.load_incluster_config(client_configuration=configuration)

    def from_file() -> None:
        _configs.load_kube_config(
            config_file=file, context=context, client_configuration=configuration, persist_config=False
        )

    try:
        if kubeconfig is None and context is None and _in_a_pod():
            in_cluster()
            return KubeClient(configuration, namespace=_NAMESPACE_FILE.read_text().strip(), renew=in_cluster)
        from_file()
        return KubeClient(configuration, namespace=_context_namespace(file, context), renew=from_file)
    except (_config.ConfigException, OSError) as error:
        raise ports.Rejected(
            f"no usable Kubernetes configuration ({one_line(error)}): give a kubeconfig, "
            f"or run in a pod with a ServiceAccount"
        ) from error


def _in_a_pod() -> bool:
    return (
        bool(os.environ.get(_in_cluster.SERVICE_HOST_ENV_NAME))
        and Path(_in_cluster.SERVICE_TOKEN_FILENAME).is_file()
    )


def _context_namespace(file: str | None, context: str | None) -> str:
    contexts, active = _configs.list_kube_config_contexts(config_file=file)
    chosen = next((c for c in contexts if c["name"] == context), active)
    return str(chosen["context"].get("namespace") or "default")
