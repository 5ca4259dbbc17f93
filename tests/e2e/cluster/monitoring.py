"""Prometheus, which discovers pods through the API server, and Alertmanager, on the node's address.

Both configurations are written as JSON, which is YAML: a setting is changed by reading, changing and writing.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.e2e.cluster import api
from tests.e2e.cluster.processes import Processes
from tests.e2e.cluster.state import NODE_ADDRESS, State
from tests.e2e.cluster.waiting import ClusterError, wait_for

PROMETHEUS_URL = f"http://{NODE_ADDRESS}:9090"
ALERTMANAGER_URL = f"http://{NODE_ADDRESS}:9093"
NAMESPACE = "monitoring"

_POD = "__meta_kubernetes_pod_"
_RELABELLING = [
    {"source_labels": [f"{_POD}annotation_prometheus_io_scrape"], "action": "keep", "regex": "true"},
    {"source_labels": [f"{_POD}phase"], "action": "drop", "regex": "Succeeded|Failed"},
    # Every port of a pod is found as a target; they all become this one, and Prometheus scrapes it once.
    {
        "source_labels": [f"{_POD}ip", f"{_POD}annotation_prometheus_io_port"],
        "regex": "(.+);(.+)",
        "replacement": "$1:$2",
        "target_label": "__address__",
    },
    {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
    {"source_labels": [f"{_POD}name"], "target_label": "pod"},
    {"source_labels": [f"{_POD}label_app"], "target_label": "app"},
]


def _service(name: str, port: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"ports": [{"name": "http", "port": port, "targetPort": port}]},
    }


def _endpoints(name: str, port: int) -> dict[str, Any]:
    labels = {"kubernetes.io/service-name": name}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": f"{name}-node", "namespace": NAMESPACE, "labels": labels},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [NODE_ADDRESS], "conditions": {"ready": True}}],
        "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
    }


def _in_cluster_names() -> str:
    """What lets pods say http://prometheus.monitoring:9090 and http://alertmanager.monitoring:9093."""
    metadata = {"name": NAMESPACE, "labels": {"name": NAMESPACE}}
    items: list[dict[str, Any]] = [{"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}]
    for name, port in (("prometheus", 9090), ("alertmanager", 9093)):
        items += [_service(name, port), _endpoints(name, port)]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def _prometheus_config(state: State, seconds: float) -> dict[str, Any]:
    discovery = {"role": "pod", "kubeconfig_file": str(state.kubeconfig)}
    scrape = {"job_name": "pods", "kubernetes_sd_configs": [discovery], "relabel_configs": _RELABELLING}
    target = ALERTMANAGER_URL.removeprefix("http://")
    return {
        "global": _timing(seconds),
        "rule_files": [f"{state.prometheus}/rules/*.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [target]}]}]},
        "scrape_configs": [scrape],
    }


def _timing(seconds: float) -> dict[str, str]:
    interval = f"{round(seconds * 1000)}ms"
    return {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval}


def _alertmanager_config(url: str | None, token: str | None) -> dict[str, Any]:
    receiver: dict[str, Any] = {"name": "tests"}
    if url is not None:
        webhook: dict[str, Any] = {"url": url, "send_resolved": True}
        if token is not None:
            webhook["http_config"] = {"authorization": {"type": "Bearer", "credentials": token}}
        receiver["webhook_configs"] = [webhook]
    route = {
        "receiver": "tests",
        "group_by": ["alertname", "namespace"],
        "group_wait": "0s",
        "group_interval": "1s",
        "repeat_interval": "1h",
    }
    return {"route": route, "receivers": [receiver]}


class Monitoring:
    """The two processes and their settings; settings and recorded samples outlive a stop."""

    def __init__(self, state: State, processes: Processes, binaries: Path) -> None:
        self._state = state
        self._processes = processes
        self._binaries = binaries

    @property
    def _config(self) -> Path:
        return self._state.prometheus / "prometheus.yml"

    @property
    def _alertmanager(self) -> Path:
        return self._state.alertmanager / "alertmanager.yml"

    def create(self, *, scrape_interval: float) -> None:
        """Write the first configuration and start both."""
        _write(self._config, _prometheus_config(self._state, scrape_interval))
        _write(self._alertmanager, _alertmanager_config(None, None))
        api.kubectl(self._binaries, self._state, "apply", "-f", "-", given=_in_cluster_names())
        self._launch_prometheus()
        self._launch_alertmanager()
        self._await_both()

    def start_prometheus(self) -> None:
        """Start Prometheus on the data it had; nothing happens if it runs."""
        if self._processes.find("prometheus") is None:
            self._launch_prometheus()
        self._await_both()

    def stop_prometheus(self) -> None:
        """Stop Prometheus: an outage of the metrics, its data kept."""
        self._processes.stop("prometheus", seconds=15)

    def set_scrape_interval(self, seconds: float) -> None:
        """Scrape and evaluate rules every ``seconds`` from now on."""
        config = json.loads(self._config.read_text())
        _write(self._config, config | {"global": _timing(seconds)})
        self._reload_prometheus()

    def load_rules(self, text: str, name: str) -> None:
        """Make ``text`` the rule file of that name; an empty text removes it."""
        path = self._state.prometheus / "rules" / f"{name}.yml"
        if text.strip():
            path.write_text(text)
        else:
            path.unlink(missing_ok=True)
        self._reload_prometheus()

    def route_alerts_to(self, url: str | None, token: str | None) -> None:
        """Send every alert to one webhook, with a bearer token where one is given; ``None`` sends none."""
        _write(self._alertmanager, _alertmanager_config(url, token))
        _reload(ALERTMANAGER_URL)

    def _reload_prometheus(self) -> None:
        # A stopped Prometheus reads its files when it starts.
        if self._processes.find("prometheus") is not None:
            _reload(PROMETHEUS_URL)

    def _launch_prometheus(self) -> None:
        self._processes.start(
            "prometheus",
            f"{self._binaries}/prometheus",
            f"--config.file={self._config}",
            f"--storage.tsdb.path={self._state.prometheus}/data",
            f"--web.listen-address={NODE_ADDRESS}:9090",
            "--web.enable-lifecycle",
        )

    def _launch_alertmanager(self) -> None:
        self._processes.start(
            "alertmanager",
            "prometheus-alertmanager",
            f"--config.file={self._alertmanager}",
            f"--storage.path={self._state.alertmanager}/data",
            f"--web.listen-address={NODE_ADDRESS}:9093",
            "--cluster.listen-address=",
        )

    def _await_both(self) -> None:
        for name, url in (("prometheus", PROMETHEUS_URL), ("alertmanager", ALERTMANAGER_URL)):
            ready = f"{url}/-/ready"
            wait_for(f"ready {name}", lambda: api.answers(ready), seconds=60, log=self._state.log(name))  # noqa: B023


def _write(path: Path, config: dict[str, Any]) -> None:
    # It may hold a bearer token.
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=1))


def _reload(url: str) -> None:
    request = urllib.request.Request(f"{url}/-/reload", method="POST")
    try:
        with urllib.request.urlopen(request, timeout=15):
            pass
    except urllib.error.HTTPError as refused:
        with refused:
            reason = refused.read().decode(errors="replace").strip()
        raise ClusterError(f"{url} refused its new configuration: {reason}") from refused
