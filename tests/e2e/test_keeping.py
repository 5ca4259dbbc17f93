"""What is left of a past: old cases are deleted, and the copies of ConfigMaps that only they need."""

from __future__ import annotations

import json
import urllib.error
from functools import partial
from typing import Any

import pytest

from daemon.adapters.kubernetes.configuration_copies import COPY_OF
from tests.e2e.app.manifests import HEALTHY_SETTINGS
from tests.e2e.daemon import Daemon
from tests.e2e.stage import Stage, wait_for

pytestmark = pytest.mark.e2e
LONG = 400.0
"""Seconds: stories side by side on two cores take their time."""
OTHER = "other-config"


def copies(stage: Stage) -> set[str]:
    return {one["metadata"]["name"] for one in stage.objects("configmaps", "-l", COPY_OF)}


def named(case: dict[str, Any]) -> str:
    name: str = case["metadata"]["name"]
    return name


def test_an_old_case_goes_with_the_copies_that_only_it_needs(
    stages: dict[str, Stage], daemon: Daemon
) -> None:
    stage = stages["kept"]
    wait_for("the first case", partial(stage.case, "v1.0.0"))
    before = wait_for("a copy of its ConfigMap", partial(copies, stage), within=LONG)
    stage.write_config(OTHER, json.dumps(HEALTHY_SETTINGS))
    # As many cases as are kept; the first is one too many when the second of these is over.
    stage.release("v1.0.1", config_name=OTHER)
    stage.wait_phase("v1.0.1", "Healthy", within=LONG)
    stage.release("v1.0.1", config_name=OTHER, environment={"EXTRA": "1"})
    wait_for("the first case to be deleted", lambda: stage.case("v1.0.0") is None, within=LONG)
    wait_for("its copy to be deleted", lambda: not before & copies(stage), within=LONG)
    assert copies(stage), "what runs now is kept"


def test_an_order_for_a_case_that_is_over_comes_too_late(stages: dict[str, Stage], daemon: Daemon) -> None:
    """Over the daemon's API, which looks at the case itself before it writes for somebody."""
    stage = stages["kept"]
    case = stage.wait_phase("v1.0.1", "Healthy", within=LONG)
    with pytest.raises(urllib.error.HTTPError) as refused:
        daemon.post(f"/api/cases/{stage.namespace}/{named(case)}/hold")
    refused.value.close()
    assert refused.value.code == 409
