"""Deployment or infrastructure? Asked only of a revision that is failing.

The rules go from the strongest witness to the weakest: the control group (old pods that serve beside the new
ones, or served before them), the dependencies and neighbours, other workloads, single pods and nodes, the
traffic. Each answer carries its numbers. Where a witness speaks for the infrastructure but not clearly, the
answer is undecided, and the case is held.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from daemon.core.assessment import Fact
from daemon.core.attribution.affected_pods import spread
from daemon.core.attribution.failure import Failure, earliest
from daemon.core.attribution.finding import Finding, Witness
from daemon.core.attribution.traffic import shift
from daemon.core.model import Revision, Workload
from daemon.core.rollout_facts.facts import DEADLINE, hindered
from daemon.core.rollout_facts.pod_history import PodHistory, crashing, evictions
from daemon.core.signals.baseline import total
from daemon.core.signals.state import SignalState
from daemon.core.statistics.change_point import Onset
from daemon.core.thresholds import CLEAR, LAG, LEAD, ROUND, STALE_OUTAGE
from daemon.core.value import Value

CRASHES = frozenset({"CrashLoopBackOff", "OOMKilled", "RestartsAfterReady"})
NODES_DO = CRASHES | {"ReadinessLost", DEADLINE}
"""Kinds of facts that a node in trouble brings about in whatever runs on it."""


class Dependency(Value, frozen=True):
    """Something the workload needs, as a gauge or its pods tell. ``since`` is when it took this state."""

    name: str
    healthy: bool
    since: float
    detail: str = ""
    confirmed: bool = True
    """Whether anything but the judged pods says so; they alone may just fail to reach it."""


class Surroundings(Value, frozen=True):
    dependencies: tuple[Dependency, ...] = ()
    others: tuple[str, ...] = ()
    """Other workloads that began to fail at the same moment."""
    nodes: Mapping[str, str] = {}
    """Node → what is wrong with it."""


class Scene(Value, frozen=True):
    """What is known of the cluster around the failing pods."""

    crashing: str = ""
    """A pod of another revision that crashes as well."""
    hindered: str = ""
    """What keeps the new pods from coming up that need not be the release's doing."""
    placed: Mapping[str, str] = {}
    """Pod → its node."""
    surroundings: Surroundings = Surroundings()
    at: float = 0.0
    """When it was looked at, Unix seconds."""


def scene_of(
    workload: Workload,
    judged: Revision,
    histories: Sequence[PodHistory],
    surroundings: Surroundings,
    at: float,
) -> Scene:
    nodes = {**evictions(histories, workload), **surroundings.nodes}
    return Scene(
        crashing=crashing(histories),
        hindered=hindered(workload, judged),
        placed={pod.name: pod.node for pod in workload.pods if pod.node},
        surroundings=replace(surroundings, nodes=nodes),
        at=at,
    )


def attribute(failing: Sequence[Failure], facts: tuple[Fact, ...], scene: Scene) -> Finding:
    """The cause that the evidence speaks for, and why; ``failing`` are the signals that decided."""
    begun = earliest(failing)
    failing = [failure if failure.onset is not None else Failure(failure.state, begun) for failure in failing]
    found = _from_facts(facts, scene)
    for failure in failing:
        # Each signal has its own pods' story; the outer witnesses are asked once.
        found = found or (failure.old_pods.blamed if failure.old_pods is not None else None)
    found = found or _from_surroundings(scene, begun)
    for failure in failing:
        found = found or _from_new_pods(failure, scene)
    return found or Finding(witness=Witness.RELEASE, reason=_laid_to_release(failing, begun))


# ------------------------------------------------------------ witnesses, one by one


def _from_facts(facts: tuple[Fact, ...], scene: Scene) -> Finding | None:
    if any(fact.kind in CRASHES for fact in facts) and scene.crashing:
        reason = f"pod {scene.crashing} of another revision crashes as well"
        return Finding(witness=Witness.CRASHES_ELSEWHERE, reason=reason)
    stuck = bool(facts) and all(fact.kind == DEADLINE for fact in facts)
    if stuck and scene.hindered:
        return Finding(witness=Witness.HINDERED, reason=scene.hindered)
    return _from_nodes(facts, scene)


def _from_nodes(facts: tuple[Fact, ...], scene: Scene) -> Finding | None:
    """Where every pod that the facts name stands on a node with a trouble, the nodes explain them."""
    hit = {pod for fact in facts for pod in fact.pods}
    if not hit or any(fact.kind not in NODES_DO and fact.pods for fact in facts):
        return None
    nodes = {scene.placed.get(pod, "") for pod in hit}
    troubles = scene.surroundings.nodes
    if not all(troubles.get(node) for node in nodes):
        return None
    said = ", ".join(f"node {node}: {troubles[node]}" for node in sorted(nodes))
    return Finding(witness=Witness.NODES, reason=f"only pods on nodes in trouble are hit: {said}")


def _from_surroundings(scene: Scene, begun: Onset | None) -> Finding | None:
    around = scene.surroundings
    # What only the pods' own state shows is being looked at now.
    begun = begun or Onset(low=scene.at - LEAD, high=scene.at, failing=1.0)
    for dependency in around.dependencies:
        if not dependency.healthy and (found := _of_dependency(dependency, begun)) is not None:
            return found
    if around.others:
        reason = f"other workloads began to fail at the same moment: {', '.join(around.others)}"
        return Finding(witness=Witness.OTHER_WORKLOADS, reason=reason)
    return None


def _of_dependency(dependency: Dependency, begun: Onset) -> Finding | None:
    if dependency.since > begun.high + LAG or dependency.since < begun.low - STALE_OUTAGE:
        return None
    ahead = begun.high - dependency.since
    when = f"{_ago(ahead)} before the failure" if ahead > 0 else f"{_ago(-ahead)} after the failure began"
    words = f"{dependency.name} has been unhealthy since {when}"
    if dependency.detail:
        words += f" ({dependency.detail})"
    if dependency.confirmed and dependency.since >= begun.low - LEAD:
        return Finding(witness=Witness.DEPENDENCY, reason=words)
    return Finding(witness=Witness.DEPENDENCY_UNCLEAR, reason=f"{words}, and cannot be ruled out")


def _from_new_pods(failure: Failure, scene: Scene) -> Finding | None:
    """What is left once nobody else speaks up: single pods, the traffic, and what the old pods never saw."""
    state, begun, old_pods = failure.state, failure.onset, failure.old_pods
    if begun is None or old_pods is None:
        return None
    return _from_pods(state, begun, scene) or _from_traffic(state, begun) or old_pods.unseen


def _from_pods(state: SignalState, begun: Onset, scene: Scene) -> Finding | None:
    found = spread(state, begun)
    if not found.partial:
        return None
    hit = ", ".join(found.hit)
    words = f"only {hit} of {found.pods} new pods is hit: {state.policy.name} {found.tally}"
    nodes = {scene.placed[pod] for pod in found.hit if pod in scene.placed}
    troubled = [
        f"node {node}: {scene.surroundings.nodes[node]}"
        for node in sorted(nodes & set(scene.surroundings.nodes))
    ]
    if troubled:
        reason = f"{words}; {', '.join(troubled)}"
        return Finding(witness=Witness.SOME_PODS_ON_BAD_NODES, reason=reason)
    where = f" (node {', '.join(sorted(nodes))})" if nodes else ""
    return Finding(witness=Witness.SOME_PODS, reason=f"{words}{where}")


def _from_traffic(state: SignalState, begun: Onset) -> Finding | None:
    found = shift(state, begun)
    if found is None:
        return None
    reason = f"the traffic has changed as well: {found.now:.3g} requests a second, before {found.before:.3g}"
    return Finding(witness=Witness.TRAFFIC, reason=reason)


def _laid_to_release(failing: Sequence[Failure], begun: Onset | None) -> str:
    if begun is None:
        return "only the new revision's pods are hit"
    failure = next(failure for failure in failing if failure.onset == begun)
    state = failure.state
    beside = total(step for step in state.old_steps if step.since >= begun.low - ROUND)
    control = f"; old pods at the same time {beside}" if beside.total > 0 else ""
    low, high = begun.low - state.started_at, begun.high - state.started_at
    when = f"{max(0.0, low):.0f} to {max(0.0, high):.0f} s after the rollout"
    return f"only the new revision's pods are hit{_aged(failure)}: {state.policy.name} since {when}{control}"


def _aged(failure: Failure) -> str:
    begun, old_pods = failure.onset, failure.old_pods
    if begun is None or old_pods is None or begun.well < CLEAR:
        return ""
    aged = old_pods.ageing
    if aged is None or aged.gain < CLEAR:
        return ""
    return f", each {aged.low:.0f} to {aged.high:.0f} s after its own start"


def _ago(seconds: float) -> str:
    return f"{max(0.0, seconds):.0f} s"
