"""Rollout facts: what the kubelet and the Deployment controller report against a revision.

A fact counts only when it is definite: an image that the registry does not have, a container that crashed
as often as policy says, a configuration that cannot be resolved, a deadline the operator set. A pull that
failed for another reason, or a pod that no node takes, may be the infrastructure's: it waits for the
Deployment's own progress deadline.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from daemon.core.case import Fact
from daemon.core.model import Alert, Container, Pod, Policy, Revision, Workload

PULLING = frozenset({"ErrImagePull", "ImagePullBackOff"})
UNPULLABLE = frozenset({"InvalidImageName", "ErrImageNeverPull"})
UNCREATABLE = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
NOT_THERE = ("not found", "manifest unknown", "does not exist", "notfound")
SETTLING = timedelta(seconds=10)
"""A ConfigMap may be applied a moment after the Deployment that names it."""
BACKING_OFF = "CrashLoopBackOff"
UNREADY = timedelta(seconds=30)
"""A pod whose probe failed for a moment may come back."""


def crashes(container: Container) -> int:
    """How often it ended: each restart, and the end it is backing off from."""
    return container.restarts + (container.waiting_reason == BACKING_OFF)


def against(
    workload: Workload, revision: Revision, policy: Policy, now: datetime, complete_since: datetime | None
) -> tuple[Fact, ...]:
    """The facts that speak against a revision, in the order of the pods.

    ``complete_since`` is when its rollout was complete, so that every pod of that time had been ready.
    """
    found = [
        fact
        for pod in workload.pods_of(revision)
        if not pod.deleting
        for container in pod.containers
        if (fact := _of_container(pod, container, policy, now)) is not None
    ]
    current = workload.current
    if current is not None and current.same_rollout(revision) and workload.status.deadline_exceeded:
        found.append(Fact(kind="ProgressDeadlineExceeded", detail=_deadline(workload, revision)))
    if not found and complete_since is not None:
        found += _after_ready(workload, revision, complete_since, now)
    return tuple(found)


def _after_ready(workload: Workload, revision: Revision, since: datetime, now: datetime) -> list[Fact]:
    """Pods that had been well and are not: half of them or more, and at least two, where there are two.

    A single pod that restarts or fails its probe is what a node or a bad minute does.
    """
    pods = [pod for pod in workload.pods_of(revision) if not pod.deleting]
    changed = [pod for pod in pods if pod.ready_changed_at is not None and pod.ready_changed_at >= since]
    enough = max((len(pods) + 1) // 2, min(2, len(pods)))
    restarted = [pod.name for pod in changed if pod.restarts]
    unready = [
        pod.name
        for pod in changed
        if not pod.ready and pod.ready_changed_at is not None and now - pod.ready_changed_at >= UNREADY
    ]
    facts = []
    if restarted and len(restarted) >= enough:
        text = f"{len(restarted)} of {len(pods)} pods restarted after they had been ready: "
        facts.append(Fact(kind="RestartsAfterReady", detail=text + ", ".join(restarted)))
    if unready and len(unready) >= enough:
        text = f"{len(unready)} of {len(pods)} pods fail their probes after they had been ready: "
        facts.append(Fact(kind="ReadinessLost", detail=text + ", ".join(unready)))
    return facts


def _of_container(pod: Pod, container: Container, policy: Policy, now: datetime) -> Fact | None:
    reason, message = container.waiting_reason, container.waiting_message
    where = f"container {container.name} of pod {pod.name}"
    definite = reason in PULLING and any(word in message.lower() for word in NOT_THERE)
    if reason in UNPULLABLE or definite:
        return Fact(kind=reason, detail=f"{where} cannot get its image: {message}")
    if reason in UNCREATABLE and now - pod.created_at >= SETTLING:
        return Fact(kind=reason, detail=f"{where} cannot be created: {message}")
    if crashes(container) >= policy.restarts:
        oom = container.exit_reason == "OOMKilled"
        how = "out of memory" if oom else f"exit code {container.exit_code}"
        return Fact(
            kind="OOMKilled" if oom else BACKING_OFF,
            detail=f"{where} ended {crashes(container)} times ({how})",
        )
    return None


def _deadline(workload: Workload, revision: Revision) -> str:
    unready = [pod.name for pod in workload.pods_of(revision) if not pod.ready]
    pods = f"; not ready: {', '.join(unready)}" if unready else ""
    return f"the rollout did not progress in time ({workload.status}){pods}"


def unschedulable(workload: Workload, revision: Revision) -> str:
    """The scheduler's words, where a pod of the revision waits for a node."""
    return next((pod.unschedulable for pod in workload.pods_of(revision) if pod.unschedulable), "")


def old_pods_crash(workload: Workload, revision: Revision) -> str:
    """Names a pod of another revision that crashes as well, if there is one."""
    return next(
        (
            pod.name
            for pod in workload.pods
            if pod.replica_set != revision.replica_set and not pod.deleting
            for container in pod.containers
            if container.waiting_reason == BACKING_OFF
        ),
        "",
    )


def decisive(
    alerts: tuple[Alert, ...], revision: Revision, policy: Policy, since: datetime
) -> tuple[Fact, ...]:
    """Firing alerts that policy calls decisive, begun within the rollout, that may be the revision's.

    One that names a pod of another revision says nothing of this one. Nor does one that fired before the
    rollout and was never resolved: that it began anew is Prometheus's restart, and not the release. There
    is one fact for a name, however many series of it fire.
    """
    firing = [a for a in alerts if a.name in policy.decisive_alerts and a.status == "firing"]
    before = {(alert.name, alert.fingerprint) for alert in firing if alert.starts_at < since}
    begun = [
        alert
        for alert in firing
        if alert.starts_at >= since
        and (alert.name, alert.fingerprint) not in before
        and alert.replica_set in ("", revision.replica_set)
    ]
    names = dict.fromkeys(alert.name for alert in begun)
    return tuple(_firing([alert for alert in begun if alert.name == name]) for name in names)


def _firing(alerts: list[Alert]) -> Fact:
    """The first of one name, and how many there are besides."""
    more = f" (and {len(alerts) - 1} more of this name)" if len(alerts) > 1 else ""
    summary = alerts[0].summary or "no summary"
    return Fact(kind="Alert", detail=f"alert {alerts[0].name} fires: {summary}{more}")


def diagnosis(workload: Workload, revision: Revision) -> str:
    """Why a rollout is stuck, as far as its pods tell."""
    said = [
        f"{pod.name}: {text}"
        for pod in workload.pods_of(revision)
        if not pod.ready and (text := _trouble(pod))
    ]
    return "; ".join(said) if said else f"no pod says why ({workload.status})"


def _trouble(pod: Pod) -> str:
    if pod.unschedulable:
        return f"unschedulable, {pod.unschedulable}"
    for container in pod.containers:
        if container.waiting_reason:
            return f"{container.waiting_reason} {container.waiting_message}".strip()
        if container.exit_code:
            return f"{container.name} ended with exit code {container.exit_code} {container.exit_reason}"
    return "running but not ready"
