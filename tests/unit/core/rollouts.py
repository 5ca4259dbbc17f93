"""A rollout that is watched look by look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace

from daemon.core.assessment import Fact
from daemon.core.model import Container, Pod, Revision, Workload
from daemon.core.policy import Policy
from daemon.core.rollout_facts import facts
from daemon.core.rollout_facts.pod_history import PodHistory, follow_pods
from tests.unit.core.made import NEW, START, at, container, pod

POLICY = Policy()


@dataclass
class Watch:
    """A case's memory, look by look."""

    revision: Revision = NEW
    started_at: datetime = START
    policy: Policy = POLICY
    histories: tuple[PodHistory, ...] = field(default=())

    def see(self, seen: Workload, seconds: float, *, complete: bool = True) -> tuple[Fact, ...]:
        now = at(seconds)
        self.histories = follow_pods(self.histories, seen, self.revision, self.started_at, now)
        return facts.facts_against(seen, self.revision, self.policy, self.histories, now, complete=complete)

    def kinds(self, seen: Workload, seconds: float, *, complete: bool = True) -> list[str]:
        return [fact.kind for fact in self.see(seen, seconds, complete=complete)]


def ready(count: int) -> list[Pod]:
    return [pod(f"p{n}", ready=True) for n in range(count)]


def ended(times: int, **fields: object) -> Container:
    return container("heat", **{"restarts": times, "exit_code": 1, "exit_reason": "Error", **fields})


def unready(pods: Sequence[Pod]) -> list[Pod]:
    return [replace(one, ready=False) for one in pods]
