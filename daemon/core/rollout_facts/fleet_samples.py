"""The samples of one answer, so that each workload finds its own without a look at everybody else's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from daemon.core.rollout_facts.pod_owner import PodOwners, beginning
from daemon.core.signals.sample import Sample


class FleetSamples:
    """Grouped by namespace and by the beginning of the pod's name, which the pods of one ReplicaSet share.

    Grouping costs once what the answer is long; a workload's samples then cost what they are many.
    """

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._groups: defaultdict[tuple[str, str], list[Sample]] = defaultdict(list)
        for sample in samples:
            self._groups[sample.namespace, beginning(sample.pod)].append(sample)

    def of(self, namespace: str, owners: PodOwners) -> list[Sample]:
        """Those of a workload's pods, oldest first."""
        found = [
            sample
            for begins in owners.beginnings
            for sample in self._groups.get((namespace, begins), ())
            if owners.of(sample.pod)
        ]
        return sorted(found, key=lambda sample: (sample.at, sample.pod))
