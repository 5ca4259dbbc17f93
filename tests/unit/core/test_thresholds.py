"""The numbers of the judgement stand in one module, on one scale, and each of them is used."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from daemon.core import thresholds

CORE = Path(thresholds.__file__).parent
DAEMON = CORE.parent
SOURCE = Path(thresholds.__file__)
ELSEWHERE = {
    "model.py": "how long the API server lets a name be",
    "case": "how much of a case is stored and shown, and for how long a rollout is waited for",
    "rollout_facts": "times and counts of the kubelet's and the controller's own rules",
    "judge/recording.py": "how much of a record is kept in memory",
    "judge/judgement.py": "the largest number that JSON can hold",
    "election.py": "how a lease that was given back is written",
    "sharding.py": "how many shards there may be, and when a replica counts as gone",
    "runs.py": "how much of a run's output is kept and shown",
    "signals/state.py: BIRTH": "a mark for 'nobody knows', and no quantity",
}
"""Where else core may define a number, and what it is there."""


def numbers(source: str) -> Iterator[str]:
    """The names that a module defines from numbers alone, at its top level."""
    for node in ast.parse(source).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name), *_], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pass
            case _:
                continue
        if _is_number(value):
            yield name


def _is_number(value: ast.expr) -> bool:
    match value:
        case ast.Constant(value=bool()):
            return False
        case ast.Constant(value=int() | float() as number):
            return number != 0  # nothing is no quantity
        case ast.UnaryOp(operand=operand):
            return _is_number(operand)
        case ast.BinOp(left=left, right=right):
            return _is_number(left) or _is_number(right)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return any(_is_number(element) for element in elements)
        case ast.Call(args=arguments, keywords=keywords):
            return any(_is_number(one) for one in [*arguments, *(keyword.value for keyword in keywords)])
        case _:
            return False


def allowed(module: str, name: str) -> bool:
    return any(place in {module, module.split("/")[0], f"{module}: {name}"} for place in ELSEWHERE)


def defined() -> Iterator[tuple[str, str]]:
    for path in sorted(CORE.rglob("*.py")):
        module = path.relative_to(CORE).as_posix()
        if module != "thresholds.py":
            yield from ((module, name) for name in numbers(path.read_text()))


def test_no_other_module_of_the_core_defines_a_number_of_the_judgement() -> None:
    strays = [f"{module}: {name}" for module, name in defined() if not allowed(module, name)]
    assert strays == [], "belongs in daemon/core/thresholds.py, with its reason"


@pytest.mark.parametrize("place", ELSEWHERE)
def test_every_exception_is_needed(place: str) -> None:
    assert any(place in {module, module.split("/")[0], f"{module}: {name}"} for module, name in defined())


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("CLEAR = 2.0", ["CLEAR"]),
        ("CLEAR: float = -2", ["CLEAR"]),
        ("SPANS = (1, 2)", ["SPANS"]),
        ("SECOND = 0.8 * ROUND", ["SECOND"]),
        ("SURE = math.log(20)", ["SURE"]),
        ("SETTLING = timedelta(seconds=5)", ["SETTLING"]),
        ("NOTHING = (0.0,) * len(EFFECTS)", []),
        ("KIND = 'number 5'", []),
        ("EVER = True", []),
        ("HIGHEST = math.log(LARGEST_RATIO)", []),
    ],
)
def test_what_counts_as_a_number(line: str, found: list[str]) -> None:
    assert list(numbers(line)) == found


def _imported(path: Path) -> set[str]:
    return {
        alias.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "daemon.core.thresholds"
        for alias in node.names
    }


def test_every_threshold_is_used() -> None:
    """By another module, or by a threshold that is."""
    own = ast.parse(SOURCE.read_text())
    named = {
        node.id for node in ast.walk(own) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    used = named.union(*[_imported(path) for path in DAEMON.rglob("*.py")])
    assert {name for name in vars(thresholds) if name.isupper()} - used == set()


def test_the_grades_are_those_of_kass_and_raftery() -> None:
    odds = [math.exp(grade) for grade in (thresholds.POSITIVE, thresholds.STRONG, thresholds.VERY_STRONG)]
    assert odds == pytest.approx([3, 20, 150])


NATS = {
    "LIMIT_LEVEL",
    "PROOF_LEVEL",
    "CONTRADICTION_LEVEL",
    "CHANGED",
    "ONE_CHANCE_EVENT",
    "SHIFTED",
    "CLEAR",
    "LEANING",
    "COINCIDENCE",
    "EXCLUDED",
    "BEGAN_WELL",
    "BEGAN_WELL_UNSEEN",
    "SURE",
    "PASSED",
    "SUSPICION",
}
"""Strengths of evidence."""


def _documented(source: str) -> Iterator[tuple[str, ast.expr, str]]:
    """Each constant's name, value and docstring, in one line."""
    body = ast.parse(source).body
    for node, after in pairwise(body):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            text = after.value if isinstance(after, ast.Expr) else None
            words = text.value if isinstance(text, ast.Constant) else ""
            yield node.targets[0].id, node.value, " ".join(str(words).split())


def test_a_strength_off_the_scale_says_why() -> None:
    """Each is a grade or a sum of grades, or its docstring says what keeps it off the scale."""
    documented = {name: (value, text) for name, value, text in _documented(SOURCE.read_text())}
    for name in NATS:
        value, text = documented[name]
        assert not _is_number(value) or "Off the scale: " in text, name
