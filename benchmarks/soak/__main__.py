"""``make soak``: a day in service with 10,000 releases, in simulated time and one process.

Exits 1 where memory, threads or descriptors grow after the first tenth, a case is lost or kept for ever, a
good release was rolled back or a bad one was found healthy. ``SIZE=1000`` is a day with so many releases, of
fewer workloads.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.soak.service import POLICY, Service
from daemon import logs
from daemon.core.case.case import Phase

SIZE = 10_000
GROWTH = 5.0
"""MB by which the resident memory may grow after the first tenth."""
PARTS = 10


@dataclass(frozen=True)
class Held:
    """What the process holds; memory in MB."""

    resident: float
    threads: int
    descriptors: int


def held() -> Held:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    return Held(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, threading.active_count(), descriptors)


def live(service: Service) -> list[Held]:
    """What is held after each tenth; the first is the measure of the others."""
    found: list[Held] = []
    for done in service.serve():
        while len(found) < PARTS and done * PARTS >= service.releases * (len(found) + 1):
            found.append(held())
            print(
                f"{done:>6} releases, {service.clock.monotonic() / 3600:.1f} h: {found[-1].resident:.1f} MB, "
                f"{len(service.cases.outlines())} cases, {time.process_time():.0f} s of processor time",
                flush=True,
            )
    return [*found, held()]


Verdicts = Iterator[tuple[bool, str]]
"""Whether it holds, and what."""


def growth(found: list[Held]) -> Verdicts:
    first, last = found[0], found[-1]
    grown = last.resident - first.resident
    yield grown <= GROWTH, f"memory grew by {grown:.1f} MB after the first tenth, {GROWTH:g} at most"
    yield last.threads <= first.threads, f"threads: {first.threads}, then {last.threads}"
    yield last.descriptors <= first.descriptors, f"descriptors: {first.descriptors}, then {last.descriptors}"


def outcomes(service: Service) -> Verdicts:
    cases, became = service.cases, service.cases.became()
    wanted = service.releases + service.workloads
    yield cases.opened == became.total() == wanted, f"{cases.opened} cases of {wanted} rollouts"
    unfinished = len(cases.unfinished())
    yield not cases.lost and not unfinished, f"{len(cases.lost)} pruned before their end, {unfinished} open"
    most = max(len(cases.outlines(one.ref)) for one in cases.outlines())
    # The newest good and the newest proven one are kept whatever their age, and a day's rollbacks.
    may = POLICY.keep + POLICY.max_rollbacks + 2
    yield most <= may, f"{most} cases of one workload are kept, {may} at most"
    wrong = sum(n for (bad, phase), n in became.items() if not bad and phase is not Phase.HEALTHY)
    missed = became[True, Phase.HEALTHY]
    yield wrong == 0, f"{wrong} good releases ended otherwise than healthy"
    yield (
        missed == 0,
        f"{missed} bad releases were found healthy; {became[True, Phase.ROLLED_BACK]} rolled back",
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("size", nargs="?", type=int, default=SIZE, help="how many releases")
    logs.configure("error", "console")
    service = Service(parser.parse_args().size)
    reached = [*growth(live(service)), *outcomes(service)]
    for well, text in reached:
        print(f"{'holds' if well else 'MISSED'}: {text}")
    return 0 if all(well for well, _ in reached) else 1


if __name__ == "__main__":
    sys.exit(main())
