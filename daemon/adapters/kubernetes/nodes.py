"""What is wrong with a node, asked of the API server one node at a time: a cluster may have thousands."""

from __future__ import annotations

from daemon.adapters.kubernetes import partial
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.resources import NODES

TIMEOUT = 2.0
"""Seconds for one answer: a rollback may be waiting for it."""
BAD_WHEN_TRUE = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


class NodeStatus(partial.Partial, frozen=True):
    conditions: list[partial.Condition] | None = None


class Node(partial.Partial, frozen=True):
    status: NodeStatus = NodeStatus()


class KubeNodes:
    """The ``Nodes`` port."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    def trouble(self, node: str) -> str:
        return trouble_of(self._client.read(NODES.path(name=node), Node, timeout=TIMEOUT))


def trouble_of(node: Node) -> str:
    """What its conditions say is wrong with it; empty where nothing is."""
    return "; ".join(_words(condition) for condition in node.status.conditions or () if _bad(condition))


def _bad(condition: partial.Condition) -> bool:
    """``Ready`` is bad when it is not true: the node controller sets it to ``Unknown`` for a silent node."""
    if condition.type == "Ready":
        return condition.status != "True"
    return condition.type in BAD_WHEN_TRUE and condition.status == "True"


def _words(condition: partial.Condition) -> str:
    name = "NotReady" if condition.type == "Ready" else condition.type
    since = condition.last_transition_time
    when = f" since {since:%H:%M:%S}" if since is not None else ""
    why = f" ({condition.message or condition.reason})" if condition.message or condition.reason else ""
    return f"{name}{when}{why}"
