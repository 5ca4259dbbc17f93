"""One name, one meaning in a package; and no module that is too long to be read at once."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
DAEMON = TESTS.parent / "daemon"
ADAPTERS = sorted(own.parent.name for own in (DAEMON / "adapters").glob("*/__init__.py"))
PACKAGES = (
    *("core", "engine", "presentation", "cli", "web", "settings"),
    *(f"adapters/{own}" for own in ADAPTERS),
)
LONGEST = 300
"""Lines of a module."""
ALIAS = re.compile(r"[A-Z][a-zA-Z]*[a-z]")
"""How a type alias is written; a constant is in capitals throughout."""


def defined(module: str) -> Iterator[str]:
    """The public classes, functions and type aliases that a module's source defines at its top."""
    for node in ast.parse(module).body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) if not name.startswith("_"):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) if ALIAS.fullmatch(name):
                yield name


def ambiguous(modules: Mapping[str, str]) -> dict[str, list[str]]:
    """Names that several modules (path → source) define."""
    places: dict[str, list[str]] = defaultdict(list)
    for path, source in modules.items():
        for name in dict.fromkeys(defined(source)):
            places[name].append(path)
    return {name: paths for name, paths in places.items() if len(paths) > 1}


def sources(package: Path) -> dict[str, str]:
    return {str(path.relative_to(DAEMON.parent)): path.read_text() for path in sorted(package.rglob("*.py"))}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_public_name_is_defined_once_in_its_package(package: str) -> None:
    assert ambiguous(sources(DAEMON / package)) == {}


def test_a_class_a_function_and_an_alias_of_one_name_are_found_and_what_is_private_is_not() -> None:
    one = "class Client: ...\ndef show(): ...\n_Hidden = int\nKEPT = 1\nPod = tuple[str, str]"
    two = "Client = int\nasync_ = 1\ndef show(): ...\n_Hidden = str\nKEPT = 2\nclass Pod: ..."
    assert set(ambiguous({"one.py": one, "two.py": two})) == {"Client", "show", "Pod"}


@pytest.mark.parametrize("package", [DAEMON, TESTS], ids=lambda package: package.name)
def test_no_module_is_longer_than_can_be_read_at_once(package: Path) -> None:
    lengths = {path: source.count("\n") for path, source in sources(package).items()}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}
