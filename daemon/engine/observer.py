"""Puts together what the state machine looks at: the world, the judge's answer, the target, the proof."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime

from daemon.core.assessment import Assessment, Verdict, Verification
from daemon.core.attribution.cause import Surroundings, attribute, scene_of
from daemon.core.attribution.configuration_change import of_change
from daemon.core.case import rollback_target as target
from daemon.core.case.case import Case, Phase
from daemon.core.case.events import Observed
from daemon.core.case.in_place import restored
from daemon.core.case.owner_policy import put_back
from daemon.core.case.phases import overdue
from daemon.core.case.rollbacks import recent_rollbacks
from daemon.core.judge.coincident_failures import CoincidentFailures
from daemon.core.judge.confirmation import Confirmed, confirm
from daemon.core.judge.detection import SignalView, detect
from daemon.core.judge.recovery import Facts, verify
from daemon.core.judge.verdict import conclude
from daemon.core.model import Workload
from daemon.core.policy import Policy
from daemon.core.rollout_facts import facts
from daemon.core.rollout_facts.configuration import Reference
from daemon.core.rollout_facts.diagnosis import NOTHING, Told
from daemon.core.rollout_facts.endpoints import chosen
from daemon.core.rollout_facts.log_lines import LogReport
from daemon.core.rollout_facts.pod_history import PodHistory
from daemon.core.runs import SmokeRun, lost_proof
from daemon.engine import in_place_evidence
from daemon.engine.configuration import ConfigurationLook, ever_seen
from daemon.engine.configuration_changes import ChangeWatch
from daemon.engine.configuration_contents import ContentLook
from daemon.engine.database_steps import DatabaseSteps
from daemon.engine.database_version import VersionLook
from daemon.engine.evidence_store import EvidenceStore
from daemon.engine.feature_flags import FlagSwitches
from daemon.engine.histories import Histories
from daemon.engine.ingress import IngressLook
from daemon.engine.log_reading import LogReading
from daemon.engine.owners import OwnerLook
from daemon.engine.restarts import own_restart
from daemon.engine.smoke_tests import SmokeTests
from daemon.engine.stuck import StuckLook
from daemon.engine.surroundings_cache import SurroundingsCache
from daemon.ports import Calendar, Cluster, HealthProbe, PortError

DECIDED = frozenset({Phase.FAILING, Phase.HELD})
"""Phases in which guards are asked."""


class Observer:
    def __init__(
        self,
        room: EvidenceStore,
        around: SurroundingsCache,
        health: HealthProbe,
        configuration: ConfigurationLook,
        smoke_tests: SmokeTests,
        contents: ContentLook,
        changes: ChangeWatch,
        cluster: Cluster,
        logs: LogReading,
        stuck: StuckLook,
        ingress: IngressLook,
        calendar: Calendar,
        versions: VersionLook,
        database: DatabaseSteps,
        flags: FlagSwitches,
        owners: OwnerLook,
    ) -> None:
        self._room = room
        self._around = around
        self._coincident = CoincidentFailures(self._views)
        self._comparing = threading.Lock()
        self._histories = Histories()
        self._health = health
        self._configuration = configuration
        self._smoke_tests = smoke_tests
        self._contents = contents
        self._changes = changes
        self._cluster = cluster
        self._logs = logs
        self._stuck = stuck
        self._ingress = ingress
        self._calendar = calendar
        self._versions = versions
        self._database = database
        self._flags = flags
        self._owners = owners

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
        tests = self._smoke_tests.look(case, workload, policy, now)
        proof = self._verify(case, workload, policy, pods, cases, tests or (), now=now)
        late = case.status.attended + elapsed >= policy.verify_deadline
        over = late or bool(lost_proof(policy.smoke_tests, tests or ()))
        choice = _choice(case, workload, cases)
        no_image = _no_image(case, workload)
        instead = _instead(case, workload, cases) if no_image else None
        decided = instead if instead is not None else choice
        deciding = case.phase is Phase.FAILING or instead is not None
        return Observed(
            workload=workload,
            assessment=self._assess(case, workload, policy, pods, now),
            choice=choice,
            pods=pods,
            verification=proof,
            logs=self._read_logs(case, workload, policy, proof, over=over),
            told=self._told(case, workload, policy, elapsed),
            smoke_tests=tests,
            edited=self._changes.edited(case, policy),
            drift=self._contents.drift(case, decided.revision, cases, policy) if deciding else (),
            recorded=self._versions.recorded(decided.revision, cases, policy),
            version=self._versions.now(case, decided.revision if deciding else None, policy),
            next_choice=instead,
            no_image=no_image,
            ownership=self._owners.at(workload) if case.phase is Phase.FAILING else None,
            put_back=put_back(case, cases, workload, now),
            restarted=own_restart(self._cluster, case, workload),
            rollbacks=recent_rollbacks(workload.uid, cases, now),
            freeze=self._calendar.frozen(policy.freezes, now) if case.phase in DECIDED else None,
            elapsed=elapsed,
            polled_ago=self._room.polled_ago(case),
        )

    def forget(self, key: str) -> None:
        """A case is over."""
        self._histories.forget(key)
        self._logs.forget(key)
        self._smoke_tests.forget(key)
        self._ingress.forget(key)
        self._versions.forget(key)
        self._database.forget(key)
        self._flags.forget(key)
        self._changes.forget(key)

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
        there = self._there(case, workload, pods, now)
        seen = facts.facts_against(workload, revision, policy, pods, now, complete=complete, there=there)
        against = (
            *(in_place_evidence.facts(case, seen, workload, pods) if case.spec.in_place else seen),
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
        found = attribute(confirmed.failing, confirmed.facts, scene)
        if case.spec.in_place:
            reach = in_place_evidence.reach(case, workload, policy, now)
            found = of_change(found, confirmed.failing, confirmed.facts, reach)
        return conclude(confirmed, found)

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
        with self._comparing:
            others = self._coincident.of(case, confirmed.onset, views, around.watched(), around.turn)
        return Surroundings(
            dependencies=around.dependencies(case, workload, policy),
            others=others,
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
        tests: tuple[SmokeRun, ...],
        *,
        now: datetime,
    ) -> Verification | None:
        goal = case.status.target
        if case.phase is not Phase.VERIFYING or goal is None:
            return None
        if not self._cluster.fresh():
            # A recovery is not claimed from what the cluster looked like before its watches fell silent.
            return None
        endpoints = chosen(policy.health_paths, self._cluster.template(case.ref, goal))
        seen = Facts(
            workload=workload,
            target=goal,
            health=self._health.probe(workload.live, endpoints.asked) if endpoints.asked else (),
            endpoints=endpoints,
            fresh=self._room.fresh_views(case, workload),
            alerts=case.status.alerts,
            pods=tuple(histories),
            at=now,
            patched_at=case.status.patched_at,
            configuration=self._configuration.at(case.ref, goal),
            configuration_before=ever_seen(cases),
            restored=restored(case),
            alerts_lost=case.status.alerts_lost,
            ingress=self._ingress.look(case, workload, policy),
            smoke_tests=tests,
        )
        return verify(seen, policy, case.status.assessment)

    def _told(self, case: Case, workload: Workload, policy: Policy, elapsed: float) -> Told:
        """Asked once the case is about to say why its rollout is stuck, and not while it is under way."""
        revision = overdue(case, workload, policy, elapsed)
        if revision is None:
            return NOTHING
        return self._stuck.look(workload, revision, policy, self._around.nodes(case, workload))

    def _read_logs(
        self, case: Case, workload: Workload, policy: Policy, proof: Verification | None, *, over: bool
    ) -> LogReport | None:
        """Read while a recovery is being proven, and once more when the case is about to end."""
        target = case.status.target
        if proof is None or target is None:
            return None
        last = proof.recovered or bool(proof.contradicted) or over
        return self._logs.after(case, workload, target, policy, last=last)


def _choice(case: Case, workload: Workload, cases: Sequence[Case]) -> target.Choice:
    """What is returned to; where the configuration was changed in place, it is what runs."""
    if not case.spec.in_place:
        return target.choose(workload, case.spec.revision, cases)
    return target.Choice(revision=case.spec.revision, reason="the configuration alone was changed")


def _instead(case: Case, workload: Workload, cases: Sequence[Case]) -> target.Choice:
    return target.choose(workload, case.spec.revision, cases, without=case.status.target)


def _no_image(case: Case, workload: Workload) -> str:
    """Why the image of the rollback's target cannot be had, in the kubelet's words; empty where it can, or
    where that is not certain."""
    goal = case.status.target
    if case.phase is not Phase.ROLLING_BACK or case.status.patched_at is None or goal is None:
        return ""
    # Configuration alone is no reason to return to another revision.
    return facts.image_missing(workload, goal) if not case.spec.in_place else ""
