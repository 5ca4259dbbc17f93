"""The daemon understands the settings file and the variables that the chart gives it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from daemon.core.policy import Mode
from daemon.settings import example_file, load
from tests.chart.loading import SECRETS, load_as_pod
from tests.chart.rendering import Rendered, render


def test_settings_file_is_valid(rendered: Rendered, tmp_path: Path) -> None:
    settings = load_as_pod(rendered, tmp_path)
    assert settings.web.port == rendered.container["ports"][0]["containerPort"]


def test_rights_are_granted_where_workloads_are_guarded(rendered: Rendered, tmp_path: Path) -> None:
    settings = load_as_pod(rendered, tmp_path)
    granted = [role["metadata"]["namespace"] for role in rendered.roles]
    assert sorted(granted) == sorted(settings.namespaces)


def test_left_as_it_is_the_chart_guards_the_shipped_example(tmp_path: Path) -> None:
    made = render(values={"webhook": {"enabled": False}})
    elected = {"election": {"name": "rollbackd"}}
    assert load_as_pod(made, tmp_path) == load(example_file()).model_validate(
        load(example_file()).model_dump() | elected
    )


def test_config_stands_over_the_example(tmp_path: Path) -> None:
    config = {"policy": {"mode": "advise"}, "health": {"timeout": "3s"}, "dependencies": []}
    settings = load_as_pod(render(values={"webhook": {"enabled": False}, "config": config}), tmp_path)
    assert settings.workloads == load(example_file()).workloads
    assert (settings.policy.mode, settings.dependencies) == (Mode.ADVISE, ())
    assert (settings.health.timeout, len(settings.signals)) == (3.0, 3)


SHOP = {"namespace": "shop", "name": "cart"}
SIGNAL = {"name": "errors", "bad": "failed_total", "total": "asked_total", "limit": 0.05}


@pytest.mark.parametrize(
    "config", [{"workloads": [SHOP], "signals": [SIGNAL]}, {"workloads": [SHOP | {"signals": []}]}]
)
def test_with_own_workloads_nothing_of_the_example_is_left(tmp_path: Path, config: dict[str, Any]) -> None:
    """Helm merges a release's values into the chart's, and no list of the example may come along."""
    made = render(values={"webhook": {"enabled": False}, "config": config})
    settings = load_as_pod(made, tmp_path)
    assert [signal.name for signal in settings.signals] == [s["name"] for s in config.get("signals", ())]
    assert (settings.dependencies, settings.neighbours, settings.health.paths) == ((), (), None)
    assert "gl006" not in made.text.lower()
    assert "greenlang" not in made.text


def test_secrets_are_read_from_their_files(tmp_path: Path) -> None:
    made = render(values={"webhook": {"existingSecret": "a"}, "sentry": {"existingSecret": "b"}})
    settings = load_as_pod(made, tmp_path)
    token, dsn = settings.web.secret_token(), settings.incidents.secret_dsn()
    assert token is not None
    assert dsn is not None
    assert (token.get_secret_value(), dsn.get_secret_value()) == (SECRETS["token"], SECRETS["dsn"])
