"""The stories of :mod:`tests.e2e.test_runbook`: what is deployed in each, and how it is guarded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.e2e.app.manifests import NAME

SECRET = "hunter2hunter2"
READ_SETTINGS = "import json; json.load(open('/app/config/settings.json'))"
ASK_THE_SERVICE = (
    f"import urllib.request; urllib.request.urlopen('http://{NAME}/api/v1/work', data=b'', timeout=5)"
)
SMOKE_TESTS: list[dict[str, Any]] = [
    {"name": "page", "http": {"url": "http://{pod}:8000/health"}},
    {"name": "work", "job": {"command": ["python3", "-c", ASK_THE_SERVICE]}, "timeout": 60},
    {"name": "settings", "exec": {"command": ["python3", "-c", READ_SETTINGS]}, "timeout": 20},
    {
        "name": "balance",
        "exec": {"command": ["sh", "-c", f"echo heat balance is off, password={SECRET}; exit 3"]},
        "timeout": 20,
    },
    {"name": "endless", "job": {"command": ["sleep", "600"]}, "timeout": 10},
]
APP: dict[str, Any] = {"replicas": 1, "base_error_rate": 0.0}
WORKLOADS: Mapping[str, dict[str, Any]] = {
    "proven": {"smoke_tests": ["page", "work", "settings"]},
    "unproven": {"smoke_tests": ["page", "balance", "endless"], "verify_deadline": 60},
    "denied": {"smoke_tests": ["settings"], "verify_deadline": 45},
    "logged": {"smoke_tests": [], "logs": True},
}
STORIES: dict[str, dict[str, Any]] = {
    **dict.fromkeys(WORKLOADS, APP),
    "logged": APP | {"progress_deadline_seconds": 20},
}
