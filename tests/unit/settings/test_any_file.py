"""No file, variable or flag makes loading fail with anything but a list of problems."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.settings import Settings, SettingsError, load
from daemon.settings.names import single_values, variable

NAMES = sorted({name for path in single_values() for name in path} | {"name", "namespace", "limit", "bad"})
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    ),
    max_leaves=12,
)
TOP = st.dictionaries(st.sampled_from(list(Settings.model_fields)), VALUES, max_size=5)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def _outcome(path: Path | None, flags: dict[str, str], environ: dict[str, str]) -> None:
    try:
        load(path, flags, environ)
    except SettingsError as error:
        problems = error.problems
    else:
        return
    assert problems
    assert all(problem.source and problem.message and problem.remedy for problem in problems)


@settings(max_examples=150, deadline=None)
@given(document=TOP)
def test_any_map(folder: Path, document: dict[str, Any]) -> None:
    path = folder / "any.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")
    _outcome(path, {}, {})


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=60) | st.text(alphabet="ab:-[]{}#&*!|>'\"%@`,? \n\t0", max_size=40))
def test_any_content(folder: Path, content: bytes | str) -> None:
    path = folder / "any.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    _outcome(path, {}, {})


@settings(max_examples=150, deadline=None)
@given(path=st.sampled_from(list(single_values())), text=st.text(max_size=20), value=VALUES)
def test_any_text(path: tuple[str, ...], text: str, value: Any) -> None:
    _outcome(None, {".".join(path): text}, {variable(path): json.dumps(value)})
