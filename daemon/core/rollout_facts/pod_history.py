"""What a case remembers of each pod that it watches: what no later look at the object can tell.

A Pod says that it is not ready, and not whether it ever was; how often a container ended in all its life, and
not how often since the rollout. Its times are its node's clock's, which may be off. So what came before what
is known from having been seen, and counted in restarts: nothing is inferred from times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from daemon.core.model import Container, Pod, Revision, Role, Workload
from daemon.core.rollout_facts.waiting import no_configuration
from daemon.core.value import Instant, Value

SLACK = timedelta(seconds=2)
"""Creation times are whole seconds of the API server's clock."""
BACKING_OFF = "CrashLoopBackOff"
AGAIN = 2
"""Ends of one container that are no accident."""
MOST_OVER = 20
"""Pods that ended for good and are remembered."""
LOST = frozenset({"Unknown", "ContainerStatusUnknown"})
"""How the kubelet reports an end that it did not see: its node was restarted, or went away."""


class PodHistory(Value, frozen=True, omit_defaults=True):
    """One pod's. Containers that are not named had not ended."""

    uid: str
    before: Mapping[str, int] = {}
    """Container → how often it had ended before the rollout began."""
    when_ready: Mapping[str, int] | None = None
    """Container → how often it had ended when the pod was first seen ready; ``None``: it never was."""
    last: Mapping[str, int] = {}
    """Container → how often it had ended at the last look, where that is more than when it was ready."""
    restarted_at: Instant | None = None
    """When one was last seen to have ended again after the pod had been seen ready, by the daemon's clock."""
    unready_since: Instant | None = None
    """When it was first seen not to be ready any more, by the daemon's clock."""
    unresolved_since: Instant | None = None
    """When a container was first seen to wait for configuration that is not there, by the daemon's clock."""
    unwell_before: bool = False
    """Whether it was not well before a change of configuration, which is then nothing that it can tell of."""
    crashed: str = ""
    """The pod's name, where it is of another revision and was seen to crash again and again."""

    @property
    def was_ready(self) -> bool:
        return self.when_ready is not None


def ends(container: Container) -> int:
    """How often it ended by itself: each restart, and the end it is backing off from.

    The last end does not count where the kubelet did not see it.
    """
    return container.restarts + (container.waiting_reason == BACKING_OFF) - (container.exit_reason in LOST)


def ends_since_rollout(history: PodHistory | None, container: Container) -> int:
    before = history.before.get(container.name, 0) if history is not None else 0
    return max(0, ends(container) - before)


def restarts_after_ready(history: PodHistory | None, pod: Pod) -> int:
    """How often the main container ended after the pod had been seen ready; 0 where it never was.

    What runs beside it may end and come back without a request being lost.
    """
    known = history.when_ready if history is not None else None
    if known is None:
        return 0
    main = [container for container in pod.containers if container.role is Role.MAIN]
    return sum(max(0, ends(container) - known.get(container.name, 0)) for container in main)


def follow_pods(
    histories: Sequence[PodHistory],
    workload: Workload,
    revision: Revision,
    started_at: datetime,
    now: datetime,
) -> tuple[PodHistory, ...]:
    """The histories of all live pods after another look, in a rollout of this revision.

    ``started_at`` is when the rollout began (API server's time): what a pod that is older did until it is
    seen first is not the rollout's. A pod that is ready at its first look counts as having become so then.
    Those of pods that are gone are dropped, but for one that crashed beside the revision's: that is not
    undone by its going. Pods that ended for good meanwhile are kept while they are there.
    """
    known = {history.uid: history for history in histories}
    live = {pod.uid for pod in workload.live}
    gone = [history for history in histories if history.crashed and history.uid not in live]
    over = [
        known.get(pod.uid) or _first(pod, started_at)
        for pod in workload.finished
        if pod.uid in known or pod.created_at >= started_at
    ]
    looked = (
        _beside(_looked(known.get(pod.uid) or _first(pod, started_at), pod, now), pod, revision)
        for pod in workload.live
    )
    return (*gone[:1], *over[:MOST_OVER], *looked)


def interrupted(histories: Sequence[PodHistory], now: datetime) -> tuple[PodHistory, ...]:
    """The histories as they go on after a time in which nobody looked: a spell may have been two short ones,
    so it counts from now."""
    return tuple(
        replace(
            history,
            unready_since=now if history.unready_since is not None else None,
            unresolved_since=now if history.unresolved_since is not None else None,
        )
        for history in histories
    )


def crashing(histories: Sequence[PodHistory]) -> str:
    """Names a pod of another revision that crashed as well, if there is one."""
    return next((history.crashed for history in histories if history.crashed), "")


def evictions(histories: Sequence[PodHistory], workload: Workload) -> Mapping[str, str]:
    """Node → which of the workload's pods it ended for good since the rollout began, and why."""
    known = {history.uid for history in histories}
    ended = [pod for pod in workload.finished if pod.uid in known and pod.node]
    return {pod.node: f"it ended pod {pod.name} ({pod.finished})" for pod in ended}


def _beside(history: PodHistory, pod: Pod, revision: Revision) -> PodHistory:
    if history.crashed or pod.replica_set_uid == revision.replica_set_uid:
        return history
    crashes = any(
        container.waiting_reason == BACKING_OFF or ends_since_rollout(history, container) >= AGAIN
        for container in pod.containers
    )
    return replace(history, crashed=pod.name) if crashes else history


def _first(pod: Pod, started_at: datetime) -> PodHistory:
    older = pod.created_at < started_at - SLACK
    return PodHistory(uid=pod.uid, before=counts(pod) if older else {})


def _looked(history: PodHistory, pod: Pod, now: datetime) -> PodHistory:
    unresolved = any(no_configuration(c.waiting_reason, c.waiting_message) for c in pod.containers)
    if unresolved is not (history.unresolved_since is not None):
        history = replace(history, unresolved_since=now if unresolved else None)
    history = _ended(history, pod, now)
    if pod.ready:
        if history.when_ready is None:
            history = replace(history, when_ready=counts(pod))
        return history if history.unready_since is None else replace(history, unready_since=None)
    if history.was_ready and history.unready_since is None:
        return replace(history, unready_since=now)
    return history


def _ended(history: PodHistory, pod: Pod, now: datetime) -> PodHistory:
    """Notes an end since the last look, where the pod had been ready."""
    seen = counts(pod)
    known = history.last or history.when_ready
    if known is None or all(count <= known.get(name, 0) for name, count in seen.items()):
        return history
    return replace(history, last=seen, restarted_at=now)


def counts(pod: Pod) -> Mapping[str, int]:
    """Container → how often it ended, of those that did."""
    return {container.name: count for container in pod.containers if (count := ends(container))}
