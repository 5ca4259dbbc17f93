"""Loads the settings that the chart gives to the daemon, as its pod does."""

from __future__ import annotations

from pathlib import Path

from daemon.settings import Settings, load
from tests.chart.rendering import Rendered

SECRETS = {"token": "0123456789abcdef", "dsn": "https://key@sentry.example.com/42"}


def load_as_pod(rendered: Rendered, folder: Path) -> Settings:
    """Load as the pod does, its mounted files standing in ``folder``."""
    file = folder / "rollbackd.yaml"
    file.write_text(rendered.config.replace("/etc/prometheus-token", str(folder)))
    for name, secret in SECRETS.items():
        (folder / name).write_text(secret)
    environ = {
        variable["name"]: str(folder / Path(variable["value"]).name)
        if variable["value"].startswith("/")
        else variable["value"]
        for variable in rendered.container["env"]
    }
    assert environ.pop("ROLLBACKD_CONFIG") == str(file)
    return load(file, environ=environ)
