"""What each release's image holds: its alembic, with the migrations that it knows."""

from __future__ import annotations

import shutil
from pathlib import Path

IMAGE = Path(__file__).with_name("image")
KNOWS = {"v1.0.0": ("a1b2",), "v1.1.0-crash": ("a1b2", "b2c3", "c3d4")}
"""Tag → the versions that it has a migration for; the last one is its own."""


def unpack(tag: str, folder: Path) -> Path:
    """The image's files, in a new folder."""
    shutil.copytree(IMAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for script in (folder / "migrations" / "versions").glob("*.py"):
        if script.name.partition("_")[0] not in KNOWS[tag]:
            script.unlink()
    return folder
