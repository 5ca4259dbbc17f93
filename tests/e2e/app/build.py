"""The stand-in's image tags, and everything that the end-to-end tests want on the node."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.e2e.cluster import images
from tests.e2e.cluster.cluster import Cluster

IMAGE = "gcr.io/greenlang/gl-006-heatreclaim"
PRODUCT = "ghcr.io/rollbackd/rollbackd:e2e"

# Each tag and the fault that is baked into it.
FAULTS: dict[str, dict[str, Any]] = {
    "v1.0.0": {},
    "v1.0.1": {},
    "v1.0.0-rereads": {"rereads": True},
    "v1.1.0-errors": {"error_rate": 0.2},
    "v1.1.0-slow": {"slow_rate": 0.4},
    "v1.1.0-crash": {"crash_after": 0.5},
    "v1.1.0-oom": {"allocate_mb_per_s": 200},
    "v1.1.0-unready": {"ready": False},
    "v1.1.0-validation": {"validation_failures": True},
}
# Never built: the registry says "not found".
MISSING_TAG = "v1.1.0-missing"

_CONTEXT = Path(__file__).with_name("image")


def image(tag: str) -> str:
    return f"{IMAGE}:{tag}"


def build(tag: str) -> int:
    """Build one tag of the stand-in; its size in bytes."""
    with tempfile.TemporaryDirectory() as name:
        context = Path(name)
        for source in ("Dockerfile", "app.py"):
            shutil.copy(_CONTEXT / source, context / source)
        # Two healthy versions differ as two builds do: in the version they carry.
        (context / "fault.json").write_text(json.dumps({"version": tag, **FAULTS[tag]}))
        return images.build(context, image(tag))


def load_app(cluster: Cluster) -> None:
    """Build every tag of the stand-in that changed, and make all known to the node."""
    for tag in FAULTS:
        build(tag)
    images.load(cluster, *(image(tag) for tag in FAULTS))


def load_product(cluster: Cluster, tag: str = PRODUCT) -> int:
    """Build rollbackd's image if it changed and make it known to the node; its size in bytes."""
    size = images.build_product(tag)
    images.load(cluster, tag)
    return size


def load_everything(cluster: Cluster) -> None:
    """Build and load all images; rollbackd's own once there is a Dockerfile."""
    started = time.monotonic()
    load_app(cluster)
    print(f"cluster: {len(FAULTS)} tags of {IMAGE} after {time.monotonic() - started:.1f} s", flush=True)
    if (images.REPOSITORY / "Dockerfile").exists():
        size = load_product(cluster)
        print(
            f"cluster: {PRODUCT}, {size / 1e6:.0f} MB, after {time.monotonic() - started:.1f} s", flush=True
        )
