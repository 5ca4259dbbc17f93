"""How long a round of judgements takes here, beside another checkout on the same machine.

``python -m benchmarks.judgement.beside PATH`` prints it, where ``git worktree add PATH COMMIT`` made the
other. Milliseconds from two machines, or from two hours of one that others use as well, do not compare. So
the two take turns, each in a process of its own with its own code, and their medians are compared.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from .speed import SEVERAL, WORKLOADS

HERE = Path(__file__).resolve().parents[2]
SAMPLED = 200
"""Workloads in a turn. The time of one does not depend on how many there are, and short turns meet the same
conditions."""
ROUNDS = 24
TURNS = 15


class Beside(NamedTuple):
    """Milliseconds of processor time for a round, one of each turn."""

    here: list[float]
    there: list[float]

    @property
    def ratio(self) -> float:
        """Of the medians: under 1 where the code here is faster."""
        return statistics.median(self.here) / statistics.median(self.there)


def beside(here: Path, there: Path, pods: int, turns: int = TURNS) -> Beside:
    """Both measured ``turns`` times, for workloads of so many pods. Who goes first changes each time."""
    found = Beside([], [])
    for turn in range(turns):
        both = [(here, found.here), (there, found.there)]
        for root, times in both if turn % 2 else reversed(both):
            times.append(_milliseconds(root, pods))
    return found


def _milliseconds(root: Path, pods: int) -> float:
    """Of a whole round, as the checkout at ``root`` measures a part of it."""
    measure = (
        f"from benchmarks.judgement import speed; print(speed.milliseconds({pods}, {SAMPLED}, {ROUNDS}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", measure], cwd=root, stdout=subprocess.PIPE, text=True, check=True
    )
    return float(done.stdout) * WORKLOADS / SAMPLED


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.judgement.beside", description=__doc__)
    parser.add_argument("there", type=Path, help="another checkout of this repository")
    parser.add_argument("--turns", type=int, default=TURNS)
    wanted = parser.parse_args()
    if not (wanted.there / "benchmarks" / "judgement" / "speed.py").is_file():
        parser.error(
            f"{wanted.there} has no benchmarks/judgement/speed.py: name a checkout of this repository"
        )
    for pods in (1, SEVERAL):
        found = beside(HERE, wanted.there, pods, wanted.turns)
        print(
            f"pods of each workload {pods}: here {statistics.median(found.here):.0f} ms a round "
            f"(at least {min(found.here):.0f}), there {statistics.median(found.there):.0f} ms "
            f"(at least {min(found.there):.0f}), ratio {found.ratio:.2f}"
        )


if __name__ == "__main__":
    main()
