"""The settings of who looks from outside, such as a pipeline, and does not have the daemon's file."""

from __future__ import annotations

import json
from collections.abc import Mapping

from daemon.settings.loading import load
from daemon.settings.model import Settings


def looking_at(
    namespace: str, flags: Mapping[str, str | None], environ: Mapping[str, str] | None = None
) -> Settings:
    """As :func:`load` without a file, for the cases of one namespace.

    The daemon's own policy is not known then, so nothing may be run by these. Raises SettingsError.
    """
    everything = {"namespace": namespace, "selector": "!rollbackd.io/none", "signals": []}
    return load(None, {**flags, "workloads": json.dumps([everything])}, environ)
