"""Settings: read once, checked whole, frozen; each part of the program is handed its own group."""

from __future__ import annotations

from daemon.settings.example import example_file
from daemon.settings.freezes import FreezeSettings
from daemon.settings.groups import (
    AlertSettings,
    HealthSettings,
    KubernetesSettings,
    LogSettings,
    PrometheusSettings,
    WebSettings,
)
from daemon.settings.guarding import GuardedWorkload, PolicySettings, SignalSettings
from daemon.settings.incidents import SINKS, IncidentSettings
from daemon.settings.loading import load
from daemon.settings.looking import looking_at
from daemon.settings.migration import MigrationSettings
from daemon.settings.model import Settings
from daemon.settings.problems import Problem, SettingsError
from daemon.settings.smoke_tests import SmokeTestSettings
from daemon.settings.sources import CounterPair, SlowShare, Source
from daemon.settings.surroundings import DependencySettings, NeighbourSettings

__all__ = [
    "SINKS",
    "AlertSettings",
    "CounterPair",
    "DependencySettings",
    "FreezeSettings",
    "GuardedWorkload",
    "HealthSettings",
    "IncidentSettings",
    "KubernetesSettings",
    "LogSettings",
    "MigrationSettings",
    "NeighbourSettings",
    "PolicySettings",
    "Problem",
    "PrometheusSettings",
    "Settings",
    "SettingsError",
    "SignalSettings",
    "SlowShare",
    "SmokeTestSettings",
    "Source",
    "WebSettings",
    "example_file",
    "load",
    "looking_at",
]
