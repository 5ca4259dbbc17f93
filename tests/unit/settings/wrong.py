"""What is wrong with some settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from daemon.settings import Problem, SettingsError, load

WORKLOAD = "# three lines\nworkloads:\n  - {namespace: shop, name: cart, signals: []}\n"


def problems(
    tmp_path: Path,
    text: str | bytes | None,
    *,
    flags: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[Problem, ...]:
    path = None
    if text is not None:
        path = tmp_path / "rollbackd.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(SettingsError) as caught:
        load(path, flags, environ)
    return caught.value.problems
