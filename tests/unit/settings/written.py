"""Settings as a file, and the workload that the example guards."""

from __future__ import annotations

from pathlib import Path

from daemon.core.model import WorkloadRef

GL006 = WorkloadRef(namespace="greenlang", name="gl-006-heatreclaim")


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rollbackd.yaml"
    path.write_text(text, encoding="utf-8")
    return path
