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
            namespace = _NAMESPACE_FILE.read_text().strip()
            return KubeClient(
                configuration, namespace=namespace, renew=in_cluster, origin="the pod's ServiceAccount"
            )
        chosen = _chosen_context(file, context)
        from_file()
    except (_config.ConfigException, OSError) as error:
        raise ports.Rejected(
            f"no usable Kubernetes configuration ({one_line(error)}): name a file with --kubeconfig or "
            f"KUBECONFIG, or run in a pod with a ServiceAccount"
        ) from error
    return KubeClient(
        configuration,
        namespace=str(chosen["context"].get("namespace") or "default"),
        renew=from_file,
        origin=f"context {chosen['name']}",
    )


def _in_a_pod() -> bool:
    return (
        bool(os.environ.get(_in_cluster.SERVICE_HOST_ENV_NAME))
        and Path(_in_cluster.SERVICE_TOKEN_FILENAME).is_file()
    )


def _chosen_context(file: str | None, context: str | None) -> dict[str, Any]:
    """The context of that name, or else the current one. Raises Rejected, with those that there are."""
    contexts, active = _configs.list_kube_config_contexts(config_file=file)
    if context is None:
        return cast("dict[str, Any]", active)
    found = next((each for each in contexts if each["name"] == context), None)
    if found is None:
        where = file or _configs.kube_config.KUBE_CONFIG_DEFAULT_LOCATION
        names = ", ".join(sorted(each["name"] for each in contexts))
        raise ports.Rejected(f"there is no context {context} in {where}: it has {names}")
    return cast("dict[str, Any]", found)
