"""Builds images without a container engine and brings them to the node.

The base is a stand-in of the published Python image, made of Debian packages. Images are pushed to the
cluster's registry, whose storage outlives the cluster, and pulled into containerd from there: layers that
images share are sent, stored and unpacked once.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.cluster import buildah, node, requirements
from tests.e2e.cluster.binaries import cache_root, locked
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.cluster.state import REGISTRY_FROM_HOST
from tests.e2e.cluster.waiting import ClusterError

BASE = "docker.io/library/python:3.11-slim-bookworm"
REPOSITORY = Path(__file__).parents[3]

_SUITE = "bookworm"
_PACKAGES = "python3,python3-venv,ca-certificates"
_TRIMMED = tuple(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "locale", "info"))
# The published image has its interpreter here, under both names.
_LINKS = 'for name in python python3; do ln -s /usr/bin/python3 "$1/usr/local/bin/$name"; done'
_BASE_FILE = 'FROM scratch\nADD base.tar /\nLABEL rollbackd.recipe="{key}"\nCMD ["python3"]\n'
# A build reaches its package index only if it trusts what this machine trusts. Mounted for the build alone.
_TRUST = ("/etc/ssl/certs", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates")


def _work() -> Path:
    return cache_root() / "images"


def _base_key() -> str:
    recipe = json.dumps([_SUITE, _PACKAGES, _TRIMMED, _LINKS, _BASE_FILE])
    return hashlib.sha256(recipe.encode()).hexdigest()[:16]


def ensure_base() -> str:
    """The name of the base image, made if the cache lacks it.

    Raises:
        MissingTool: the machine cannot build images.
        ClusterError: making it failed.
    """
    requirements.check(images=True)
    with locked(_work() / "base.lock"):
        label = '{{index .OCIv1.Config.Labels "rollbackd.recipe"}}'
        if buildah.identity(BASE) is not None:
            known = buildah.run("inspect", "--type", "image", "--format", label, BASE).strip()
            if known == _base_key():
                return BASE
        print("cluster: making the base image from Debian packages …", flush=True)
        _make_base(_work() / "base")
    return BASE


def _make_base(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / "base.tar"
    flags = ["--variant=minbase", f"--include={_PACKAGES}", *_TRIMMED, f"--customize-hook={_LINKS}"]
    done = subprocess.run(
        ["mmdebstrap", "--quiet", *flags, _SUITE, str(archive)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ClusterError(f"mmdebstrap (exit {done.returncode}):\n{done.stderr[-4000:]}")
    (folder / "Dockerfile").write_text(_BASE_FILE.format(key=_base_key()))
    buildah.run("bud", "--format", "docker", "-t", BASE, str(folder))
    archive.unlink()


def sources(*patterns: str) -> list[Path]:
    """The repository's files under those paths, tracked or new, without what git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    found = (REPOSITORY / name for name in listed.stdout.split("\0") if name)
    return sorted(path for path in found if path.is_file())


PRODUCT_INPUTS = (
    "Dockerfile",
    ".dockerignore",
    ".containerignore",
    "pyproject.toml",
    "uv.lock",
    "packaging/uv.txt",
    "README.md",
    "LICENSE",
    "daemon",
    "config",
)


@dataclass(frozen=True)
class _Ledger:
    """Which inputs each tag was last built from."""

    path: Path

    def read(self) -> dict[str, dict[str, str]]:
        return json.loads(self.path.read_text()) if self.path.exists() else {}

    def note(self, tag: str, inputs: str, image: str) -> None:
        self.path.write_text(json.dumps(self.read() | {tag: {"inputs": inputs, "image": image}}, indent=1))


def _digest(context: Path, inputs: Sequence[Path], build_args: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    # The base is named by a build argument; its id says whether it is still the same.
    bases = {name: buildah.identity(value) or value for name, value in build_args.items()}
    digest.update(json.dumps(sorted(bases.items())).encode())
    for path in inputs:
        digest.update(f"\0{path.relative_to(context)}\0{path.stat().st_mode & 0o111:o}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def build(
    context: Path,
    tag: str,
    build_args: Mapping[str, str] | None = None,
    *,
    dockerfile: Path | None = None,
    inputs: Sequence[Path] | None = None,
) -> int:
    """Build a Dockerfile under ``tag`` unless nothing that goes into it changed; the image's size in bytes.

    ``inputs`` are the files that matter, by default every file under ``context``. ``BASE`` is always passed.
    """
    arguments = {"BASE": ensure_base(), **(build_args or {})}
    files = sorted(path for path in context.rglob("*") if path.is_file()) if inputs is None else inputs
    with locked(_work() / "build.lock"):
        ledger = _Ledger(_work() / "built.json")
        key = _digest(context, files, arguments)
        current = buildah.identity(tag)
        if current is None or ledger.read().get(tag) != {"inputs": key, "image": current}:
            print(f"cluster: building image {tag} …", flush=True)
            _build(context, tag, arguments, dockerfile or context / "Dockerfile")
            ledger.note(tag, key, buildah.identity(tag) or "")
    return buildah.size(tag)


def _build(context: Path, tag: str, arguments: Mapping[str, str], dockerfile: Path) -> None:
    given = [part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")]
    trust = [part for path in _TRUST if Path(path).is_dir() for part in ("-v", f"{path}:{path}:ro")]
    flags = ["--pull-never", "--layers", "--format", "docker", *given, *trust]
    buildah.run("bud", *flags, "-f", str(dockerfile), "-t", tag, str(context))


def build_product(tag: str) -> int:
    """Build rollbackd's own image; its size in bytes."""
    return build(REPOSITORY, tag, inputs=sources(*PRODUCT_INPUTS))


def load(cluster: Cluster, *tags: str) -> None:
    """Make built images known to the node under their own names, so that pods start without a pull."""
    for tag in tags:
        _push(tag)
        pull = ["images", "pull", "--hosts-dir", str(cluster.state.registry_hosts), tag]
        done = subprocess.run(
            node.ctr(cluster.state, cluster.processes, *pull), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ClusterError(f"pulling {tag}: {done.stderr.strip()}")


def _push(tag: str) -> None:
    host, _, path = tag.partition("/")
    if "." not in host and ":" not in host:
        raise ClusterError(f"{tag} does not begin with a registry's name")
    name, _, version = path.rpartition(":")
    if _pushed(name, version) == buildah.identity(tag):
        return
    buildah.run("push", "--tls-verify=false", tag, f"docker://{REGISTRY_FROM_HOST}/{path}")


def _pushed(name: str, version: str) -> str | None:
    """The image id that the registry has under a name; an image's id is its configuration's digest."""
    url = f"http://{REGISTRY_FROM_HOST}/v2/{name}/manifests/{version}"
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    try:
        request = urllib.request.Request(url, headers={"Accept": kind})
        with urllib.request.urlopen(request, timeout=10) as answer:
            digest: str = json.load(answer)["config"]["digest"]
    except urllib.error.HTTPError as refused:
        refused.close()
        return None
    return digest.removeprefix("sha256:")
