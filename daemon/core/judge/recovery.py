"""What must hold before a rollback may be called a recovery.

Every condition must hold at once, and each metric is counted from scrapes of the target's pods after the
patch alone. The signals that decided the rollback must be *shown* to be back under their limit (an
e-process against "still at the limit"); the others must have fresh traffic and no sign of trouble. Fresh
evidence that the service still fails after a complete rollback contradicts the recovery: the release was
not the cause, or not the only one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from daemon.core.assessment import Assessment, Condition, SignalEvidence, Verdict, Verification
from daemon.core.judge.ingress import IngressAnswer, answers
from daemon.core.model import Alert, Pod, Revision, Workload
from daemon.core.policy import Policy, SignalPolicy
from daemon.core.rollout_facts.configuration import Sighting, doubts
from daemon.core.rollout_facts.endpoints import Endpoints
from daemon.core.rollout_facts.pod_history import SLACK, PodHistory, restarts_after_ready
from daemon.core.runs import Ending, SmokeRun, SmokeTest
from daemon.core.signals.baseline import bound_of
from daemon.core.statistics.counts import Tally, percent
from daemon.core.statistics.likelihood import clamp, log_better, log_worse, upper_rate
from daemon.core.thresholds import CONTRADICTION_LEVEL, FAMILY_ALPHA, PROOF_LEVEL, SETTLING
from daemon.core.value import Instant, Value


class Health(Value, frozen=True):
    """What one endpoint of one pod answered: ``ok`` with a status below 400."""

    pod: str
    path: str
    ok: bool
    detail: str


class FreshView(Value, frozen=True):
    """One signal since the patch, over the target's pods.

    ``unscraped`` names pods that were not scraped since the rollout was complete.
    """

    tally: Tally = Tally()
    starting: Tally = Tally()
    """Of ``tally``: while pods started, where proven releases' pods failed some requests in that time too. It
    neither shows a recovery nor contradicts one."""
    unscraped: tuple[str, ...] = ()
    problem: str = ""

    @property
    def settled(self) -> Tally:
        """What counts for the recovery."""
        return self.tally.without(self.starting)


class Facts(Value, frozen=True):
    """Everything the verification looks at."""

    workload: Workload
    target: Revision
    health: tuple[Health, ...]
    fresh: Mapping[str, FreshView]
    endpoints: Endpoints = Endpoints()
    """What ``health`` answers."""
    alerts: tuple[Alert, ...] = ()
    """Those recorded on the case."""
    pods: tuple[PodHistory, ...] = ()
    """Of the target's live pods since the patch, this look included."""
    at: Instant | None = None
    """When it was looked at, by the clock of ``pods``; ``None``: how long ago anything was is not known."""
    patched_at: Instant | None = None
    configuration: tuple[Sighting, ...] = ()
    """What the target's template reads, as it is now."""
    configuration_before: tuple[Sighting, ...] = ()
    """What was ever seen of it."""
    restored: tuple[str, ...] = ()
    """ConfigMaps that hold again what the target was found healthy with, and which its pods ran with before
    they were changed in place."""
    alerts_lost: tuple[str, ...] = ()
    """Names of alerts whose end cannot be seen any more."""
    ingress: IngressAnswer = IngressAnswer()
    smoke_tests: tuple[SmokeRun, ...] = ()
    """Those that were begun after the rollback's rollout was complete."""


def verify(facts: Facts, policy: Policy, failed: Assessment | None) -> Verification:
    """Check all conditions; ``failed`` is the assessment that the rollback was decided on."""
    evidence = {signal.name: signal for signal in failed.signals} if failed else {}
    conditions = [
        _rollout(facts),
        _images(facts),
        _pods(facts),
        *_configuration(facts),
        *_health(facts),
        *([answers(policy.ingress, facts.ingress)] if policy.ingress is not None else []),
        *(_smoke_test(facts, test) for test in policy.smoke_tests),
        *_alerts(facts, policy),
        *(_signal(facts, policy, signal, evidence.get(signal.name)) for signal in policy.signals),
    ]
    return Verification(
        conditions=tuple(conditions),
        contradicted=_contradiction(facts, policy, evidence) if conditions[0].holds else "",
        notes=_unasked(facts.endpoints),
    )


def _rollout(facts: Facts) -> Condition:
    current, status = facts.workload.current, facts.workload.status
    at_target = current is not None and current.replica_set_uid == facts.target.replica_set_uid
    return Condition(name="rollout complete", holds=at_target and status.complete, detail=str(status))


def _images(facts: Facts) -> Condition:
    wanted = set(facts.target.images)
    strange = [pod.name for pod in facts.workload.live if not wanted <= set(pod.images)]
    detail = f"all pods run {facts.target.image}" if not strange else f"other images on {', '.join(strange)}"
    return Condition(name="images as expected", holds=not strange, detail=detail)


def _pods(facts: Facts) -> Condition:
    pods = facts.workload.live
    known = {history.uid: history for history in facts.pods}
    unready = [pod.name for pod in pods if not pod.ready]
    restarted = [pod.name for pod in pods if _unsettled(known.get(pod.uid), pod, facts.at)]
    if not pods:
        return Condition(
            name="pods ready", holds=None, detail="scaled to 0: nothing runs that could prove it"
        )
    if unready:
        detail = f"not ready: {', '.join(unready)}"
    elif restarted:
        detail = f"restarted after they had been ready, since the rollback: {', '.join(restarted)}"
    else:
        once = any(restarts_after_ready(known[pod.uid], pod) for pod in pods if pod.uid in known)
        lately = f" in the last {SETTLING.total_seconds():.0f} s" if once else ""
        detail = f"{len(pods)} pods ready, none restarted{lately}"
    enough = len(pods) >= facts.workload.status.desired
    return Condition(name="pods ready", holds=enough and not unready and not restarted, detail=detail)


def _smoke_test(facts: Facts, test: SmokeTest) -> Condition:
    name = f"smoke test {test.name}"
    run = next((run for run in facts.smoke_tests if run.name == test.name), None)
    if run is None:
        return Condition(name=name, holds=None, detail="not begun: the rollout must be complete first")
    if run.result is None:
        since = f"begun at {run.begun_at:%H:%M:%S} UTC, and no end of it is known"
        return Condition(name=name, holds=None, detail=run.problem or since)
    unknown = run.result.ending is Ending.LOST
    return Condition(name=name, holds=None if unknown else run.result.passed, detail=str(run.result))


def _unsettled(history: PodHistory | None, pod: Pod, at: datetime | None) -> bool:
    """Whether it ended after it had been ready, and again or lately."""
    if history is None or not (times := restarts_after_ready(history, pod)):
        return False
    if times > 1 or at is None or history.restarted_at is None:
        return True
    return at - history.restarted_at < SETTLING


def _configuration(facts: Facts) -> list[Condition]:
    """That the next pod will start as well: one has since the rollback, or nothing changed that it reads."""
    if not facts.configuration:
        return []
    name = "configuration as the pods started with"
    new = [pod.name for pod in facts.workload.live if pod.ready and started_after(pod, facts.patched_at)]
    if new:
        return [Condition(name=name, holds=True, detail=f"{new[0]} started after the rollback, and is well")]
    back = [f"ConfigMap {name}" for name in facts.restored]
    others = [sighting for sighting in facts.configuration if str(sighting.reference) not in back]
    said = doubts(facts.workload.live, others, facts.configuration_before)
    if said:
        detail = f"{'; '.join(said)}; no pod has started since the rollback that would show whether one can"
        return [Condition(name=name, holds=None, detail=detail)]
    names = ", ".join(str(sighting.reference) for sighting in others)
    parts = [f"unchanged since they started: {names}"] if names else []
    parts += [f"as it was: {', '.join(back)}"] if back else []
    return [Condition(name=name, holds=True, detail="; ".join(parts))]


def started_after(pod: Pod, patched_at: datetime | None) -> bool:
    """Whether a pod was made after the rollback's patch (both in the API server's time)."""
    return patched_at is not None and pod.created_at >= patched_at - SLACK


def _health(facts: Facts) -> list[Condition]:
    """That each pod answers well; no condition where nothing is there to ask."""
    endpoints = facts.endpoints
    if endpoints.problem:
        return [Condition(name="health endpoints", holds=None, detail=endpoints.problem)]
    if not endpoints.asked:
        return []
    name = f"health endpoints ({', '.join(map(str, endpoints.asked))})"
    asked = {answer.pod for answer in facts.health}
    unasked = [pod.name for pod in facts.workload.live if pod.name not in asked]
    if unasked:
        return [Condition(name=name, holds=None, detail=f"not asked yet: {', '.join(unasked)}")]
    bad = [f"{answer.pod}{answer.path}: {answer.detail}" for answer in facts.health if not answer.ok]
    if bad:
        return [Condition(name=name, holds=False, detail="; ".join(bad))]
    return [Condition(name=name, holds=True, detail=f"all {len(facts.health)} answers good")]


def _unasked(endpoints: Endpoints) -> tuple[str, ...]:
    if not endpoints.unasked:
        return ()
    which = "not all are asked" if endpoints.asked else "none is asked"
    return (f"health endpoints: {which}: {'; '.join(endpoints.unasked)}",)


def _alerts(facts: Facts, policy: Policy) -> list[Condition]:
    """Each episode of a decisive alert must be resolved before a rollback counts as a recovery."""
    decisive = [alert for alert in facts.alerts if alert.name in policy.decisive_alerts]
    lost = sorted({*facts.alerts_lost} & {*policy.decisive_alerts})
    if not decisive and not lost:
        return []
    firing = sorted({alert.name for alert in decisive if alert.status == "firing"})
    if firing:
        detail = f"still firing: {', '.join(firing)}"
    elif lost:
        detail = f"too many fired to know whether all are resolved: {', '.join(lost)}"
    else:
        detail = "all resolved"
    return [Condition(name="alerts resolved", holds=None if firing or lost else True, detail=detail)]


def _signal(facts: Facts, policy: Policy, signal: SignalPolicy, before: SignalEvidence | None) -> Condition:
    view = facts.fresh.get(signal.name, FreshView(problem="not measured yet"))
    name, tally = f"{signal.title} back to normal", view.settled
    if not policy.require_traffic and view.tally.total <= 0 and not view.problem:
        return Condition(name=name, holds=True, detail="no requests, and policy does not ask for any")
    if view.problem:
        return Condition(name=name, holds=None, detail=view.problem)
    if view.tally.total <= 0 and _spared(policy, signal, before):
        return Condition(name=name, holds=True, detail="not seen since the rollback, and need not be")
    if view.unscraped:
        return Condition(name=name, holds=None, detail=f"no fresh scrape of {', '.join(view.unscraped)}")
    if tally.rate is None:
        since = "the pods' start" if view.starting.total > 0 else "the rollback"
        return Condition(name=name, holds=None, detail=f"no requests since {since}")
    usual = before.baseline.rate if before is not None else None
    bound = _acceptable(signal, before)
    detail = f"{tally}{_while_starting(view)}, limit {percent(bound)}"
    if before is None or before.verdict is not Verdict.FAILING:
        return Condition(name=name, holds=True if tally.rate <= bound else None, detail=detail)
    shown = log_better(tally.at_worst, bound, usual or 0.0) >= PROOF_LEVEL
    if not shown:
        detail += "; not enough fresh requests yet to show that it is under it"
    return Condition(name=name, holds=True if shown else None, detail=detail)


def _while_starting(view: FreshView) -> str:
    """What is left out, where it is not plain that it may be."""
    return f" besides {view.starting} while pods started" if view.starting.bad > 0 else ""


def _spared(policy: Policy, signal: SignalPolicy, before: SignalEvidence | None) -> bool:
    """Whether it need not be seen; what failed must be, and something else must be in any case."""
    failed = before is not None and before.verdict is Verdict.FAILING
    others = any(other.proof == "always" for other in policy.signals)
    return signal.proof == "when_seen" and others and not failed


def _acceptable(signal: SignalPolicy, before: SignalEvidence | None) -> float:
    """The limit, or where the baseline itself was over it, what the baseline had."""
    if before is None or before.baseline.total <= 0:
        return signal.limit
    return bound_of(signal, upper_rate(before.baseline, FAMILY_ALPHA), before.baseline.rate)


def _contradiction(facts: Facts, policy: Policy, evidence: Mapping[str, SignalEvidence]) -> str:
    for signal in policy.signals:
        view = facts.fresh.get(signal.name)
        if view is None or view.problem:
            continue
        bound = clamp(_acceptable(signal, evidence.get(signal.name)))
        if log_worse(view.settled, bound) >= CONTRADICTION_LEVEL:
            return (
                f"{signal.title} stays at {view.settled} after a complete rollback (limit {percent(bound)}): "
                "the release was not the cause, or not the only one"
            )
    return ""
