"""No problem shows a secret, and none belongs into the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from daemon.settings import SettingsError, load
from tests.unit.settings.wrong import WORKLOAD, problems

SECRET = "hunter2-very-secret"  # a value that must not be shown anywhere


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        (f"incidents:\n  sentry_dsn: {SECRET}", {}),
        (f"incidents:\n  sentry_dns: {SECRET}", {}),
        (f"web:\n  token: [{SECRET}]", {}),
        (f"web: {SECRET}", {}),
        (f"prometheus:\n  url: https://me:{SECRET}@prometheus", {}),
        (f"prometheus:\n  url: ftp://me:{SECRET}@prometheus", {}),
        (f"prometheus:\n  headers: {SECRET}", {}),
        (f"prometheus:\n  headers: {{X-Key: [{SECRET}]}}", {}),
        ("", {"ROLLBACKD_WEB": f'{{"token": "{SECRET}"'}),
        ("", {"ROLLBACKD_WEB__TOKN": SECRET}),
    ],
)
def test_no_problem_shows_a_secret(tmp_path: Path, text: str, environ: Mapping[str, str]) -> None:
    found = problems(tmp_path, WORKLOAD + text, environ=environ)
    assert found
    assert SECRET not in repr(found) + str(SettingsError(found))


@pytest.mark.parametrize("header", ["Authorization", "authorization", "Proxy-Authorization", "Cookie"])
def test_a_header_that_is_a_secret_does_not_belong_into_the_file(tmp_path: Path, header: str) -> None:
    text = f'{WORKLOAD}prometheus:\n  headers: {{"{header}": "{SECRET}"}}\n'
    (problem,) = problems(tmp_path, text)
    assert problem.field == f"prometheus.headers.{header}"
    assert "bearer_token_file" in problem.remedy
    assert SECRET not in str(problem)


def test_a_header_that_is_a_secret_may_come_from_the_environment(tmp_path: Path) -> None:
    environ = {"ROLLBACKD_PROMETHEUS__HEADERS": json.dumps({"Authorization": f"Bearer {SECRET}"})}
    (tmp_path / "c.yaml").write_text(WORKLOAD, encoding="utf-8")
    settings = load(tmp_path / "c.yaml", environ=environ)
    assert settings.prometheus.headers["Authorization"].get_secret_value() == f"Bearer {SECRET}"


def test_an_address_with_a_password_names_the_files_for_it(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, f"{WORKLOAD}prometheus:\n  url: https://me:{SECRET}@prometheus\n")
    assert "password_file" in problem.remedy


@pytest.mark.parametrize("by_file", [False, True])
def test_a_token_that_can_be_guessed_is_refused(tmp_path: Path, by_file: bool) -> None:
    (tmp_path / "token").write_text("fifteen-letters\n", encoding="utf-8")
    web = f"token_file: {tmp_path}/token" if by_file else "token: fifteen-letters"
    (problem,) = problems(tmp_path, f"{WORKLOAD}web: {{{web}}}\n")
    assert problem.field == ("web.token_file" if by_file else "web.token")
    assert "openssl rand -hex 32" in problem.remedy
    assert "fifteen" not in str(problem)


@pytest.mark.parametrize("name", ["https://page.example.org", "page.example.org/x", "a b", ""])
def test_a_host_is_a_name_alone(tmp_path: Path, name: str) -> None:
    (problem,) = problems(tmp_path, f'{WORKLOAD}web: {{hosts: ["{name}"]}}\n')
    assert "name alone" in problem.remedy
