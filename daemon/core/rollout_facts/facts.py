"""Rollout facts: what the kubelet and the controllers report against a revision.

Each is known of a container of a pod that the revision's own ReplicaSet owns, happened since the rollout
began, and is definite: a container that ended as often as policy says, an image or a configuration that is
not there, pods that had been ready and are not. What may pass by itself, or may be the infrastructure's,
waits for the Deployment's own progress deadline. ``docs/kubernetes-facts.md`` says of each field what it
proves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from daemon.core.assessment import Fact
from daemon.core.model import Alert, Container, Pod, Revision, Role, Workload
from daemon.core.policy import Policy
from daemon.core.rollout_facts.configuration import Reference
from daemon.core.rollout_facts.pod_history import (
    BACKING_OFF,
    PodHistory,
    ends_since_rollout,
    restarts_after_ready,
)
from daemon.core.rollout_facts.waiting import (
    PULLING,
    UNRESOLVED,
    UNSTARTABLE,
    missing_object,
    no_command,
    no_configuration,
    no_image,
)

DEADLINE = "ProgressDeadlineExceeded"
KEY_SETTLING = timedelta(seconds=10)
"""A ConfigMap may be applied a moment after the Deployment that names it."""
OBJECT_SETTLING = timedelta(seconds=20)
"""What makes ConfigMaps and Secrets (an operator, a sync) may come some time after the Deployment."""
UNREADY = timedelta(seconds=30)
"""A pod whose probe failed for a moment may come back."""
MORE_FOR_INIT = 1
"""Ends that an init container is given beyond the policy's: trying again is how it waits for others."""


def facts_against(
    workload: Workload,
    revision: Revision,
    policy: Policy,
    histories: Sequence[PodHistory],
    now: datetime,
    *,
    complete: bool,
    there: Collection[Reference] = (),
) -> tuple[Fact, ...]:
    """The facts that speak against a revision, in the order of the pods.

    ``histories`` are those of its pods, this look included; ``now`` is of the clock that they were kept by.
    ``complete``: its rollout was complete at some time. ``there``: which of :func:`missing` are not, by now,
    or cannot be asked for.
    """
    known = {history.uid: history for history in histories}
    pods = [(pod, known.get(pod.uid)) for pod in workload.live_of(revision)]
    found = [
        fact
        for pod, history in pods
        for container in pod.containers
        if (fact := _of_container(pod, history, container, policy)) is not None
        or (fact := _unresolved(pod, history, container, now, there)) is not None
    ]
    current = workload.current
    if current is not None and current.same_rollout(revision) and workload.status.timed_out(revision):
        found.append(_deadline(workload, revision))
    if not found and complete:
        found += _after_ready(pods, now)
    return tuple(found)


def image_missing(workload: Workload, revision: Revision) -> str:
    """Why a container of the revision can never get its image; empty where none says so."""
    return next(
        (
            f"container {container.name} of pod {pod.name}: {container.waiting_message}"
            for pod in workload.live_of(revision)
            for container in pod.containers
            if no_image(container.waiting_reason, container.waiting_message)
        ),
        "",
    )


def _of_container(pod: Pod, history: PodHistory | None, container: Container, policy: Policy) -> Fact | None:
    reason, message = container.waiting_reason, container.waiting_message
    if no_image(reason, message):
        return _waits(pod, container, "cannot get its image")
    if no_command(reason, message):
        return _waits(pod, container, "cannot be created")
    ended = ends_since_rollout(history, container)
    if ended >= policy.restarts + (MORE_FOR_INIT if container.role is Role.INIT else 0):
        return _ended(pod, container, ended)
    return None


def _waits(pod: Pod, container: Container, what: str) -> Fact:
    """A container that waits in vain, in the kubelet's words."""
    detail = f"{_place(pod, container)} {what}: {container.waiting_message}"
    return Fact(kind=container.waiting_reason, detail=detail, pods=(pod.name,))


def _place(pod: Pod, container: Container) -> str:
    return f"container {container.name} of pod {pod.name}"


def _unresolved(
    pod: Pod,
    history: PodHistory | None,
    container: Container,
    now: datetime,
    there: Collection[Reference],
) -> Fact | None:
    """Configuration that is not there, and has not been for long enough to come."""
    reason, message = container.waiting_reason, container.waiting_message
    if not no_configuration(reason, message):
        return None
    reference = missing_object(reason, message)
    if reference in there or _since(history, now) < (KEY_SETTLING if reference is None else OBJECT_SETTLING):
        return None
    return _waits(pod, container, "cannot be created")


def missing(
    workload: Workload, revision: Revision, histories: Sequence[PodHistory], now: datetime
) -> tuple[Reference, ...]:
    """The objects that containers have waited for in vain for long enough: whether they are there by now has
    to be asked for, as the kubelet takes its time to try again."""
    known = {history.uid: history for history in histories}
    found = (
        missing_object(container.waiting_reason, container.waiting_message)
        for pod in workload.live_of(revision)
        if _since(known.get(pod.uid), now) >= OBJECT_SETTLING
        for container in pod.containers
    )
    return tuple(sorted({reference for reference in found if reference is not None}))


def _since(history: PodHistory | None, now: datetime) -> timedelta:
    since = history.unresolved_since if history is not None else None
    return now - since if since is not None else timedelta(0)


def _ended(pod: Pod, container: Container, times: int) -> Fact:
    oom = container.exit_reason == "OOMKilled"
    how = "out of memory" if oom else f"exit code {container.exit_code}"
    last = f", last at {container.ended_at:%H:%M:%S}" if container.ended_at is not None else ""
    return Fact(
        kind="OOMKilled" if oom else BACKING_OFF,
        detail=f"{_place(pod, container)} ended {times} times ({how}{last})",
        pods=(pod.name,),
    )


def _after_ready(pods: Iterable[tuple[Pod, PodHistory | None]], now: datetime) -> list[Fact]:
    """Pods that were seen ready and are not well any more: half of those or more, and at least two, where
    there are two.

    A single pod that restarts or fails its probe is what a node or a bad minute does: where one is all there
    is, a restart alone proves nothing, and the next one counts as a crash. Pods that were never ready have
    lost nothing.
    """
    served = [(pod, history) for pod, history in pods if history is not None and history.was_ready]
    half = (len(served) + 1) // 2
    enough = max(half, min(2, len(served)), 1)
    restarted = [pod for pod, history in served if restarts_after_ready(history, pod)]
    unready = [pod for pod, history in served if _unready(history, now) >= UNREADY]
    found = []
    if len(restarted) >= max(half, 2):
        found.append(_of_pods("RestartsAfterReady", restarted, len(served), "restarted", _ways(restarted)))
    if len(unready) >= enough:
        found.append(_of_pods("ReadinessLost", unready, len(served), "fail their probes"))
    return found


def _unready(history: PodHistory, now: datetime) -> timedelta:
    return now - history.unready_since if history.unready_since is not None else timedelta(0)


def _ways(pods: Iterable[Pod]) -> str:
    """How their containers ended last, each way once."""
    ended = [container for pod in pods for container in pod.containers if container.exit_code is not None]
    ways = dict.fromkeys(
        "OOMKilled" if container.exit_reason == "OOMKilled" else f"exit code {container.exit_code}"
        for container in ended
    )
    return f" ({', '.join(ways)})" if ways else ""


def _of_pods(kind: str, pods: Sequence[Pod], of: int, what: str, ways: str = "") -> Fact:
    names = tuple(pod.name for pod in pods)
    text = f"{len(names)} of {of} pods {what} after they had been ready{ways}: {', '.join(names)}"
    return Fact(kind=kind, detail=text, pods=names)


def _deadline(workload: Workload, revision: Revision) -> Fact:
    text = f"the rollout did not progress in time ({workload.status})"
    if why := workload.unmade.get(revision.replica_set_uid):
        return Fact(kind=DEADLINE, detail=f"{text}; pods cannot be made: {why}")
    unready = tuple(pod.name for pod in workload.live_of(revision) if not pod.ready)
    names = f"; not ready: {', '.join(unready)}" if unready else ""
    return Fact(kind=DEADLINE, detail=text + names, pods=unready)


def hindered(workload: Workload, revision: Revision) -> str:
    """What keeps a revision's pods from coming up that need not be the revision's doing, in the words of
    whoever says so; empty where nothing does, or a pod has another reason.

    No pod can be made (a quota, an admission webhook), none finds a node, or the kubelet tries again what may
    yet succeed (a registry that does not answer, or does not let it in).
    """
    if why := workload.unmade.get(revision.replica_set_uid):
        return f"its pods cannot be made: {why}"
    unready = [pod for pod in workload.live_of(revision) if not pod.ready]
    if found := next((pod.unschedulable for pod in unready if pod.unschedulable), ""):
        return f"the new pods find no node: {found}"
    waits = [_tried_again(pod) for pod in unready]
    return f"the new pods wait for what may pass: {waits[0]}" if waits and all(waits) else ""


def _tried_again(pod: Pod) -> str:
    waiting = [c for c in pod.containers if c.waiting_reason in PULLING | UNSTARTABLE | {UNRESOLVED}]
    passing = [c for c in waiting if not no_configuration(c.waiting_reason, c.waiting_message)]
    return next((f"{c.waiting_reason} {c.waiting_message}" for c in passing), "")


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
