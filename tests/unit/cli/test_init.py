"""``init`` writes what was found, where it was asked to, and nothing over what is there."""

from __future__ import annotations

from pathlib import Path

from daemon.settings import load
from tests.unit.cli.conftest import FakeParts, Rollbackd

CALL = ("init", "-n", "shop", "--prometheus", "http://p:9090")


def test_to_a_file_that_is_not_there_yet(rollbackd: Rollbackd, parts: FakeParts, tmp_path: Path) -> None:
    file = tmp_path / "made.yaml"

    written, again = rollbackd(*CALL, "-o", str(file)), rollbackd(*CALL, "--output", str(file))

    assert written.exit_code == 0
    assert f"next: rollbackd check-config --live --config {file}" in written.stderr
    assert load(file, {}, {}).policy.mode.value == "advise"
    assert again.exit_code == 2
    assert f"{file} exists already: name another file, or remove it." in again.stderr
    assert parts.asked("inventory") == [("http://p:9090", "shop")]


def test_to_standard_output_as_values_of_the_chart(rollbackd: Rollbackd) -> None:
    result = rollbackd(*CALL, "--values", "--mode", "automatic")

    assert result.exit_code == 0
    assert result.stdout.startswith("config:\n")
    assert "\n    mode: automatic" in result.stdout


def test_a_wrong_address_and_a_file_that_cannot_be_written(rollbackd: Rollbackd, tmp_path: Path) -> None:
    wrong = rollbackd("init", "-n", "shop", "--prometheus", "p:9090")
    nowhere = rollbackd(*CALL, "-o", str(tmp_path / "no" / "file.yaml"))

    assert (wrong.exit_code, nowhere.exit_code) == (2, 2)
    assert "this is not an HTTP address" in wrong.stderr
    assert "cannot be written (No such file or directory): name another file" in nowhere.stderr
