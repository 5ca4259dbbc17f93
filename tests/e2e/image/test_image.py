"""The image has what the daemon needs to start quickly as nobody in particular, and no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from daemon import __version__
from tests.e2e.app.build import PRODUCT
from tests.e2e.cluster import buildah, images

pytestmark = pytest.mark.e2e

LARGEST_ADDITION = 180_000_000
"""Bytes that we may add to the base, unpacked."""
TOOLS = ("gcc", "cc", "make", "git", "curl", "uv")

IMPORT_EVERYTHING = """
import importlib, pathlib, pkgutil, sys
import daemon
OPTIONAL = {"daemon.presentation.panels"}  # what paints pictures: the image does not have the extra "plot"
for found in pkgutil.walk_packages(daemon.__path__, "daemon."):
    if not found.name.endswith("__main__") and found.name not in OPTIONAL:
        importlib.import_module(found.name)
specs = [spec for module in sys.modules.values() if (spec := getattr(module, "__spec__", None))]
compiled = [spec for spec in specs if spec.has_location and spec.cached]
print(len(compiled))
print(*sorted(spec.name for spec in compiled if not pathlib.Path(spec.cached).exists()))
"""


@dataclass(frozen=True)
class Container:
    """A container of the image, not started: its files, and commands run in it as its own user."""

    name: str
    root: Path

    def run(self, *command: str) -> str:
        return buildah.run("run", self.name, "--", *command)

    @property
    def site_packages(self) -> Path:
        (folder,) = self.root.glob("app/.venv/lib/python3*/site-packages")
        return folder


@pytest.fixture(scope="module")
def size() -> int:
    """Builds the image where its inputs changed; its size in bytes."""
    return images.build_product(PRODUCT)


@pytest.fixture(scope="module")
def container(size: int) -> Iterator[Container]:
    name = buildah.run("from", "--pull-never", PRODUCT).strip()
    yield Container(name, Path(buildah.run("mount", name).strip()))
    buildah.run("rm", name)


@pytest.fixture(scope="module")
def config(size: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(buildah.run("inspect", "--type", "image", PRODUCT))["OCIv1"]["config"]
    return found


def test_size_stays_small(size: int) -> None:
    added = size - buildah.size(images.BASE)
    print(f"\n{PRODUCT}: {size / 1e6:.0f} MB, of which {added / 1e6:.0f} MB are not the base")
    assert added < LARGEST_ADDITION


def test_starts_the_daemon_as_an_ordinary_user(config: dict[str, Any]) -> None:
    assert config["User"] == "10001:10001"
    assert (config["Entrypoint"], config["Cmd"]) == (["rollbackd"], ["run"])
    assert {"PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1", "MALLOC_ARENA_MAX=2"} <= set(config["Env"])


def test_says_what_it_is(config: dict[str, Any]) -> None:
    labels = config["Labels"]
    assert labels["org.opencontainers.image.title"] == "rollbackd"
    assert labels["org.opencontainers.image.version"] == __version__
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"


def test_command_is_there(container: Container) -> None:
    assert "Usage: rollbackd" in container.run("rollbackd", "--help")
    assert container.run("id", "-u").strip() == "10001"


def test_brings_no_tools_to_build_or_download_with(container: Container) -> None:
    found = container.run("sh", "-c", f"for tool in {' '.join(TOOLS)}; do command -v $tool; done; true")
    assert found == ""
    assert not list(container.site_packages.glob("pip*"))
    assert not list(container.site_packages.parents[2].glob("bin/pip*"))


def test_everything_of_ours_is_compiled_for_good(container: Container) -> None:
    """Hash-based and never checked: whatever happens to the files' times, the bytecode stays valid."""
    sources = list(container.site_packages.rglob("*.py"))
    assert len(sources) > 1000
    stale = [source for source in sources if not _compiled_for_good(source)]
    assert stale == []


def _compiled_for_good(source: Path) -> bool:
    compiled = list((source.parent / "__pycache__").glob(f"{source.stem}.cpython-*.pyc"))
    return len(compiled) == 1 and compiled[0].read_bytes()[4:8] == b"\x01\0\0\0"


def test_every_module_can_be_imported_and_none_is_compiled_at_the_start(container: Container) -> None:
    number, uncompiled = container.run("python", "-c", IMPORT_EVERYTHING).split("\n")[:2]
    assert int(number) > 300
    assert uncompiled == ""


def test_has_the_settings_that_come_with_the_product_and_no_tests(container: Container) -> None:
    assert (container.site_packages / "daemon" / "_config" / "default.yaml").is_file()
    assert not (container.site_packages / "tests").exists()
    assert list((container.root / "app").iterdir()) == [container.root / "app" / ".venv"]


def test_nothing_of_ours_can_be_changed_by_the_daemon(container: Container) -> None:
    assert container.run("sh", "-c", "find /app -writable ! -type l | head").strip() == ""
