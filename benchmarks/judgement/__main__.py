"""``make bench-judgement``: our judge and the peers' rules on the same recorded rollouts.

Writes benchmarks/judgement/summary.json, docs/judgement.md (the part between its marks) and
docs/judgement.svg.
Every figure that must be reached and is missed is named, and the exit code is 1 if there is any.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import report, run
from .comparing import compare
from .peers import RULES
from .speed import SEVERAL, milliseconds
from .targets import targets

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.judgement", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a part of the families, with fewer runs")
    parser.add_argument("--families", default="", metavar="REGEX", help="only these; prints, writes nothing")
    parser.add_argument("--runs", type=int, help="of each family, instead of the form's numbers")
    parser.add_argument("--processes", type=int, default=2)
    wanted = parser.parse_args()
    form = run.QUICK if wanted.quick else run.FULL
    if wanted.runs:
        form = run.Form(name=form.name, healthy=wanted.runs, failing=wanted.runs, infrastructure=wanted.runs)
    families = run.chosen(form, wanted.families)
    if not families:
        parser.error(f"no family's name matches {wanted.families!r}")
    scores, overall = run.run(families, form, wanted.processes)
    partial = bool(wanted.families)
    speed = None if partial else milliseconds()
    summary = report.Summary(
        form=form,
        rules=overall,
        families=scores,
        targets=targets(scores, speed, full=form == run.FULL),
        comparison=compare(scores, [rule.name for rule in RULES]),
        titles={rule.name: rule.title for rule in RULES},
        milliseconds=speed,
        milliseconds_several=None if partial else milliseconds(SEVERAL),
    )
    if partial:
        print(report.families_text(scores))
    else:
        report.write(summary, ROOT)
    missed = report.missed(summary)
    print("\n".join(missed) if missed else "every figure that must be reached is reached")
    if missed:
        sys.exit(1)


if __name__ == "__main__":
    main()
