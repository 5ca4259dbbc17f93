"""What is switched off before a rollback."""

from __future__ import annotations

from pydantic import Field

from daemon.core.runs import FeatureFlag
from daemon.settings.smoke_tests import SmokeTestSettings
from daemon.settings.types import Duration, SignalName


class FeatureFlagSettings(SmokeTestSettings):
    """What switches a feature of a release off before its template is replaced.

    It is exactly one of `http`, `job` and `exec`, as a smoke test is, and is run once for a rollback. `exec`
    and `{pod}` mean a ready pod of what runs then. Where it fails the rollback goes on, and the case says so.
    """

    name: SignalName = Field(description="Short name, unique among the feature flags; reasons name it.")
    timeout: Duration = Field(
        default=5.0,
        ge=0.1,
        le=60,
        description="Seconds until it is given up; the rollback waits for so long.",
    )

    @property
    def flag(self) -> FeatureFlag:
        test = self.test
        return FeatureFlag(name=test.name, task=test.task, timeout=test.timeout)
