"""One version everywhere, and a plugin that kubectl and krew can take."""

from __future__ import annotations

import hashlib
import io
import re
import runpy
import subprocess
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from daemon import __version__

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def release() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "packaging/release.py"))


def test_there_is_one_version(release: dict[str, Any]) -> None:
    chart = YAML(typ="safe").load(ROOT / "helm/rollbackd/Chart.yaml")
    said = {
        "pyproject.toml": release["version"](),
        "Chart.yaml": chart["version"],
        "its appVersion": chart["appVersion"],
        "Dockerfile": re.findall(r"ARG VERSION=(\S+)", (ROOT / "Dockerfile").read_text())[0],
    }
    for name in ("README.md", "docs/install.md", "docs/tutorial.md"):
        for version in re.findall(r"rollbackd:(\d+\.\d+\.\d+)", (ROOT / name).read_text()):
            said[name] = version

    assert set(said.values()) == {__version__}, said


def test_everything_that_is_installed_has_its_hash() -> None:
    """What comes from an index: by the lock, and before that what reads the lock."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    files = [
        file
        for package in lock["package"]
        if "registry" in package["source"]
        for file in (*package["wheels"], *([package["sdist"]] if "sdist" in package else []))
    ]
    elsewhere = {
        package["name"] for package in lock["package"] if package["source"].keys() - {"registry", "editable"}
    }
    dockerfile = (ROOT / "Dockerfile").read_text()

    assert files
    assert all(file["hash"].startswith("sha256:") for file in files)
    assert not elsewhere, "neither repositories nor folders: they have no hash"
    assert len(re.findall(r"^uv==\S+ ", (ROOT / "packaging/uv.txt").read_text(), re.MULTILINE)) == 1
    assert "--require-hashes" in dockerfile
    assert dockerfile.count("uv sync") == dockerfile.count("uv sync --quiet --locked") == 2


def test_the_plugin_is_what_krews_manifest_says(release: dict[str, Any]) -> None:
    archive = release["plugin_archive"]("1.2.3")
    manifest = YAML(typ="safe").load(release["krew_manifest"]("1.2.3", archive))

    [platform] = manifest["spec"]["platforms"]
    assert manifest["spec"]["version"] == "v1.2.3"
    assert platform["sha256"] == hashlib.sha256(archive).hexdigest()
    assert archive == release["plugin_archive"]("1.2.3")
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        assert {one["from"] for one in platform["files"]} == set(files.getnames())
        assert files.getmember(platform["bin"]).mode & 0o111


def test_the_plugin_runs_what_is_installed_and_says_what_it_needs(tmp_path: Path) -> None:
    plugin = str(ROOT / "packaging/kubectl-rollbackd")
    nothing = subprocess.run(
        ["/bin/sh", plugin], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    installed = tmp_path / "rollbackd"
    installed.write_text('#!/bin/sh\necho "$#: $*"\n')
    installed.chmod(0o755)
    found = subprocess.run(
        ["/bin/sh", plugin, "show", "a b"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert nothing.returncode == 2
    assert "needs one of rollbackd, uv and pipx" in nothing.stderr
    assert found.stdout == "2: show a b\n"
