"""What befalls pods and nodes of the simulated cluster without anybody's write, for tests and benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager

from msgspec.structs import replace

from daemon.adapters.simulation.kubelet import Pace
from daemon.adapters.simulation.objects import DeploymentState, PodState
from daemon.adapters.simulation.pod_lifecycle import Late, Spell
from daemon.adapters.simulation.simulation import Simulation
from daemon.core.model import WorkloadRef
from daemon.core.rollout_facts.configuration import Reference
from daemon.ports import Missing


class Accidents:
    """Pods are named. All raise Missing where the Deployment does not exist; seconds count from now."""

    def __init__(self, settled: Callable[[], AbstractContextManager[None]], simulation: Simulation) -> None:
        self._settled = settled
        self._simulation = simulation

    def nodes(self, names: Sequence[str]) -> None:
        """Have pods that are made from now on placed on these nodes by turns."""
        with self._settled():
            self._simulation.controller.nodes = tuple(names)

    def pace(self, pace: Pace) -> None:
        """How fast pods start that are made from now on."""
        with self._settled():
            self._simulation.controller.pace = pace

    def delay_starts(self, seconds: float, words: tuple[str, str]) -> None:
        """Pods that are made from now on cannot start until then, for the reason that the kubelet gives."""
        with self._settled():
            until = self._simulation.at + seconds
            self._simulation.controller.late = Late(words=words, until=until)

    def unready(
        self, ref: WorkloadRef, pods: Iterable[str], seconds: float, *, reachable: bool = True
    ) -> None:
        """The pods fail their probes for so long, or are cut off with their node."""
        self._befall(ref, pods, Spell(begin=0.0, end=seconds, running=reachable))

    def end_container(
        self,
        ref: WorkloadRef,
        pod: str,
        place: int,
        seconds: float,
        *,
        code: int = 137,
        why: str = "OOMKilled",
    ) -> None:
        """One of a pod's containers ends, and is ready again after so long; init containers count first."""
        self._befall(ref, [pod], Spell(begin=0.0, end=seconds, ended=(place, code, why)))

    def evict(
        self, ref: WorkloadRef, pod: str, why: str = "Evicted: The node was low on resource: memory"
    ) -> None:
        """End a pod for good, as its node's kubelet does; it stays as ``Failed`` beside its successor."""
        with self._settled():
            state = self._find(ref)
            found = next((own for own in state.pods if own.name == pod), None)
            if found is None:
                raise Missing(f"Deployment {ref} has no pod {pod}")
            self._simulation.account(state)
            found.finished = why
            self._simulation.disturbed(state)

    def remove_pod(self, ref: WorkloadRef, pod: str) -> None:
        """Delete a pod, as a drain does; its ReplicaSet makes another."""
        with self._settled():
            state = self._find(ref)
            self._simulation.account(state)
            for found in (own for own in state.pods if own.name == pod):
                found.deleted = self._simulation.at
            self._simulation.disturbed(state)

    def spoil(self, namespace: str, reference: Reference, broken: bool) -> None:
        """Have pods that start with this ConfigMap or Secret crash from now on, or not any more."""
        with self._settled():
            spoilt = self._simulation.controller.spoilt
            (spoilt.add if broken else spoilt.discard)((namespace, reference))

    def refuse_pods(self, ref: WorkloadRef, why: str) -> None:
        """Let no pod be made from now on, as a quota or a failing webhook does; empty: let them again."""
        with self._settled():
            state = self._find(ref)
            state.no_more_pods = why
            self._simulation.disturbed(state)

    def _find(self, ref: WorkloadRef) -> DeploymentState:
        state = self._simulation.deployments.get(ref)
        if state is None:
            raise Missing(f"Deployment {ref} does not exist: apply it first")
        return state

    def _befall(self, ref: WorkloadRef, pods: Iterable[str], spell: Spell) -> None:
        with self._settled():
            state = self._find(ref)
            self._simulation.account(state)
            for pod in _named(state, frozenset(pods)):
                age = self._simulation.at - pod.created
                pod.spells = (*pod.spells, replace(spell, begin=age, end=age + spell.end))
            self._simulation.disturbed(state)


def _named(state: DeploymentState, names: frozenset[str]) -> list[PodState]:
    return [pod for pod in state.pods if pod.name in names]
