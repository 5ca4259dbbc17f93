"""What goes wrong between the service's counters and who reads them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .effects import ClockStep, Gap, LateCounter, Missed, Outage, PollsFail
from .record import Samples
from .scene import Floats, Scene, Whole

Windows = list[tuple[float, float]]


@dataclass(frozen=True)
class Plan:
    """When each pod is scraped, in order: whole seconds from the rollout's start, and a jitter below one."""

    pod: Whole
    second: Whole
    jitter: Floats

    def without(self, gone: np.typing.NDArray[np.bool_]) -> Plan:
        return Plan(pod=self.pod[~gone], second=self.second[~gone], jitter=self.jitter[~gone])


def spoiled(scene: Scene, plan: Plan) -> tuple[Plan, Windows]:
    """The scrapes that take place, and when queries are not answered."""
    unreachable: Windows = []
    for flaw in scene.family.flaws:
        match flaw:
            case Gap() | Outage():
                begin = scene.draw(flaw.at)
                end = begin + scene.draw(flaw.lasts)
                plan = plan.without((plan.second >= begin) & (plan.second < end))
                if isinstance(flaw, Outage):
                    unreachable.append((begin, end))
            case Missed():
                plan = plan.without(scene.rng.random(plan.second.size) < flaw.share)
            case PollsFail():
                begins = np.sort(scene.rng.uniform(10, scene.family.watch, flaw.times)).tolist()
                unreachable += [(begin, begin + scene.draw((5.0, 15.0))) for begin in begins]
            case _:
                pass  # of the counters or of the time, not of the plan
    return plan, unreachable


def stamped(scene: Scene, samples: Samples, start: float) -> Samples:
    """The samples as stored: in Unix time, by Prometheus's clock, and without what does not exist yet."""
    at, bad = samples.at + start, samples.bad
    kept = np.ones(at.size, dtype=np.bool_)
    for flaw in scene.family.flaws:
        if isinstance(flaw, ClockStep):
            step, by = start + scene.draw(flaw.at), scene.draw(flaw.by)
            later = at >= step
            at = np.where(later, at + by, at)
            # Out of order, and therefore refused.
            kept &= ~(later & (at <= step))
        elif isinstance(flaw, LateCounter):
            bad = np.where(bad == 0, np.nan, bad)
    return Samples(at=at[kept], pod=samples.pod[kept], total=samples.total[kept], bad=bad[kept])
