"""What a record of a rollout consists of. Times are Unix seconds."""

from __future__ import annotations

from daemon.core.signals.sample import Sample
from daemon.core.value import Value


class Sampled(Value, frozen=True):
    """One scrape of one pod: cumulative counters. ``at`` in Unix seconds."""

    at: float
    signal: str
    pod: str
    revision: str
    total: float
    bad: float | None = None
    unclear: float = 0.0
    born: float | None = None
    """When the pod was made, where that is known."""

    @property
    def sample(self) -> Sample:
        return Sample(
            namespace="", pod=self.pod, at=self.at, total=self.total, bad=self.bad, unclear=self.unclear
        )


class RolloutStarted(Value, frozen=True):
    """From now on ``revision`` is judged; ``baseline`` is the control group, empty for all others."""

    at: float
    revision: str
    baseline: str = ""


class ScrapeFailed(Value, frozen=True):
    """A poll that brought nothing, of one signal or (empty) of all."""

    at: float
    signal: str = ""


class DependencyChanged(Value, frozen=True):
    at: float
    name: str
    healthy: bool
    confirmed: bool = True
    """Whether anything but the judged pods says so."""


RecordEntry = Sampled | RolloutStarted | ScrapeFailed | DependencyChanged
