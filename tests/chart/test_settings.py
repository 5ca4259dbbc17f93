"""The daemon understands the settings file and the variables that the chart gives it."""

from __future__ import annotations

from pathlib import Path

from daemon.settings import Settings, example_file, load
from tests.chart.rendering import Rendered, render

SECRETS = {"token": "0123456789abcdef", "dsn": "https://key@sentry.example.com/42"}


def _load(rendered: Rendered, folder: Path) -> Settings:
    """Load as the pod does, its mounted files standing in ``folder``."""
    file = folder / "rollbackd.yaml"
    file.write_text(rendered.config.replace("/etc/prometheus-token", str(folder)))
    for name, secret in SECRETS.items():
        (folder / name).write_text(secret)
    environ = {
        variable["name"]: str(folder / Path(variable["value"]).name) for variable in rendered.container["env"]
    }
    assert environ.pop("ROLLBACKD_CONFIG") == str(file)
    return load(file, environ=environ)


def test_settings_file_is_valid(rendered: Rendered, tmp_path: Path) -> None:
    settings = _load(rendered, tmp_path)
    assert settings.web.port == rendered.container["ports"][0]["containerPort"]


def test_rights_are_granted_where_workloads_are_guarded(rendered: Rendered, tmp_path: Path) -> None:
    settings = _load(rendered, tmp_path)
    granted = [role["metadata"]["namespace"] for role in rendered.of("Role")]
    assert sorted(granted) == sorted(settings.namespaces)


def test_values_file_says_what_the_products_own_default_says(tmp_path: Path) -> None:
    made = render(values={"webhook": {"enabled": False}})
    assert _load(made, tmp_path) == load(example_file())


def test_secrets_are_read_from_their_files(tmp_path: Path) -> None:
    made = render(values={"webhook": {"existingSecret": "a"}, "sentry": {"existingSecret": "b"}})
    settings = _load(made, tmp_path)
    token, dsn = settings.web.secret_token(), settings.incidents.secret_dsn()
    assert token is not None
    assert dsn is not None
    assert (token.get_secret_value(), dsn.get_secret_value()) == (SECRETS["token"], SECRETS["dsn"])
