"""A few of the day's releases: nothing is lost, nothing is kept too long, and what is wrong would be seen."""

from __future__ import annotations

import pytest

from benchmarks.soak.__main__ import Held, growth, outcomes
from benchmarks.soak.service import BAD_EVERY, Service


@pytest.mark.e2e
def test_every_release_has_its_case_and_its_end() -> None:
    service = Service(2 * BAD_EVERY)
    for _ in service.serve():
        pass
    assert [text for well, text in outcomes(service) if not well] == []
    service.cases.delete(service.cases.outlines()[0].whole())
    service.cases.lost.append("team-0/app-0")
    service.releases += 1
    assert [well for well, _ in outcomes(service)][:2] == [False, False]


def test_what_grows_is_seen() -> None:
    first = Held(100.0, 1, 6)
    assert all(well for well, _ in growth([first, Held(104.0, 1, 6)]))
    assert not any(well for well, _ in growth([first, Held(106.0, 2, 7)]))
