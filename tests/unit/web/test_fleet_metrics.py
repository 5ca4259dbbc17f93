"""The cases as metrics: the phase of the newest one, nothing of what is gone, and no noise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from daemon import __version__, metrics_reference
from daemon.core.case.case import Phase, Status
from daemon.core.case.outline import Outline
from daemon.ports import Unavailable
from tests.unit.web import samples
from tests.unit.web.conftest import Client
from tests.unit.web.fakes import FakeViews

ROOT = Path(__file__).parents[3]


def lines(client: Client, name: str) -> list[str]:
    return [line for line in client.get("/metrics").text.splitlines() if line.startswith(name)]


def test_the_newest_phase_of_what_is_guarded(client: Client, views: FakeViews) -> None:
    views.now_workloads = [samples.workload()]
    views.now_cases = [
        samples.case(7, opened=-500, status=Status(phase=Phase.UNRECOVERED)),
        samples.rolled_back(),
        samples.watching(),
    ]

    named = 'namespace="greenlang",workload="gl-006-heatreclaim"'
    assert lines(client, "rollbackd_case_phase{") == [
        'rollbackd_case_phase{namespace="greenlang",phase="RolledBack",workload="gl-006-heatreclaim"} 1.0'
    ]
    assert lines(client, "rollbackd_workload_guarded{") == [f"rollbackd_workload_guarded{{{named}}} 1.0"]
    [build] = lines(client, "rollbackd_build_info{")
    assert f'version="{__version__}"' in build


def test_what_is_not_known_has_no_series_and_the_scrape_goes_on(client: Client, views: FakeViews) -> None:
    def down() -> None:
        raise Unavailable("the API server is silent")

    views.workloads = down  # type: ignore[method-assign, assignment]

    assert lines(client, "rollbackd_case_phase{") == []
    assert len(lines(client, "rollbackd_build_info{")) == 1


def test_no_counter_says_when_it_was_made(client: Client) -> None:
    client.post('{"alerts": []}')

    assert lines(client, "rollbackd_webhook_deliveries_total{")
    assert "_created" not in client.get("/metrics").text


def test_the_reference_is_current() -> None:
    assert (ROOT / "docs/metrics.md").read_text() == metrics_reference.text(), "write it anew: make docs"
    labelled = metrics_reference.names()
    assert labelled["rollbackd_case_phase"][2] == ("namespace", "workload", "phase")
    assert labelled["rollbackd_webhook_deliveries_total"][0] == "counter"


@pytest.mark.e2e
def test_scrapes_of_a_silent_memory_wait_for_one_another_and_pile_up_nothing(
    client: Client, views: FakeViews
) -> None:
    asked: list[int] = []
    known = views.outlines

    def counted() -> Sequence[Outline]:
        asked.append(1)
        return known()

    views.outlines = counted  # type: ignore[method-assign]
    views.gate.clear()
    for _ in range(2):
        assert client.get("/metrics").status_code == 200, "the rest is there within the scrape's time"
    assert len(asked) == 1
    views.gate.set()
