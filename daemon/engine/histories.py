"""What befalls pods between two writes of their case: not seen again, and not worth a write of its own."""

from __future__ import annotations

from datetime import datetime

from daemon.core.case.case import Case
from daemon.core.model import Workload
from daemon.core.rollout_facts.pod_history import PodHistory, follow_pods, interrupted


class Histories:
    """Thread-safe as long as a case is never looked at by two at once. A case carries the histories as of its
    last write; here they go on from look to look. A process that finds a case begins with what it carries,
    and with no spell that nobody saw last."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, tuple[PodHistory, ...]]] = {}
        """Case → the ReplicaSet that it is about now and whether it acted, and the histories of the last
        look."""

    def look(self, case: Case, workload: Workload, now: datetime) -> tuple[PodHistory, ...]:
        """The histories after this look, of the revision that matters now: after the patch the target's."""
        status, revision, since = case.status, case.spec.revision, case.spec.started_at
        if status.patched_at is not None and status.target is not None:
            revision, since = status.target, status.patched_at
        about, known = self._known.get(case.key, ("", ()))
        matters = f"{revision.replica_set_uid}/{'patched' if status.patched_at is not None else ''}"
        if about != matters:
            # Another process's, or those of the revision before the patch, which the case has dropped.
            known = interrupted(status.pods, now)
        looked = follow_pods(known, workload, revision, since, now)
        if case.active:
            # One that is over was forgotten already, and what is left to do for it needs none.
            self._known[case.key] = (matters, looked)
        return looked

    def forget(self, key: str) -> None:
        """The case is over."""
        self._known.pop(key, None)
