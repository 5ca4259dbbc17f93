"""What is found where somebody points: Deployments, and the series that Prometheus has of their pods."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.core.value import Value


class FoundSeries(Value, frozen=True):
    """One series of a pod, as it is now; of a native histogram (``native``) no value is read."""

    labels: Mapping[str, str]
    value: float = 0.0
    native: bool = False

    @property
    def metric(self) -> str:
        return self.labels.get("__name__", "")


class FoundDeployment(Value, frozen=True):
    """``probes`` are the endpoints that its own HTTP probes ask, in words; ``series`` those of its pods."""

    name: str
    pods: int = 0
    probes: tuple[str, ...] = ()
    series: tuple[FoundSeries, ...] = ()


class Inventory(Value, frozen=True):
    """A namespace as found. The labels are those that join series to pods; empty where none does."""

    namespace: str
    prometheus: str
    deployments: tuple[FoundDeployment, ...]
    pod_label: str = ""
    namespace_label: str = ""
