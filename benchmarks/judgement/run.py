"""Run the corpus on all processors: every family's seeds, scored."""

from __future__ import annotations

import re
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from random import Random

from daemon.core.value import Value

from .corpus import corpus
from .families import Family, Group
from .judging import judged
from .peers import RULES
from .scoring import ORACLE, OURS, FamilyScore, Overall, Run, overall, score

CHUNK = 25
"""Seeds that a worker takes at a time."""
Chunk = tuple[str, list[Run]]
NAMES = (OURS, *(rule.name for rule in RULES), ORACLE)


class Form(Value, frozen=True):
    """How much is run. The full form's healthy runs suffice for an upper bound of 2 % at a share of 0.7 %."""

    name: str
    healthy: int
    failing: int
    infrastructure: int

    def seeds(self, family: Family) -> int:
        return {
            Group.HEALTHY: self.healthy,
            Group.FAILING: self.failing,
            Group.INFRASTRUCTURE: self.infrastructure,
        }[family.group]


FULL = Form(name="full", healthy=600, failing=300, infrastructure=400)
QUICK = Form(name="quick", healthy=150, failing=100, infrastructure=100)


def chosen(form: Form, pattern: str) -> tuple[Family, ...]:
    """The form's families whose names match; a pattern brings in what the quick form leaves out."""
    wanted = re.compile(pattern)
    return tuple(
        family
        for family in corpus()
        if wanted.search(family.name) and (form.name != QUICK.name or family.quick or pattern)
    )


def run(
    families: Sequence[Family], form: Form, processes: int
) -> tuple[list[FamilyScore], dict[str, Overall]]:
    """The families' scores, in the corpus's order, and each rule's as a whole; progress goes to stderr."""
    tasks = [
        (family, seed, min(seed + CHUNK, form.seeds(family)))
        for family in families
        for seed in range(0, form.seeds(family), CHUNK)
    ]
    # Mixed, so that the time left can be told; the records do not depend on the order.
    Random(0).shuffle(tasks)
    runs: dict[str, list[Run]] = defaultdict(list)
    with get_context("spawn").Pool(processes) as pool:
        for name, some in _shown(pool.imap_unordered(_chunk, tasks), len(tasks)):
            runs[name] += some
    outcome = [(family, runs[family.name]) for family in families]
    scores = [score(family, some, NAMES) for family, some in outcome]
    return scores, {name: overall(name, outcome) for name in NAMES if name != ORACLE}


def _chunk(task: tuple[Family, int, int]) -> Chunk:
    family, begin, end = task
    return family.name, [judged(family, seed) for seed in range(begin, end)]


def _shown(results: Iterator[Chunk], count: int) -> Iterator[Chunk]:
    began, shown = time.monotonic(), -1
    for number, result in enumerate(results, start=1):
        yield result
        if (percent := 100 * number // count) > shown:
            spent = time.monotonic() - began
            left = spent / number * (count - number)
            line = f"judgement: {percent:3d} %, {spent:.0f} s, about {left:.0f} s left"
            print(line, end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)
            shown = percent if sys.stderr.isatty() else percent + 9 - percent % 10
    print(file=sys.stderr)
