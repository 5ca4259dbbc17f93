from __future__ import annotations

from pathlib import Path

import pytest

from tests.chart.rendering import VALUES, Rendered, render


@pytest.fixture(scope="session", params=VALUES, ids=lambda path: Path(path).stem)
def values_file(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture(scope="session")
def rendered(values_file: Path) -> Rendered:
    """The chart as each of the value files makes it."""
    return render(values_file)
