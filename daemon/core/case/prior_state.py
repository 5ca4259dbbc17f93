"""What the checks before a plan found, and how the workload stood then: the record that a person would make.

It is bounded: a case is one object of the API server.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from daemon.core.assessment import Assessment
from daemon.core.masking import mask
from daemon.core.model import Pod, Workload
from daemon.core.rollout_facts.diagnosis import ObjectEvent
from daemon.core.text import truncated
from daemon.core.value import Instant, Value

MOST_PODS = 20
MOST_EVENTS = 5
MOST_NAMES = 40
LONGEST = 300
"""Characters of one text."""


class PodBefore(Value, frozen=True, omit_defaults=True):
    """A pod as it was."""

    name: str
    image: str = ""
    node: str = ""
    ready: bool = False
    restarts: int = 0


class PriorState(Value, frozen=True, omit_defaults=True):
    """As it was found at ``at``, just before the first step.

    ``signals`` are the counts of errors that the decision rests on, ``events`` the last warnings. Of what
    the plan needs, by name: ``present``, ``gone`` (pods cannot start without), ``lacking`` (gone as well, and
    they may) and ``unchecked`` (with the reason).
    """

    at: Instant
    rollout: str = ""
    pods: tuple[PodBefore, ...] = ()
    pods_left_out: int = 0
    signals: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()


def prior_state(
    workload: Workload | None, assessment: Assessment | None, events: Sequence[ObjectEvent], at: datetime
) -> PriorState:
    """The workload as it is; those of its pods that are not ready come first."""
    pods = sorted(workload.live, key=lambda pod: (pod.ready, pod.name)) if workload is not None else []
    signals = assessment.signals if assessment is not None else ()
    return PriorState(
        at=at,
        rollout=str(workload.status) if workload is not None else "",
        pods=tuple(_pod(pod) for pod in pods[:MOST_PODS]),
        pods_left_out=len(pods[MOST_PODS:]),
        signals=tuple(_short(f"{signal.name}: {signal.reason}") for signal in signals),
        events=tuple(_event(event) for event in events[:MOST_EVENTS]),
    )


def _pod(pod: Pod) -> PodBefore:
    return PodBefore(
        name=pod.name,
        image=_short(", ".join(pod.images)),
        node=pod.node,
        ready=pod.ready,
        restarts=pod.restarts,
    )


def _event(event: ObjectEvent) -> str:
    return _short(f"{event.reason} ({event.times} times): {mask(event.message)}")


def _short(text: str) -> str:
    return truncated(" ".join(text.split()), LONGEST)
