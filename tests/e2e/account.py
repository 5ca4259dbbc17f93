"""A service account with the rights that the chart grants for some settings, and none beside them."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from ruamel.yaml import YAML

from tests.chart.rendering import CHART, helm
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.cluster.state import AUDITED
from tests.e2e.rights import Right, rights_of

RELEASE = "process"
NAME = f"{RELEASE}-rollbackd"
"""Of the account, of its Roles, and of the Lease where there is an election: the release's full name."""
NEEDED = frozenset({"ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "Lease"})
GRANTED: set[Right] = set()
"""What the chart has granted to any daemon since this process began."""
_ONE_AT_A_TIME = threading.Lock()
"""Stories that are played side by side would make the same objects at the same time."""
Manifest = dict[str, Any]


def home(name: str = AUDITED) -> Manifest:
    """The namespace of a daemon and its accounts. Of ``AUDITED``'s requests the API server keeps a record."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted", "name": name}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def note(manifests: str) -> list[Manifest]:
    """The objects of a rendered chart; what they grant to the daemon is noted in ``GRANTED``."""
    found = [one for one in YAML(typ="safe").load_all(manifests) if one is not None]
    GRANTED.update(rights_of(found, AUDITED))
    return found


def kubeconfig(cluster: Cluster, settings: Mapping[str, Any], server: str) -> Manifest:
    """Credentials of the account, made for daemons with these settings that reach the API at ``server``."""
    with _ONE_AT_A_TIME:
        cluster.apply(json.dumps(home()))
        objects = {"apiVersion": "v1", "kind": "List", "items": list(_objects(settings))}
        cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=json.dumps(objects))
    token = cluster.kubectl("-n", AUDITED, "create", "token", NAME, "--duration=24h").strip()
    trust = {"certificate-authority": str(cluster.ca)} if server.startswith("https:") else {}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "e2e", "cluster": {"server": server, **trust}}],
        "users": [{"name": NAME, "user": {"token": token}}],
        "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": NAME}}],
        "current-context": "e2e",
    }


def _objects(settings: Mapping[str, Any]) -> Iterator[Manifest]:
    values = {"config": settings, "webhook": {"enabled": False}, "replicas": 1}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(values, file)
        file.flush()
        rendered = helm("template", RELEASE, str(CHART), "--namespace", AUDITED, "-f", file.name)
    for manifest in note(rendered):
        if manifest["kind"] in NEEDED:
            yield manifest
