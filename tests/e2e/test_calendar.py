"""A freeze that a calendar file says, on the real cluster: held without a patch, rolled back after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.calendars import ics
from tests.e2e.apart import guarded, home
from tests.e2e.app.manifests import NAME, Gl006
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.stage import Stage
from tests.example import application

pytestmark = pytest.mark.e2e
LONG = 400.0
"""Seconds: the machine does other things as well."""
BAD = "v1.1.0-crash"
NAMESPACE = "greenlang-season"
Case = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Told:
    """The case within the freeze and after it, and how often the Deployment had been patched by then."""

    until: datetime
    held: Case
    patches_held: int
    tag_held: str
    ended: Case
    patches: int
    recovered: bool


def settings(cluster: Cluster, calendar: Path) -> dict[str, Any]:
    return application() | {
        "workloads": [{"namespace": NAMESPACE, "name": NAME, "signals": ["errors"], "smoke_tests": []}],
        "freezes": [{"name": "season", "calendar": str(calendar)}],
        # Long, for after its watch a held release is left to people.
        "policy": {"watch": 900, "baseline_window": 180, "stale_after": 15, "verify_deadline": 180},
        "prometheus": {"url": cluster.prometheus_url, "poll": 1},
        "log": {"format": "json"},
    }


def write(calendar: Path, end: datetime) -> None:
    """One event that began an hour ago; the file is there whole, or as it was."""
    begin = datetime.now(UTC) - timedelta(hours=1)
    times = [f"{name}:{at:%Y%m%dT%H%M%SZ}" for name, at in (("DTSTART", begin), ("DTEND", end))]
    new = calendar.with_suffix(".new")
    new.write_bytes(ics("\n".join(["SUMMARY:Season", *times])).encode())
    new.replace(calendar)


def play(cluster: Cluster, folder: Path, ends: ExitStack) -> Told:
    calendar = folder / "season.ics"
    until = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    write(calendar, until)
    stage = home(cluster, Gl006(namespace=NAMESPACE, replicas=1, base_error_rate=0.0), ends)
    apart = guarded(stage, folder, settings(cluster, calendar), ends, within=LONG)
    stage.release(BAD)
    held = _phase(stage, "Held", "RollingBack", "RolledBack", "Unrecovered", "Healthy")
    patches_held, tag_held = apart.patches(), stage.tag()
    write(calendar, datetime.now(UTC) + timedelta(seconds=10))
    ended = _phase(stage, "RolledBack", "Unrecovered", "Healthy")
    return Told(
        until=until,
        held=held,
        patches_held=patches_held,
        tag_held=tag_held,
        ended=ended,
        patches=apart.patches(),
        recovered=stage.all_ready_on("v1.0.0"),
    )


def _phase(stage: Stage, *phases: str) -> Case:
    return stage.wait_phase(BAD, *phases, within=LONG)


@pytest.fixture(scope="module")
def told(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with ExitStack() as ends:
        yield play(cluster, tmp_path_factory.mktemp("season"), ends)


def test_a_release_that_fails_within_the_freeze_is_held_with_its_name_and_its_end(told: Told) -> None:
    status = told.held["status"]
    assert status["phase"] == "Held", status["reason"]
    assert (
        f"the freeze season is on (guard freeze, until {told.until:%Y-%m-%d %H:%M:%S} UTC)"
        in status["reason"]
    )
    assert status["refusal"]["guard"] == "freeze"
    assert (told.patches_held, told.tag_held) == (0, BAD)


def test_when_the_calendar_says_it_is_over_the_release_is_rolled_back(told: Told) -> None:
    status = told.ended["status"]
    assert status["phase"] == "RolledBack", status["reason"]
    assert told.ended["metadata"]["uid"] == told.held["metadata"]["uid"]
    assert "lastInstruction" not in status, "nobody approved"
    assert (told.patches, told.recovered) == (1, True)
