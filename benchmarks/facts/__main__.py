"""``make bench-facts``: what happens around a release, and what the daemon makes of it, by facts alone.

The real engine plays on the in-memory cluster. Each happening comes before, during and after the rollout of a
healthy and of a bad release, and in the recovery from a bad one, at a moment drawn at random. No release
changes its error rate, so only what Kubernetes tells can speak against one. The exit code is 1 if any outcome
is false, or a kind of bad release is found later than it was.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path
from random import Random

import msgspec

from . import report
from .happenings import ALL, When
from .playing import FALSE, Run, Task, play

RUNS, QUICK = 20, 3
SPEED_RUNS = 5
"""Times as many runs where nothing else happens: each kind of bad release must come often enough."""


def tasks(pattern: str, runs: int, first: int = 0) -> list[Task]:
    found = [
        Task(happening=happening.name, bad=bad, when=when, seed=seed)
        for happening in ALL
        if re.search(pattern, happening.name)
        for bad in (False, True)
        if (happening.bad if bad else happening.healthy)
        for when in happening.when
        if bad or when is not When.VERIFYING
        for seed in range(first, first + runs * (SPEED_RUNS if happening.name == "nothing" else 1))
    ]
    # Mixed, so that the processes end together.
    Random(0).shuffle(found)
    return found


def run(wanted: Sequence[Task], processes: int) -> list[Run]:
    """In the order of the happenings, whatever the processes did first."""
    found: list[Run] = []
    with get_context("spawn").Pool(processes) as pool:
        for number, one in enumerate(pool.imap_unordered(play, wanted, chunksize=4), 1):
            found.append(one)
            if number % 100 == 0:
                print(f"{number} of {len(wanted)} runs", file=sys.stderr, flush=True)
    places = {happening.name: place for place, happening in enumerate(ALL)}
    found.sort(key=lambda one: (places[one.task.happening], one.task.bad, one.task.when, one.task.seed))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.facts", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} runs of each cell instead of {RUNS}")
    parser.add_argument("--runs", type=int, help="of each cell")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--happenings", default="", metavar="REGEX", help="only these")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    chosen = parser.parse_args()
    wanted = tasks(chosen.happenings, chosen.runs or (QUICK if chosen.quick else RUNS), chosen.first)
    if not wanted:
        parser.error(f"no happening's name matches {chosen.happenings!r}")
    runs = run(wanted, chosen.processes)
    print(report.text(runs))
    if chosen.json:
        chosen.json.write_bytes(msgspec.json.format(msgspec.json.encode(report.summary(runs))) + b"\n")
    false, late = [one for one in runs if one.outcome in FALSE], report.late(runs)
    print("\n".join((*late, f"{len(false)} of {len(runs)} runs have a false outcome")))
    sys.exit(1 if false or late else 0)


if __name__ == "__main__":
    main()
