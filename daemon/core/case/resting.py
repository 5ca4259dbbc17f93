"""Whether anything is left to do for a workload, told by its cases' outlines.

Nearly every look at a fleet finds a workload that runs what its newest case found healthy. So that it costs
little, however much is kept of earlier releases, only the cases that tell of what runs are decoded for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from daemon.core.case.outline import Outline
from daemon.core.model import Workload


def told_by(workload: Workload, outlines: Sequence[Outline], keep: int) -> Sequence[Outline] | None:
    """The cases of what a workload at rest runs, its newest among them; ``None`` where it is not at rest.

    At rest the newest case is about the current rollout, no case has anything left to do, none was refused,
    none is to be pruned, and none but the newest says that the workload is in trouble.
    """
    current = workload.current
    if current is None or len(outlines) > keep or not all(one.settled for one in outlines):
        return None
    own = [one for one in outlines if one.workload_uid == workload.uid]
    newest = max(own, key=lambda one: (one.generation, one.opened_at, one.number), default=None)
    running = (current.replica_set_uid, current.number, current.hash)
    if newest is None or (newest.replica_set_uid, newest.number, newest.hash) != running:
        return None
    if any(one.troubled and one is not newest for one in outlines):
        return None
    if any(one.target_hash == current.hash for one in own):
        # Which configuration it is proven with may be told by the case of another revision.
        return None
    return [one for one in own if one.hash == current.hash]
