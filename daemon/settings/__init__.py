"""Settings: read once, checked whole, frozen; each part of the program is handed its own group."""

from __future__ import annotations

from daemon.settings.defaults import default_file
from daemon.settings.groups import (
    SINKS,
    HealthSettings,
    IncidentSettings,
    KubernetesSettings,
    LogSettings,
    PrometheusSettings,
    WebSettings,
)
from daemon.settings.guarding import GuardedWorkload, PolicySettings, SignalSettings
from daemon.settings.loading import load
from daemon.settings.model import Settings
from daemon.settings.problems import Problem, SettingsError

__all__ = [
    "SINKS",
    "GuardedWorkload",
    "HealthSettings",
    "IncidentSettings",
    "KubernetesSettings",
    "LogSettings",
    "PolicySettings",
    "Problem",
    "PrometheusSettings",
    "Settings",
    "SettingsError",
    "SignalSettings",
    "WebSettings",
    "default_file",
    "load",
]
