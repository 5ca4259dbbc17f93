"""Writing in somebody's name: with their own token, so that the API server checks and audits them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from daemon import logs
from daemon.adapters.kubernetes import pausing
from daemon.adapters.kubernetes.actuator import KubeActuator
from daemon.adapters.kubernetes.cases import KubeCaseStore
from daemon.adapters.kubernetes.client import KubeClient
from daemon.core.model import WorkloadRef
from daemon.ports import Clock, Deputy, Identity

log = logs.get("web")


class KubeDeputies:
    """Implements :class:`daemon.ports.Deputies`."""

    def __init__(self, client: KubeClient, namespaces: Sequence[str], clock: Clock) -> None:
        self._client = client
        self._namespaces = tuple(namespaces)
        self._clock = clock

    @contextmanager
    def of(self, who: Identity) -> Iterator[Deputy]:
        if who.token is None:
            yield self._deputy(self._client)
            return
        client = self._client.as_person(who.token)
        try:
            yield self._deputy(client)
        finally:
            client.close()

    def _deputy(self, client: KubeClient) -> Deputy:
        cases = KubeCaseStore(client, namespaces=self._namespaces, clock=self._clock, on_problem=log.warning)
        return Deputy(cases=cases, actuator=KubeActuator(client), pauses=_Pauses(client))


class _Pauses:
    def __init__(self, client: KubeClient) -> None:
        self._client = client

    def pause(self, ref: WorkloadRef, value: str | None) -> None:
        pausing.write(self._client, ref, value, manager="rollbackd")
