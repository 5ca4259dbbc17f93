"""The table that people read: happening by outcome, and how soon each kind of bad release is found."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from daemon.core.value import Value

from .happenings import ALL, Happening, When
from .playing import FALSE, Outcome, Run
from .releases import KINDS

COLUMNS = tuple((bad, when) for bad in (False, True) for when in When if bad or when is not When.VERIFYING)
SHORT = {Outcome.HELD: "h", Outcome.UNPROVEN: "u"}
BEFORE = {
    "crash loop at the start": 4.0,
    "crash after 20 s": 26.5,
    "out of memory": 10.0,
    "never ready": 600.0,
    "image missing": 1.0,
    "ConfigMap missing": 11.0,
    "loses readiness after 60 s": 98.0,
}
"""Kind of bad release → the median of the seconds until it was found with the first rules for facts, which
inferred from times what came before what, over the same replicas and paces. The others were not played."""
LATER = 10.0
"""Seconds by which a kind may be found later than it was."""
PRICES = {"crash after 20 s": 20.0, "ConfigMap missing": 15.0}
"""More than that, to roll back no healthy release: the first restart of an only pod decides nothing, and a
ConfigMap is given 20 s to come."""


class Summary(Value, frozen=True):
    """``cells``: "happening / release / when" → outcome → runs."""

    cells: dict[str, dict[str, int]]
    decided: dict[str, float]
    false: list[Run]


def summary(runs: Sequence[Run]) -> Summary:
    cells: dict[str, Counter[str]] = defaultdict(Counter)
    for run in runs:
        cells[_key(run)][run.outcome.value] += 1
    return Summary(
        cells={key: dict(found) for key, found in sorted(cells.items())},
        decided={kind: median(found) for kind, found in _decided(runs).items()},
        false=[run for run in runs if run.outcome in FALSE],
    )


def _key(run: Run) -> str:
    return f"{run.task.happening} / {'bad' if run.task.bad else 'healthy'} / {run.task.when}"


def text(runs: Sequence[Run]) -> str:
    return "\n".join((*_table(runs), "", *_speeds(runs), "", *_false(runs)))


def _table(runs: Sequence[Run]) -> Iterator[str]:
    found: dict[tuple[str, bool, When], Counter[Outcome]] = defaultdict(Counter)
    for run in runs:
        found[run.task.happening, run.task.bad, run.task.when][run.outcome] += 1
    heads = [f"{'bad' if bad else 'healthy'} {when}" for bad, when in COLUMNS]
    yield f"{'happening':42} " + " ".join(f"{head:>16}" for head in heads)
    for happening in ALL:
        cells = [found.get((happening.name, bad, when), Counter()) for bad, when in COLUMNS]
        if any(cells):
            yield f"{happening.name:42} " + " ".join(f"{_cell(cell):>16}" for cell in cells) + _why(happening)
    yield "right, +h: held, +u: rolled back and rightly not called recovered; false outcomes in capitals"


def _cell(cell: Counter[Outcome]) -> str:
    if not cell:
        return "-"
    false = [f"{cell[outcome]} {outcome.value}" for outcome in FALSE if cell[outcome]]
    if false:
        return "; ".join(false)
    return f"{cell[Outcome.RIGHT]}" + "".join(f"+{cell[o]}{s}" for o, s in SHORT.items() if cell[o])


def _why(happening: Happening) -> str:
    return f"  (held: {happening.undecidable})" if happening.undecidable else ""


def _decided(runs: Iterable[Run]) -> dict[str, list[float]]:
    """Of releases that nothing else happened to."""
    found: dict[str, list[float]] = defaultdict(list)
    for run in runs:
        if run.task.happening == "nothing" and run.decided is not None and run.kind:
            found[run.kind].append(run.decided)
    return found


def _speeds(runs: Sequence[Run]) -> Iterator[str]:
    found = _decided(runs)
    if not found:
        return
    yield f"{'seconds until a bad release is found':42} {'median':>8} {'most':>8} {'before':>8}"
    for kind in KINDS:
        if times := found.get(kind.name):
            before = BEFORE.get(kind.name)
            was = f"{before:.0f}" if before is not None else "-"
            yield f"{kind.name:42} {median(times):8.0f} {max(times):8.0f} {was:>8}"


def late(runs: Sequence[Run]) -> list[str]:
    """Kinds that are found later than before."""
    times = _decided(runs)
    return [
        f"{kind} is found after {median(times[kind]):.0f} s, before after {before:.0f} s"
        for kind, before in BEFORE.items()
        if times.get(kind) and median(times[kind]) > before + PRICES.get(kind, LATER)
    ]


def _false(runs: Sequence[Run]) -> Iterator[str]:
    for run in runs:
        if run.outcome in FALSE:
            kind = f", {run.kind}" if run.kind else ""
            yield f"{run.outcome.value}: {_key(run)}, seed {run.task.seed}{kind}"
            yield from (f"    {line}" for line in run.told)
