"""How a workload fares that no rollout is about: reported to people, and never a reason to act.

A release is judged in its watch. What befalls its pods later has other causes as a rule, and no revision to
return to is any better for it; but a workload whose pods crash is not green either.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from daemon.core.case.case import Case, Trouble
from daemon.core.case.edits import announce, change, noted, seconds, told
from daemon.core.case.incident import Stage
from daemon.core.model import Pod, Workload
from daemon.core.policy import Policy
from daemon.core.rollout_facts.diagnosis import pod_trouble
from daemon.core.value import Instant, Value

LASTS = timedelta(seconds=60)
"""For so long a pod is not well before anybody hears of it, and well again before they hear of that."""
STARTS = timedelta(seconds=600)
"""What a pod is given that starts and does not say what keeps it; Kubernetes' own default deadline."""
STARTING = frozenset({"ContainerCreating", "PodInitializing"})
"""What a container waits for in every start."""
NAMED = 3
"""Pods that are named; the others are counted."""


class PodStanding(Value, frozen=True):
    """Of one pod; times are of the daemon's clock, as it was seen."""

    unwell_since: Instant | None = None
    """Since when it is not well, short spells of readiness aside."""
    ready_since: Instant | None = None
    was_ready: bool = False


class Standing(Value, frozen=True):
    """Of a workload: its pods by UID, and since when pods cannot be made."""

    pods: Mapping[str, PodStanding] = {}
    unmade_since: Instant | None = None


def update_standing(before: Standing, workload: Workload, now: datetime) -> Standing:
    """The standing after another look; pods that are gone are forgotten."""
    pods = {pod.uid: _looked(before.pods.get(pod.uid, PodStanding()), pod, now) for pod in workload.live}
    unmade_since = (before.unmade_since or now) if _unmade(workload) else None
    return Standing(pods=pods, unmade_since=unmade_since)


def _looked(before: PodStanding, pod: Pod, now: datetime) -> PodStanding:
    if not pod.ready:
        return replace(before, unwell_since=before.unwell_since or now, ready_since=None)
    ready_since = before.ready_since or now
    over = before.unwell_since is None or now - ready_since >= LASTS
    return PodStanding(
        unwell_since=None if over else before.unwell_since, ready_since=ready_since, was_ready=True
    )


def trouble(standing: Standing, workload: Workload, now: datetime) -> str:
    """What is wrong with the workload, in a sentence; empty where nothing is, or it may pass."""
    said = []
    unwell = [pod for pod in workload.live if _lasts(standing.pods.get(pod.uid), pod, now)]
    if unwell:
        names = "; ".join(f"{pod.name}: {_words(pod)}" for pod in unwell[:NAMED])
        more = f"; and {len(unwell) - NAMED} more" if len(unwell) > NAMED else ""
        be = "is" if len(unwell) == 1 else "are"
        said.append(f"{len(unwell)} of {len(workload.live)} pods {be} not well ({names}{more})")
    if standing.unmade_since is not None and now - standing.unmade_since >= LASTS:
        said.append(f"pods cannot be made: {_unmade(workload)}")
    return "; ".join(said)


def _words(pod: Pod) -> str:
    return pod_trouble(pod) if not pod.ready else "ready only for moments"


def _lasts(standing: PodStanding | None, pod: Pod, now: datetime) -> bool:
    if standing is None or standing.unwell_since is None:
        return False
    says_why = pod.unschedulable or any(
        c.waiting_reason and c.waiting_reason not in STARTING for c in pod.containers
    )
    patience = LASTS if standing.was_ready or says_why else STARTS
    return now - standing.unwell_since >= patience


def _unmade(workload: Workload) -> str:
    current = workload.current
    return workload.unmade.get(current.replica_set_uid, "") if current is not None else ""


def troubled(case: Case, text: str, policy: Policy, now: datetime) -> Case:
    """What befell the workload after the case was over: written down and reported, and nothing else."""
    if case.active:
        return case
    stage: Stage = "updated" if told(case) else "opened"
    if text:
        case = change(case, trouble=Trouble(since=now, text=text))
        return announce(noted(case, f"not a rollout: {text}; nothing is done", now), stage, policy, now)
    if case.status.trouble is None:
        return case
    minutes = seconds(case.status.trouble.since, now) / 60
    case = noted(change(case, trouble=None), f"not a rollout: over after {minutes:.0f} min", now)
    return announce(case, "closed", policy, now)
