"""Puts together what the state machine looks at: the world, the judge's answer, the target, the proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from daemon.core.assessment import Assessment, Verdict, Verification
from daemon.core.attribution.cause import Surroundings, attribute, scene_of
from daemon.core.case import rollback_target as target
from daemon.core.case.case import Case, EffectOutcome, Phase
from daemon.core.case.events import Observed
from daemon.core.judge.coincident_failures import CoincidentFailures
from daemon.core.judge.confirmation import Confirmed, confirm
from daemon.core.judge.detection import SignalView, detect
from daemon.core.judge.recovery import Facts, Health, verify
from daemon.core.judge.verdict import conclude
from daemon.core.model import Workload
from daemon.core.policy import Policy
from daemon.core.rollout_facts import facts
from daemon.core.rollout_facts.configuration import Reference
from daemon.core.rollout_facts.pod_history import PodHistory
from daemon.engine.configuration import ConfigurationLook, ever_seen
from daemon.engine.configuration_contents import ContentLook
from daemon.engine.evidence_store import EvidenceStore
from daemon.engine.histories import Histories
from daemon.engine.restarts import own_restart
from daemon.engine.surroundings_cache import SurroundingsCache
from daemon.ports import Cluster, HealthProbe, PortError

DAY = timedelta(days=1)


class Observer:
    def __init__(
        self,
        room: EvidenceStore,
        around: SurroundingsCache,
        health: HealthProbe,
        configuration: ConfigurationLook,
        contents: ContentLook,
        cluster: Cluster,
    ) -> None:
        self._room = room
        self._around = around
        self._company = CoincidentFailures(self._views)
        self._histories = Histories()
        self._health = health
        self._configuration = configuration
        self._contents = contents
        self._cluster = cluster

    def observe(
        self,
        case: Case,
        workload: Workload | None,
        cases: Sequence[Case],
        policy: Policy,
        *,
        now: datetime,
        elapsed: float,
    ) -> Observed:
        """What is known of a case now. Asks the health endpoints only while a recovery is being proven."""
        if workload is None:
            gone = Assessment(verdict=Verdict.UNKNOWN, reason="the Deployment is gone")
            return Observed(
                workload=None, assessment=gone, choice=target.Choice(revision=None, reason=gone.reason)
            )
        pods = self._histories.look(case, workload, now)
        choice = target.choose(workload, case.spec.revision, cases)
        return Observed(
            workload=workload,
            assessment=self._assess(case, workload, policy, pods, now),
            choice=choice,
            pods=pods,
            verification=self._verify(case, workload, policy, pods, cases, now),
            drift=self._contents.drift(case, choice.revision, cases, policy),
            restarted=own_restart(self._cluster, case, workload),
            recent_rollbacks=_recent(workload, cases, now),
            elapsed=elapsed,
            polled_ago=self._room.polled_ago(case),
        )

    def forget(self, key: str) -> None:
        """A case is over."""
        self._histories.forget(key)

    def _assess(
        self,
        case: Case,
        workload: Workload,
        policy: Policy,
        pods: Sequence[PodHistory],
        now: datetime,
    ) -> Assessment:
        revision = case.spec.revision
        complete = case.status.watch_from is not None
        against = (
            *facts.against(
                workload,
                revision,
                policy,
                pods,
                now,
                complete=complete,
                there=self._there(case, workload, pods, now),
            ),
            *facts.decisive(case.status.alerts, revision, policy, case.spec.started_at),
        )
        self._around.attend(case, policy)
        views = self._room.views(case, workload)
        confirmed = confirm(detect(policy, views, against))
        if confirmed.verdict is not Verdict.FAILING:
            return conclude(confirmed)
        # What stands around the workload is costly to learn, and asked for where a failure stands.
        surroundings = self._surroundings(case, workload, policy, views, confirmed)
        scene = scene_of(workload, revision, pods, surroundings, now.timestamp())
        return conclude(confirmed, attribute(confirmed.failing, confirmed.facts, scene))

    def _there(
        self, case: Case, workload: Workload, pods: Sequence[PodHistory], now: datetime
    ) -> frozenset[Reference]:
        """Which of the objects that containers wait for are there by now, or may be."""
        waited_for = facts.missing(workload, case.spec.revision, pods, now)
        namespace = case.namespace
        return frozenset(r for r in waited_for if not self._configuration.missing(namespace, r))

    def _surroundings(
        self,
        case: Case,
        workload: Workload,
        policy: Policy,
        views: Mapping[str, SignalView],
        confirmed: Confirmed,
    ) -> Surroundings:
        """What a failure may be due to besides the release; nodes only while a decision may depend on it."""
        around = self._around
        return Surroundings(
            dependencies=around.dependencies(case, workload, policy),
            others=self._company.of(case, confirmed.onset, views, around.watched(), around.turn),
            nodes=around.nodes(case, workload) if case.status.patched_at is None else {},
        )

    def _views(self, case: Case) -> Mapping[str, SignalView]:
        """Those of another case; none where its namespace cannot be read."""
        try:
            workload = self._cluster.workload(case.ref)
        except PortError:
            return {}
        return self._room.views(case, workload) if workload is not None else {}

    def _verify(
        self,
        case: Case,
        workload: Workload,
        policy: Policy,
        histories: Sequence[PodHistory],
        cases: Sequence[Case],
        now: datetime,
    ) -> Verification | None:
        goal = case.status.target
        if case.phase is not Phase.VERIFYING or goal is None:
            return None
        if not self._cluster.fresh():
            # A recovery is not claimed from what the cluster looked like before its watches fell silent.
            return None
        answers: tuple[Health, ...] = ()
        if policy.health_paths:
            answers = self._health.probe(workload.live, policy.health_paths)
        seen = Facts(
            workload=workload,
            target=goal,
            health=answers,
            fresh=self._room.fresh_views(case, workload),
            alerts=case.status.alerts,
            pods=tuple(histories),
            at=now,
            patched_at=case.status.patched_at,
            configuration=self._configuration.at(case.ref, goal),
            configuration_before=ever_seen(cases),
            alerts_lost=case.status.alerts_lost,
        )
        return verify(seen, policy, case.status.assessment)


def _recent(workload: Workload, cases: Sequence[Case], now: datetime) -> int:
    """Rollbacks of the workload in the last 24 hours: those that were carried out, whatever came of them."""
    return sum(
        1
        for case in cases
        if case.spec.workload_uid == workload.uid
        for effect in case.status.effects
        if effect.kind == "rollback" and effect.outcome is EffectOutcome.DONE
        if effect.finished_at is not None and now - effect.finished_at < DAY
    )
