"""``make fuzz``: inputs near those of the corpus, by the million, to each place where others' input comes in.

What a surface trips over is written into its corpus, where ``make test`` finds it from then on.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
import traceback
from random import Random

from tests.fuzz.mutation import Mutator
from tests.fuzz.surfaces import CORPUS, SURFACES, Surface

REPORTED = 10.0
"""Seconds between two lines of progress."""
SLOWEST = 5.0
"""Seconds of the processor for one input: what takes longer could be sent to keep the daemon busy."""


def corpus(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


def fuzz(name: str, surface: Surface, examples: int, seed: int) -> bool:
    """Whether all went well; else what did not is in the corpus."""
    mutator, began = Mutator(Random(f"{name}/{seed}"), corpus(name)), time.monotonic()
    said = began
    for number in range(1, examples + 1):
        body, before = mutator.next(), time.process_time()
        try:
            surface(body)
            assert time.process_time() - before < SLOWEST, f"it took more than {SLOWEST:g} s"
        except Exception:
            place = CORPUS / name / f"found-{hashlib.sha256(body).hexdigest()[:12]}"
            place.write_bytes(body)
            print(f"{name}: example {number:,} of seed {seed} is kept as {place}")
            traceback.print_exc(limit=-4)
            return False
        if time.monotonic() - said > REPORTED:
            said = time.monotonic()
            print(f"{name}: {number:,} of {examples:,}, {number / (said - began):,.0f} a second", flush=True)
    print(f"{name}: {examples:,} examples, {time.monotonic() - began:.0f} s, nothing found", flush=True)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("surfaces", nargs="*", help=f"of {', '.join(SURFACES)}; all by default")
    parser.add_argument("--examples", type=int, default=1_000_000, help="for each surface")
    parser.add_argument(
        "--seed", type=int, default=int(time.time()), help="the same one gives the same inputs"
    )
    chosen = parser.parse_args()
    if unknown := set(chosen.surfaces) - set(SURFACES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(SURFACES)}")
    names = chosen.surfaces or list(SURFACES)
    tripped = [name for name in names if not fuzz(name, SURFACES[name], chosen.examples, chosen.seed)]
    return 1 if tripped else 0


if __name__ == "__main__":
    sys.exit(main())
