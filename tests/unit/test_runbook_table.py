"""What ``docs/runbook.md`` names as proof is there: each module, each test, each story."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from daemon.core.case.plan import STEPS

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "runbook.md"


def rows() -> list[tuple[str, str, str]]:
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]
    assert all(len(found) == 3 for found in cells), "a row has three cells"
    return [(step, done, proof) for step, done, proof in cells]


ROWS = rows()


@cache
def text_of(module: str) -> str:
    return (ROOT / module).read_text(encoding="utf-8")


def somewhere(test: str) -> bool:
    paths = (path.relative_to(ROOT) for path in (ROOT / "tests").rglob("test_*.py"))
    return any(f"def {test}(" in text_of(str(path)) for path in paths)


@pytest.mark.parametrize(("step", "proof"), [(step, proof) for step, _, proof in ROWS])
def test_each_proof_exists(step: str, proof: str) -> None:
    """A module with tests in it, a test of any module, or a story of a module that names it."""
    names = re.findall(r"`([^`]+)`", re.sub(r"\([^)]*\)", "", proof))
    modules = [name for name in names if name.startswith("tests/")]
    assert names, f"{step}: nothing proves it"
    for module in modules:
        assert (ROOT / module).is_file(), f"{step}: there is no {module}"
        assert "\ndef test_" in text_of(module) or "    def test_" in text_of(module), f"{step}: {module}"
    for name in set(names) - set(modules):
        if name.startswith("test_"):
            assert somewhere(name), f"{step}: there is no test {name}"
        else:
            story = any(f'"{name}"' in text_of(module) for module in modules)
            assert story, f"{step}: no module that it names plays {name}"


@pytest.mark.parametrize("done", [done for _, done, _ in ROWS])
def test_what_the_daemon_does_leads_to_pages_that_are_there(done: str) -> None:
    for link in re.findall(r"\]\(([^)#]+)", done):
        assert (TABLE.parent / link).is_file(), link


@pytest.mark.parametrize("done", [done for _, done, _ in ROWS])
def test_the_steps_that_it_names_are_steps_of_the_plan(done: str) -> None:
    assert set(re.findall(r"steps? `([a-z-]+)`", done)) <= set(STEPS)
