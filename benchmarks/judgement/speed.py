"""How long one core takes for a round of judgements: 1,000 workloads with four signals.

``python -m benchmarks.judgement.speed`` prints it, for workloads of one pod and of three. What is timed is
the fold and the judge as the daemon calls them once an interval: each signal's new samples are counted and
weighed, then the workload is assessed.
"""

from __future__ import annotations

import statistics
from time import process_time

from daemon.core.attribution.cause import Scene
from daemon.core.judge.detection import SignalView
from daemon.core.judge.verdict import alpha_of, assess
from daemon.core.policy import Policy, SignalPolicy
from daemon.core.signals.sample import Sample
from daemon.core.signals.state import Side, SignalState, initial_state, update

WORKLOADS = 1_000
SIGNALS = 4
SEVERAL = 3
"""Pods of a workload in the other figure: a judgement costs a little more with each."""
ROUNDS = 12
EPOCH = 1_750_000_000.0


def milliseconds(pods: int = 1, workloads: int = WORKLOADS, rounds: int = ROUNDS) -> float:
    """The median round's processor time, after half of the rounds have passed to warm up."""
    policy = Policy(
        signals=tuple(
            SignalPolicy(name=f"s{number}", title=f"signal {number}", limit=0.05) for number in range(SIGNALS)
        )
    )
    fleet = [_workload(policy, pods) for _ in range(workloads)]
    times = []
    for number in range(1, rounds + 1):
        samples = _samples("new", EPOCH + 15.0 * number, number, pods)
        begun = process_time()
        for states in fleet:
            for name, state in states.items():
                states[name] = update(state, samples, _born, _side)
            assess(Scene(), (), {name: SignalView(state=state) for name, state in states.items()}, policy)
        times.append(1000 * (process_time() - begun))
    return statistics.median(times[rounds // 2 :])


def _workload(policy: Policy, pods: int) -> dict[str, SignalState]:
    history = [
        sample
        for number in range(1, 121)
        for sample in _samples("old", EPOCH - 1800.0 + 15.0 * number, number, pods)
    ]
    first = initial_state(policy.signals[0], alpha_of(policy), EPOCH, history, _side)
    return {signal.name: first for signal in policy.signals}


def _samples(revision: str, at: float, number: int, pods: int) -> list[Sample]:
    return [
        Sample(
            namespace="shop",
            pod=f"{revision}-{pod}",
            at=at + pod,
            total=250.0 * number,
            bad=float(number * 2),
        )
        for pod in range(pods)
    ]


def _side(pod: str) -> Side:
    return Side.NEW if pod.startswith("new") else Side.OLD


def _born(pod: str) -> bool:
    return pod.startswith("new")


if __name__ == "__main__":
    for count in (1, SEVERAL):
        found = f"{milliseconds(count):.0f} ms a round on one core"
        print(f"{WORKLOADS:,} workloads with {SIGNALS} signals, pods of each {count}: {found}")
