"""Events about single objects: what the kubelet, the scheduler and the controllers warn of."""

from __future__ import annotations

from daemon.adapters.kubernetes import partial
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.resources import EVENTS
from daemon.core.rollout_facts.diagnosis import ObjectEvent

TIMEOUT = 2.0
"""Seconds for one answer."""
MOST = 50
"""Events of one object that are read."""


class _Series(partial.Partial, frozen=True):
    count: int = 1


class _Event(partial.Partial, frozen=True):
    reason: str = ""
    message: str = ""
    count: int | None = None
    series: _Series | None = None


class _Events(partial.Partial, frozen=True):
    items: list[_Event] | None = None


class KubeObjectEvents:
    """Implements :class:`daemon.ports.ObjectEvents`."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    def warnings(self, namespace: str, uid: str) -> tuple[ObjectEvent, ...]:
        query = {"fieldSelector": f"involvedObject.uid={uid},type=Warning", "limit": str(MOST)}
        found = self._client.read(EVENTS.path(namespace), _Events, query=query, timeout=TIMEOUT)
        return tuple(
            ObjectEvent(reason=event.reason, message=event.message, times=_times(event))
            for event in (found.items or ())[:MOST]
        )


def _times(event: _Event) -> int:
    """The scheduler and newer components count in a series, others in the Event itself."""
    return max(1, event.count or 0, event.series.count if event.series is not None else 0)
