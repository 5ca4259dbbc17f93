"""Puts together what the state machine looks at: the world, the judge's answer, the target, the proof."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from daemon.core import facts, target
from daemon.core.case import Assessment, Case, Phase, Verdict, Verification
from daemon.core.events import Observed
from daemon.core.judge import assess
from daemon.core.model import Policy, Workload
from daemon.core.verification import Facts, Health, verify
from daemon.engine.evidence import SLACK, EvidenceRoom
from daemon.ports import Cluster, HealthProbe

DAY = timedelta(days=1)


class Observer:
    def __init__(self, room: EvidenceRoom, health: HealthProbe, cluster: Cluster) -> None:
        self._room = room
        self._health = health
        self._cluster = cluster

    def observe(
        self, case: Case, workload: Workload | None, cases: Sequence[Case], policy: Policy, now: datetime
    ) -> Observed:
        """What is known of a case now. Asks the health endpoints only while a recovery is being proven."""
        if workload is None:
            gone = Assessment(verdict=Verdict.UNKNOWN, reason="the Deployment is gone")
            return Observed(
                workload=None, assessment=gone, choice=target.Choice(revision=None, reason=gone.reason)
            )
        return Observed(
            workload=workload,
            assessment=self._assess(case, workload, policy, now),
            choice=target.choose(workload, case.spec.revision, cases),
            verification=self._verify(case, workload, policy),
            recent_rollbacks=_recent(case, cases, now),
        )

    def _assess(self, case: Case, workload: Workload, policy: Policy, now: datetime) -> Assessment:
        revision = case.spec.revision
        against = (
            *facts.against(workload, revision, policy, now),
            *facts.decisive(case.status.alerts, policy, case.spec.started_at),
        )
        return assess(workload, against, self._room.views(case, workload), policy, revision)

    def _verify(self, case: Case, workload: Workload, policy: Policy) -> Verification | None:
        goal = case.status.target
        if case.phase is not Phase.VERIFYING or goal is None:
            return None
        if not self._cluster.fresh():
            # A recovery is not claimed from what the cluster looked like before its watches fell silent.
            return None
        pods = [pod for pod in workload.pods if not pod.deleting]
        answers: tuple[Health, ...] = ()
        if policy.health_paths:
            answers = self._health.probe(pods, policy.health_paths)
        patched = case.status.patched_at
        older = frozenset(pod.name for pod in pods if patched and pod.created_at < patched - SLACK)
        seen = Facts(
            workload=workload,
            target=goal,
            health=answers,
            fresh=self._room.fresh_views(case, workload),
            alerts=case.status.alerts,
            pods_at_patch=older,
        )
        return verify(seen, policy, case.status.assessment)


def _recent(case: Case, cases: Sequence[Case], now: datetime) -> int:
    """Rollbacks of the same workload in the last 24 hours."""
    return sum(
        1
        for other in cases
        if other.spec.workload_uid == case.spec.workload_uid
        and other.name != case.name
        and other.status.patched_at is not None
        and now - other.status.patched_at < DAY
    )
