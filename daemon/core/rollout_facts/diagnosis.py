"""Why a rollout is stuck, in one paragraph that a person can act on.

What the watched objects tell comes first, and needs no right beyond those that the daemon has anyway: what
containers wait for and how they ended, what the scheduler says, why no pod can be made (a quota, an admission
webhook). What was asked for besides follows: nodes, Events (probes, mounts, the registry's words), and the
last log line of what does not run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from daemon.core.model import Container, Pod, Revision, Workload
from daemon.core.rollout_facts.log_lines import line_kind, shown
from daemon.core.value import Value

NAMED = 3
"""Pods of one trouble that are named; the others are counted."""
MOST_EVENTS = 5
MOST_LINES = 3
REPEATS = frozenset({"BackOff"})
"""Events that say what the container's own state says."""


class ObjectEvent(Value, frozen=True):
    """A warning about an object, by whoever reports it; ``times`` is how often it was seen."""

    reason: str
    message: str
    times: int = 1


class Told(Value, frozen=True):
    """What was asked for besides the watched objects, about pods that are not ready.

    ``last_lines`` are pairs of a container ("container web of pod web-1") and what it logged last, masked.
    ``nodes``: node → what is wrong with it. ``problems``: what could not be asked for, and why.
    """

    events: tuple[ObjectEvent, ...] = ()
    last_lines: tuple[tuple[str, str], ...] = ()
    nodes: Mapping[str, str] = {}
    problems: tuple[str, ...] = ()


NOTHING = Told()


def diagnosis(workload: Workload, revision: Revision, told: Told = NOTHING) -> str:
    """Why a rollout of the revision is stuck, as far as anybody says."""
    unready = [pod for pod in workload.live_of(revision) if not pod.ready]
    said = [*_of_pods(unready), *_of_rollout(workload, revision)]
    said += [f"node {node}: {trouble}" for node, trouble in sorted(told.nodes.items())]
    said += _of_events(told.events, " ".join(said))
    said += [f"{where} logged last: {line}" for where, line in told.last_lines[:MOST_LINES]]
    if not said:
        said = [f"no pod says why ({workload.status})"]
    return "; ".join([*said, *told.problems])


def pod_trouble(pod: Pod) -> str:
    """What keeps a pod that is not ready from being so."""
    if pod.unschedulable:
        return f"unschedulable, {pod.unschedulable}"
    return next((text for c in pod.containers if (text := _held_up(c))), "running but not ready")


def held_up(pod: Pod) -> Container | None:
    """The container that has run and keeps its pod from being ready; one that ended before one that runs."""
    ran = [c for c in pod.containers if not c.ready and (c.exit_code is not None or not c.waiting_reason)]
    return next((c for c in ran if c.exit_code), ran[0] if ran else None)


def _held_up(container: Container) -> str:
    if container.waiting_reason:
        waits = f"{container.waiting_reason} {container.waiting_message}".strip()
        return f"{waits}, {_ended(container)}" if container.exit_code else waits
    if container.exit_code and not container.ready:
        return f"{container.name} {_ended(container)}"
    return ""


def _ended(container: Container) -> str:
    return f"ended with exit code {container.exit_code} {container.exit_reason}".strip()


def _of_pods(unready: Iterable[Pod]) -> list[str]:
    """Pods of one trouble together: their own names in what the kubelet says do not tell them apart."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for pod in unready:
        text = pod_trouble(pod)
        groups.setdefault(line_kind(text.replace(pod.name, "")), []).append((pod.name, text))
    return [f"{_names([name for name, _ in pods])}: {pods[0][1]}" for pods in groups.values()]


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _of_rollout(workload: Workload, revision: Revision) -> list[str]:
    over = [pod for pod in workload.finished if pod.replica_set_uid == revision.replica_set_uid]
    said = [f"{pod.name} will not run again: {pod.finished}" for pod in over[:NAMED]]
    if why := workload.unmade.get(revision.replica_set_uid):
        said.append(f"pods of {revision} cannot be made: {why}")
    return said


def _of_events(events: Iterable[ObjectEvent], said: str) -> list[str]:
    """The most frequent kinds that say more than was said."""
    found: dict[tuple[str, str], ObjectEvent] = {}
    for event in events:
        if event.reason in REPEATS or event.message.strip() in said:
            continue
        key = (event.reason, line_kind(event.message))
        before = found.get(key)
        times = event.times + (before.times if before is not None else 0)
        found[key] = ObjectEvent(reason=event.reason, message=event.message, times=times)
    most = sorted(found.values(), key=lambda event: (-event.times, event.reason, event.message))
    return [f"{e.reason} ({e.times} times): {shown(e.message)}" for e in most[:MOST_EVENTS]]
