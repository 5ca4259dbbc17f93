"""A world whose running pods see what a mounted ConfigMap holds, some time after it was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from daemon.adapters.simulation.templates import simple_template
from daemon.core.case.case import Case, Phase
from daemon.core.policy import ConfigurationChoice
from daemon.core.rollout_facts.configuration import Reference
from tests.engine.world import IMAGE, POLICY, REF, World, traffic

CONFIG = Reference(kind="ConfigMap", name="gl-006-heatreclaim-config")
ENDS = (Phase.ROLLED_BACK, Phase.UNRECOVERED, Phase.HELD, Phase.HEALTHY)
SYNCED = 40.0
"""Seconds until the kubelet has brought a change to the pods of these tests."""
RATES = {"bad": 0.3, "worse": 0.5}
"""The error rate that a content brings; others bring the usual one."""


def template(*, mounted: bool = True) -> dict[str, Any]:
    made: dict[str, Any] = simple_template(REF.name, f"{IMAGE}:v1.0.0")
    if mounted:
        made["spec"]["volumes"] = [{"name": "config", "configMap": {"name": CONFIG.name}}]
        made["spec"]["containers"][0]["volumeMounts"] = [{"name": "config", "mountPath": "/app/config"}]
    else:
        made["spec"]["containers"][0]["envFrom"] = [{"configMapRef": {"name": CONFIG.name}}]
    return made


class Mounted(World):
    rates: Mapping[str, float] = RATES
    synced = SYNCED
    incident: float | None = None
    """An error rate that something else than the configuration brings."""
    _seen = "good"
    _due: tuple[float, str] | None = None
    _serving: float | None = None

    def run(self, seconds: float, step: float = 1.0) -> None:
        """The daemon looks at everything once a minute, as its scheduler has it."""
        for _ in range(round(seconds / step)):
            super().run(step, step)
            self._sync()
            if self.daemon is not None and round(self.clock.monotonic()) % 60 == 0:
                self.resync()

    def _sync(self) -> None:
        now, held = self.clock.monotonic(), self.configuration.holds(REF.namespace, CONFIG) or self._seen
        if self._due is None or self._due[1] != held:
            self._due = (now + self.synced, held)
        if now >= self._due[0]:
            self._seen = held
        rate = self.incident if self.incident is not None else self.rates.get(self._seen, self.base)
        if rate != self._serving:
            self._serving = rate
            self.metrics.serve(self.ref, traffic(self.rps, base=rate))

    def edit(self, value: str = "bad") -> None:
        self.configuration.write(REF.namespace, CONFIG, value=value)

    def holds(self) -> str:
        return self.configuration.holds(REF.namespace, CONFIG)

    def pods(self) -> list[str]:
        workload = self.cluster.workload(REF)
        assert workload is not None
        return [pod.name for pod in workload.live]

    def steps(self) -> list[tuple[str, str]]:
        """Of all cases in place, in their order."""
        return [
            (effect.kind, effect.outcome.value if effect.outcome else "")
            for case in self.in_place()
            for effect in case.status.effects
            if effect.is_step
        ]

    def in_place(self) -> list[Case]:
        """The cases of changes in place, oldest first."""
        found = [case for case in self.store.cases() if case.spec.in_place]
        return sorted(found, key=lambda case: case.spec.opened_at)

    def until(self, *phases: Phase, within: float = 1500.0) -> Case:
        """Turn the clock until the newest case in place is in one of the phases."""
        for _ in range(round(within)):
            if (cases := self.in_place()) and cases[-1].phase in phases:
                return cases[-1]
            self.run(1.0)
        told = [f"{case.phase.value}: {case.status.reason}" for case in self.in_place()]
        raise AssertionError(f"not in {phases} within {within:g} s but {told}")


def world(
    choice: ConfigurationChoice = ConfigurationChoice.RESTORE,
    *,
    mounted: bool = True,
    rps: float = 50.0,
    base: float = 0.01,
    seed: int = 0,
) -> Mounted:
    """A release that was adopted with a good configuration, and runs for a while."""
    policy = replace(POLICY, configuration=choice)
    made = Mounted(template=template(mounted=mounted), rps=rps, base=base, seed=seed, policy=policy)
    made.configuration.write(REF.namespace, CONFIG)
    # Pods that were made before it was there have waited for it, as far as the twin goes.
    made.cluster.restart(REF)
    made.settled()
    made.run(90)
    return made
