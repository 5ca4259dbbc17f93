from __future__ import annotations

import pytest
from pydantic import SecretStr

from daemon.adapters.incidents.registry import SINKS, SinkContext, build, defect_reporter
from daemon.adapters.incidents.sentry_defects import SentryDefects
from daemon.ports import Rejected
from daemon.settings import SINKS as NAMES
from daemon.settings import IncidentSettings

NOTHING = SinkContext(settings=IncidentSettings())


def test_settings_and_registry_know_the_same_sinks() -> None:
    assert set(SINKS) == set(NAMES)


def test_an_unknown_name_is_answered_with_the_valid_ones() -> None:
    with pytest.raises(
        Rejected, match=f"no incident sink 'sentri': valid names are {', '.join(sorted(SINKS))}"
    ):
        build(["log", "sentri"], NOTHING)


def test_sinks_bear_the_names_they_are_chosen_by() -> None:
    settings = IncidentSettings(sentry_dsn=SecretStr("https://key@sentry.example/6"))

    sinks = build(["log", "sentry"], SinkContext(settings=settings))

    assert {name: sink.name for name, sink in sinks.items()} == {"log": "log", "sentry": "sentry"}


def test_a_dsn_that_is_none_stops_the_start() -> None:
    settings = IncidentSettings(sentry_dsn=SecretStr("https://sentry.example/6"))

    with pytest.raises(Rejected, match="the Sentry DSN is not valid"):
        build(["sentry"], SinkContext(settings=settings))


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("sentry", "needs a DSN"),
        ("events", "needs a cluster"),
        *((name, f"write incidents.{name}") for name in sorted(SINKS.keys() - {"log", "sentry", "events"})),
    ],
)
def test_a_sink_says_what_it_lacks(name: str, missing: str) -> None:
    with pytest.raises(Rejected, match=missing):
        build([name], NOTHING)


def test_defects_are_reported_where_incidents_are_told_to_sentry() -> None:
    dsn = SecretStr("https://key@sentry.example/6")

    assert defect_reporter(NOTHING) is None
    assert defect_reporter(SinkContext(settings=IncidentSettings(sentry_dsn=dsn, sinks=("log",)))) is None
    assert isinstance(defect_reporter(SinkContext(settings=IncidentSettings(sentry_dsn=dsn))), SentryDefects)
