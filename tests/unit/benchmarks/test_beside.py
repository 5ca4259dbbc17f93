"""Two checkouts measured in turns."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.judgement.beside import SAMPLED, beside
from benchmarks.judgement.speed import WORKLOADS


def checkout(root: Path, milliseconds: float) -> Path:
    """One whose rounds take so long, and that writes down when it was asked, and what."""
    package = root / "benchmarks" / "judgement"
    package.mkdir(parents=True)
    for made in (root / "benchmarks", package):
        (made / "__init__.py").touch()
    (package / "speed.py").write_text(
        "from pathlib import Path\n"
        "def milliseconds(pods: int, workloads: int, rounds: int) -> float:\n"
        f"    with Path({str(root.parent / 'asked')!r}).open('a') as asked:\n"
        f"        asked.write(f'{root.name} {{pods}} {{workloads}}\\n')\n"
        f"    return {milliseconds}\n"
    )
    return root


def test_each_checkout_is_measured_with_its_own_code_and_neither_always_first(tmp_path: Path) -> None:
    here, there = checkout(tmp_path / "here", 8.0), checkout(tmp_path / "there", 10.0)
    found = beside(here, there, pods=3, turns=2)
    whole = WORKLOADS / SAMPLED
    assert (found.here, found.there) == ([8.0 * whole] * 2, [10.0 * whole] * 2)
    assert found.ratio == pytest.approx(0.8)
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == [f"{name} 3 {SAMPLED}" for name in ("there", "here", "here", "there")]
