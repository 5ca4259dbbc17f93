"""Runs the real helm on the chart and reads what comes out."""

from __future__ import annotations

import json
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

REPOSITORY = Path(__file__).parents[2]
CHART = REPOSITORY / "helm" / "rollbackd"
VALUES = sorted(Path(__file__).with_name("values").glob("*.yaml"))
NAMESPACE = "ops"

Manifest = Mapping[str, Any]


class HelmError(Exception):
    """What helm said when it refused."""


def helm(*arguments: str) -> str:
    """What helm prints. Raises HelmError."""
    program = Path(sysconfig.get_path("scripts")) / "helm"
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise HelmError(done.stderr or done.stdout)
    return done.stdout


def parse(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


@dataclass(frozen=True)
class Rendered:
    """The manifests of one rendering, in helm's order."""

    text: str
    manifests: tuple[Manifest, ...]

    def of(self, kind: str) -> list[Manifest]:
        return [manifest for manifest in self.manifests if manifest["kind"] == kind]

    def one(self, kind: str) -> Manifest:
        (found,) = self.of(kind)
        return found

    @property
    def roles(self) -> list[Manifest]:
        """Those of the guarded namespaces; the right to the election's Lease is apart."""
        return [role for role in self.of("Role") if not role["metadata"]["name"].endswith("-election")]

    @property
    def pod(self) -> Manifest:
        """The daemon's pod template."""
        template: Manifest = self.one("Deployment")["spec"]["template"]
        return template

    @property
    def container(self) -> Manifest:
        (found,) = self.pod["spec"]["containers"]
        return dict(found)

    @property
    def config(self) -> str:
        """The settings file that the daemon reads."""
        text: str = self.one("ConfigMap")["data"]["rollbackd.yaml"]
        return text


def render(*files: Path, values: Mapping[str, Any] | None = None, release: str = "rollbackd") -> Rendered:
    """Render the chart with value files and, over them, further values. Raises HelmError."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as further:
        json.dump(values or {}, further)
        further.flush()
        given = [part for path in (*files, further.name) for part in ("-f", str(path))]
        text = helm("template", release, str(CHART), "--namespace", NAMESPACE, *given)
    return Rendered(text, tuple(_documents(text)))


def _documents(text: str) -> Iterator[Manifest]:
    for document in YAML(typ="safe", pure=True).load_all(text):
        if document is not None:
            yield document
