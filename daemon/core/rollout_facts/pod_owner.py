"""Which revision a pod belongs to, for whoever has nothing but the pod's name: series, gauges, alerts."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.core.model import Revision, Workload

NAME_END = 5
"""Random characters at the end of a generated name."""


def beginning(pod: str) -> str:
    """A generated name without its random end: the same for all pods of one ReplicaSet."""
    return pod[:-NAME_END]


class PodOwners:
    """Answers by the owner reference of every pod that is or was seen.

    A pod that is gone and was never seen is known by its name alone, and only where the name holds the whole
    hash (:attr:`Revision.pod_prefix`): whose it is otherwise is not known, and nothing is guessed.
    ``others`` are revisions that count although their ReplicaSets may be gone by now.
    """

    def __init__(self, workload: Workload, *others: Revision | None) -> None:
        seen = (*workload.finished, *workload.pods)
        self._seen: Mapping[str, str] = {
            **workload.departed,
            **{pod.name: pod.replica_set_uid for pod in seen},
        }
        revisions = (*(other for other in others if other is not None), *workload.revisions)
        self._prefixes = {r.pod_prefix: r.replica_set_uid for r in revisions if r.pod_prefix}

    def of(self, pod: str) -> str:
        """The UID of the ReplicaSet that made it; empty where it is none of the workload's, or not known."""
        return self._seen.get(pod) or self._prefixes.get(beginning(pod), "")

    def made(self, revision: Revision, pod: str) -> bool:
        """Whether a revision's ReplicaSet made the pod."""
        return self.of(pod) == revision.replica_set_uid

    @property
    def beginnings(self) -> frozenset[str]:
        """How the names of all pods that it knows or would know begin (:func:`beginning`)."""
        return frozenset((*map(beginning, self._seen), *self._prefixes))
