"""ConfigMaps and Secrets in memory: :class:`daemon.ports.Configuration`, and what people do to them."""

from __future__ import annotations

from daemon.core.rollout_facts.configuration import ABSENT, ObjectVersion, Reference
from daemon.ports import Clock


class MemoryConfiguration:
    """Each write is a version of its own, as with the API server."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._objects: dict[tuple[str, Reference], ObjectVersion] = {}
        self._writes = 0

    def version(self, namespace: str, reference: Reference) -> ObjectVersion:
        return self._objects.get((namespace, reference), ObjectVersion(version=ABSENT))

    def write(self, namespace: str, reference: Reference) -> None:
        """Create it or change it in place."""
        self._writes += 1
        written_at = self._clock.now().replace(microsecond=0)
        self._objects[namespace, reference] = ObjectVersion(
            version=f"u/{self._writes}", written_at=written_at
        )
