"""What a region in Grafana promises beyond the contract of every service."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from pytest_httpserver import HTTPServer

from daemon.core.case.case import Case, Phase, Trouble
from daemon.core.case.incident import Incident, Stage, render
from daemon.core.policy import Policy
from daemon.ports import Unavailable
from tests.contract.annotation_services import GrafanaService
from tests.contract.samples import BEGAN, incident

UID = "3d1f7c1e-5f0e-4d0a-9a86-0f6f0c1b2a3d"


@pytest.fixture
def grafana(httpserver: HTTPServer, tmp_path: Path) -> GrafanaService:
    return GrafanaService(httpserver, tmp_path)


def case_of(phase: Phase, *, finished: datetime | None = None, trouble: Trouble | None = None) -> Case:
    case = incident("opened", UID).case
    status = replace(case.status, phase=phase, finished_at=finished, trouble=trouble)
    return replace(case, status=status)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def staged(stage: Stage, case: Case, seconds: float) -> Incident:
    return render(case, Policy(), stage, at(seconds))


def test_a_region_reaches_from_the_release_to_the_newest_stage(grafana: GrafanaService) -> None:
    released = milliseconds(case_of(Phase.FAILING).spec.started_at)
    ends = {"opened": 10.0, "updated": 30.0, "closed": 80.0}
    for stage, seconds in ends.items():
        over = stage == "closed"
        case = case_of(Phase.ROLLED_BACK if over else Phase.FAILING, finished=at(80.0) if over else None)
        for _ in range(2):
            grafana.sink().publish(staged(stage, case, seconds))  # type: ignore[arg-type]
        assert grafana.regions == [(released, milliseconds(at(seconds)))]
    (place,) = grafana.places
    assert place.labels[0] == "rollbackd"
    assert place.labels[2:] == ("greenlang", "gl-006-heatreclaim", "RolledBack")


@pytest.mark.parametrize(("phase", "said"), [(Phase.ROLLED_BACK, "recovered"), (Phase.UNRECOVERED, "over")])
def test_a_recovery_is_said_of_a_proven_one_alone(grafana: GrafanaService, phase: Phase, said: str) -> None:
    grafana.sink().publish(staged("closed", case_of(phase, finished=at(80.0)), 80.0))
    [text] = grafana.shown[1:]
    assert f"{said} {at(80.0):%H:%M:%S} UTC" in text
    assert ("recovered" in text) is (said == "recovered")
    assert text.endswith(f"https://page.example/#/cases/greenlang/{case_of(phase).name}")


def test_what_comes_between_rollouts_is_a_region_of_its_own_each_time(grafana: GrafanaService) -> None:
    ended = at(80.0)
    grafana.sink().publish(staged("closed", case_of(Phase.ROLLED_BACK, finished=ended), 80.0))
    first = grafana.regions
    wanted = []
    for began, over in ((5_000.0, 5_600.0), (9_000.0, 9_100.0)):
        trouble = Trouble(since=at(began), text="crash loops")
        troubled = case_of(Phase.ROLLED_BACK, finished=ended, trouble=trouble)
        well = case_of(Phase.ROLLED_BACK, finished=ended)
        for _ in range(2):
            grafana.sink().publish(staged("opened", troubled, began))
        for _ in range(2):
            grafana.sink().publish(staged("closed", well, over))
        wanted.append((milliseconds(at(began)), milliseconds(at(over))))
    assert grafana.regions == first + wanted


def test_a_region_that_somebody_deleted_is_made_again_whole(grafana: GrafanaService) -> None:
    grafana.sink().publish(staged("opened", case_of(Phase.FAILING), 10.0))
    [before] = grafana.regions
    grafana.delete()
    grafana.sink().publish(staged("updated", case_of(Phase.VERIFYING), 30.0))
    assert grafana.regions == [(before[0], milliseconds(at(30.0)))]


@pytest.mark.parametrize("answer", ['{"message": "moved"}', '[{"id": "seven"}]', "[7]"])
def test_a_list_of_another_shape_is_said_and_nothing_is_made(grafana: GrafanaService, answer: str) -> None:
    grafana.refuse(200, answer)
    with pytest.raises(
        Unavailable, match=r"Grafana at localhost answers what is not its API.s .* check incidents.grafana"
    ):
        grafana.sink().publish(staged("opened", case_of(Phase.FAILING), 10.0))
    assert [request.method for request in grafana.seen] == ["GET"]
