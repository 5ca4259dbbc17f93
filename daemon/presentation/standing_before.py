"""How a workload stood before a plan began, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.core.case.prior_state import PodBefore, PriorState


def lines_of(state: PriorState | None) -> Iterator[str]:
    """None where no plan has begun, or its checks are switched off."""
    if state is None:
        return
    yield f"{state.at:%H:%M:%S} UTC, {state.rollout}" if state.rollout else f"{state.at:%H:%M:%S} UTC"
    yield from (f"pod {_pod(pod)}" for pod in state.pods)
    if state.pods_left_out:
        yield f"and {state.pods_left_out} more pods"
    yield from (f"signal {signal}" for signal in state.signals)
    yield from (f"event {event}" for event in state.events)
    for what, names in (
        ("there", state.present),
        ("gone", (*state.gone, *state.lacking)),
        ("not checked", state.unchecked),
    ):
        if names:
            yield f"{what}: {', '.join(names)}"


def _pod(pod: PodBefore) -> str:
    ready = "ready" if pod.ready else "not ready"
    restarts = f", {pod.restarts} restarts" if pod.restarts else ""
    node = f" on {pod.node}" if pod.node else ""
    return f"{pod.name}: {ready}{restarts}, {pod.image}{node}"
