"""Looks at what pods read when they start: as a rollout is first seen, and as its recovery is proven."""

from __future__ import annotations

from collections.abc import Iterable

from daemon.core.case.case import Case
from daemon.core.model import Revision, WorkloadRef
from daemon.core.rollout_facts.configuration import ABSENT, Reference, Sighting, references
from daemon.ports import Clock, Cluster, Configuration, PortError


class ConfigurationLook:
    """Asked for a workload by one at a time. What cannot be read is a sighting with its problem."""

    def __init__(self, configuration: Configuration, cluster: Cluster, clock: Clock) -> None:
        self._configuration = configuration
        self._cluster = cluster
        self._clock = clock

    def at(self, ref: WorkloadRef, revision: Revision) -> tuple[Sighting, ...]:
        """The ConfigMaps and Secrets that a revision's template names, as they are now."""
        template = self._cluster.template(ref, revision)
        named = references(template) if template is not None else ()
        return tuple(self._sighting(ref.namespace, reference) for reference in named)

    def missing(self, namespace: str, reference: Reference) -> bool:
        """Whether it is known not to be there."""
        try:
            return self._configuration.version(namespace, reference).version == ABSENT
        except PortError:
            return False

    def _sighting(self, namespace: str, reference: Reference) -> Sighting:
        # Before the question: what is written while it is under way counts as later.
        at = self._clock.now()
        try:
            seen = self._configuration.version(namespace, reference)
        except PortError as error:
            return Sighting(reference=reference, at=at, problem=str(error))
        return Sighting(reference=reference, at=at, version=seen.version, written_at=seen.written_at)


def ever_seen(cases: Iterable[Case]) -> tuple[Sighting, ...]:
    """What the cases of a workload remember."""
    return tuple(sighting for case in cases for sighting in case.status.configuration)
