"""Calls of buildah, with its storage in our cache, and what that storage knows of an image."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.e2e.cluster.binaries import cache_root
from tests.e2e.cluster.waiting import ClusterError

ERROR_LINES = 40


def storage() -> Path:
    return cache_root() / "images" / "storage"


def driver() -> str:
    """``STORAGE_DRIVER``, or overlay, or vfs (every layer a full copy) where overlay cannot be stacked."""
    given = os.environ.get("STORAGE_DRIVER")
    if given:
        return given
    storage().mkdir(parents=True, exist_ok=True)
    told = subprocess.run(
        ["stat", "-f", "-c", "%T", str(storage())], capture_output=True, text=True, check=True
    )
    return "vfs" if "overlay" in told.stdout else "overlay"


def run(*arguments: str) -> str:
    """What buildah prints on standard output.

    Raises:
        ClusterError: it failed, with the end of what it said.
    """
    folder = storage()
    environment = os.environ | {"STORAGE_DRIVER": driver(), "BUILDAH_ISOLATION": "chroot"}
    done = subprocess.run(
        ["buildah", "--root", str(folder), "--runroot", f"{folder}-run", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-ERROR_LINES:])
        raise ClusterError(f"buildah {arguments[0]} (exit {done.returncode}):\n{said}")
    return done.stdout


def identity(image: str) -> str | None:
    """The id of a built image, or ``None``."""
    try:
        return run("inspect", "--type", "image", "--format", "{{.FromImageID}}", image).strip()
    except ClusterError:
        return None


def size(image: str) -> int:
    """The bytes of all layers of an image, unpacked: what it takes on a node."""
    wanted = identity(image)
    if wanted is None:
        raise ClusterError(f"no image {image} was built")
    folder, name = storage(), driver()
    images = json.loads((folder / f"{name}-images" / "images.json").read_text())
    layers = {
        layer["id"]: layer for layer in json.loads((folder / f"{name}-layers" / "layers.json").read_text())
    }
    layer_id = next(image["layer"] for image in images if image["id"] == wanted)
    total = 0
    while layer_id:
        total += layers[layer_id].get("diff-size", 0)
        layer_id = layers[layer_id].get("parent", "")
    return total
