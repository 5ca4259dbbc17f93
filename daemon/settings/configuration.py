"""What becomes of ConfigMaps that hold something else than they did."""

from __future__ import annotations

from pydantic import Field

from daemon.core.policy import ConfigurationChoice
from daemon.settings.types import Duration, Group


class ConfigurationSettings(Group):
    """A part of the policy."""

    configuration: ConfigurationChoice = Field(
        default=ConfigurationChoice.HOLD,
        description=(
            "What a rollback does when a ConfigMap that the target reads holds something else than the target"
            " was found healthy with. `restore`: put it back first, from the daemon's own copy; that needs "
            "rights to write ConfigMaps. `hold`: do nothing and say so, and an approval returns to the "
            "template alone. `ignore`: return to the template alone. A ConfigMap that is changed in place "
            "while nothing is rolled out is judged as well: with `restore` it is put back where the workload "
            "fails since, with `hold` people are notified, with `ignore` nobody looks."
        ),
    )
    configuration_sync: Duration = Field(
        default=150.0,
        ge=1,
        le=3600,
        description=(
            "Seconds within which the kubelets bring a changed ConfigMap to the pods that mount it: their "
            "`syncFrequency` (a minute) and half as much again, and a minute for which they may keep what "
            "they know. A change in place is watched from then on, and what was restored counts from then "
            "on. Longer where `syncFrequency` is."
        ),
    )
