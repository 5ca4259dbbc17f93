"""What a run found: summary.json with every figure, docs/judgement.md with short tables, and the picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from daemon.core.value import Value

from .comparing import PROMISED, READINGS, Comparison
from .families import Group
from .picture import draw
from .run import FULL, Form
from .scoring import OURS, FamilyScore, Overall, Share
from .targets import Target

BEGIN = "<!-- measured: begin (make bench-judgement writes this part) -->"
END = "<!-- measured: end -->"


class Summary(Value, frozen=True):
    form: Form
    rules: dict[str, Overall]
    families: list[FamilyScore]
    targets: list[Target]
    comparison: Comparison
    titles: dict[str, str]
    milliseconds: float | None
    """Of 1,000 workloads with four signals, of one pod each."""
    milliseconds_several: float | None = None
    """Of three pods each."""
    """For 1,000 workloads with four signals, judged once on one core."""


def missed(summary: Summary) -> list[str]:
    """Every figure that must be reached and is not, a line each."""
    lines = [
        f"MISSED {target.what}: {target.family or 'all'}: {target.measured}, wanted {target.wanted}"
        for target in summary.targets
        if not target.met
    ]
    if summary.form.name != FULL.name:
        # Too few runs to say that a rival holds one per cent.
        return lines
    return lines + [
        f"SLOWER than {faster.rule}, which holds 1 % ({faster.reading}): {faster.family}: "
        f"{_seconds(faster.ours)} against {_seconds(faster.theirs)}"
        for faster in summary.comparison.faster
        if faster.reading in PROMISED
    ]


def write(summary: Summary, root: Path) -> None:
    """All three files, each whole or not at all."""
    _replace(root / "benchmarks" / "judgement" / "summary.json", encoded(summary))
    page = root / "docs" / "judgement.md"
    text = page.read_text()
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    _replace(page, f"{before}{BEGIN}\n\n{tables(summary)}\n{END}{after}".encode())
    _replace(root / "docs" / "judgement.svg", draw(summary.rules, summary.titles))


def encoded(summary: Summary) -> bytes:
    """As JSON, a line for each family."""
    rest = msgspec.json.format(msgspec.json.encode(msgspec.structs.replace(summary, families=[])), indent=1)
    lines = b",\n".join(msgspec.json.encode(score) for score in summary.families)
    return rest.replace(b'"families": []', b'"families": [\n' + lines + b"\n]") + b"\n"


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_bytes(content)
    fresh.replace(path)


def tables(summary: Summary) -> str:
    return "\n".join(
        line
        for part in (_about, _rules, _targets, _attribution, _comparison, _worst)
        for line in (*part(summary), "")
    )


def _about(summary: Summary) -> Iterator[str]:
    form, groups = summary.form, Counter(score.group for score in summary.families)
    runs = sum(score.runs for score in summary.families)
    yield (
        f"The {form.name} form: {groups[Group.HEALTHY]} healthy families with {form.healthy} runs each, "
        f"{groups[Group.FAILING]} failing ones with {form.failing}, {groups[Group.INFRASTRUCTURE]} incidents "
        f"with {form.infrastructure}; {runs:,} records, each before every judge."
    )
    if form.name != FULL.name:
        yield ""
        yield (
            "These are too few runs to show an upper bound of 2 %, for us or for a peer: in this form a "
            "figure counts as missed only when its interval rules the promise out, and no comparison does."
        )


def _rules(summary: Summary) -> Iterator[str]:
    yield "### Rules on the whole corpus"
    yield ""
    yield from _table(
        "rule",
        "healthy releases rolled back",
        "healthy families over 1 %",
        "worst family",
        "failures found",
        "delay: median, p95",
        "incidents rolled back",
    )
    for name, rule in summary.rules.items():
        healthy = f"{rule.over} of {_count(summary, Group.HEALTHY)}"
        cells = (
            f"**{name}**" if name == OURS else summary.titles[name],
            _percent(rule.healthy),
            healthy,
            f"{rule.worst:.1%}",
            f"{rule.found.share:.1%}",
            f"{_seconds(rule.median)}, {_seconds(rule.p95)}",
            _percent(rule.incidents),
        )
        yield _row(*cells)


def _count(summary: Summary, group: Group) -> int:
    return sum(score.group is group and score.promised for score in summary.families)


def _targets(summary: Summary) -> Iterator[str]:
    yield "### What must be reached"
    yield ""
    yield from _table("figure", "family", "wanted", "measured (95 % interval)", "best possible", "")
    detail = [target for target in summary.targets if target.best or not target.family]
    for target in detail:
        met = "met" if target.met else "**missed**"
        yield _row(target.what, target.family, target.wanted, target.measured, target.best, met)
    for what, targets in _grouped([target for target in summary.targets if target not in detail]):
        met_count = sum(target.met for target in targets)
        yield _row(
            what, f"{len(targets)} families", targets[0].wanted, "", "", f"{met_count} of {len(targets)} met"
        )
    bad = [target for target in summary.targets if not target.met and target not in detail]
    if bad:
        yield ""
        yield "Missed:"
        yield ""
        yield from (f"* {target.what}: {target.family}: {target.measured}" for target in bad)


def _grouped(targets: Sequence[Target]) -> Iterator[tuple[str, list[Target]]]:
    for what in dict.fromkeys(target.what for target in targets):
        yield what, [target for target in targets if target.what == what]


def _attribution(summary: Summary) -> Iterator[str]:
    yield "### What failures are attributed to"
    yield ""
    answers = ("deployment", "infrastructure", "undecided", "not found")
    yield from _table("truth", *answers)
    for group, truth in ((Group.FAILING, "the deployment"), (Group.INFRASTRUCTURE, "the infrastructure")):
        counts: Counter[str] = Counter()
        for score in summary.families:
            if score.group is group:
                counts.update(score.attribution)
        whole = max(1, counts.total())
        yield _row(truth, *(f"{counts[answer]:,} ({counts[answer] / whole:.1%})" for answer in answers))


def _comparison(summary: Summary) -> Iterator[str]:
    comparison = summary.comparison
    yield "### Is a peer's rule faster that holds one per cent of false alarms?"
    yield ""
    yield from _table("a rule holds one per cent on", "failing families with such a rival", "rival faster")
    for reading in READINGS:
        faster = sum(one.reading == reading for one in comparison.faster)
        yield _row(
            _reading(reading), f"{comparison.contested[reading]} of {comparison.families}", str(faster)
        )
    if comparison.faster:
        yield ""
        yield "Where we are slower, by the fastest such rule (medians):"
        yield ""
        yield from _table("reading", "family", "rule", "theirs", "ours")
        for one in comparison.faster:
            title = summary.titles[one.rule]
            yield _row(_reading(one.reading), one.family, title, _seconds(one.theirs), _seconds(one.ours))


def _reading(reading: str) -> str:
    return {
        "plain": "unchanged releases of the same traffic",
        "same traffic": "all healthy families of the same traffic",
        "everywhere": "all healthy families",
    }[reading]


def _worst(summary: Summary) -> Iterator[str]:
    costs = [score.microseconds for score in summary.families]
    yield "### Costs"
    yield ""
    yield (
        f"A judgement took {min(costs):.0f} to {max(costs):.0f} µs of processor time, by family "
        f"({sum(costs) / len(costs):.0f} µs on average)."
    )
    if summary.milliseconds is not None:
        yield (
            "1,000 workloads with four signals, a new scrape of each: "
            f"{summary.milliseconds:.0f} ms a round on one core"
            + (
                f" (with three pods each {summary.milliseconds_several:.0f} ms)."
                if summary.milliseconds_several
                else "."
            )
        )
    limits = [score for score in summary.families if not score.promised]
    for score in limits:
        yield ""
        yield (
            f"Beyond what can be known: *{score.name}* ({score.note}): "
            f"rolled back in {_percent(score.rules[OURS].alarms)}."
        )


def families_text(scores: Sequence[FamilyScore]) -> str:
    """Each family's figures of ours, a line each, for the terminal."""
    return "\n".join(_line(score) for score in scores)


def _line(score: FamilyScore) -> str:
    ours = score.rules[OURS]
    parts = [f"{score.name:<58}", f"{score.runs:4d} runs", f"alarms {_percent(ours.alarms)}"]
    if ours.found is not None and score.scrapes is not None:
        parts += [
            f"found {ours.found.share:.1%}",
            f"median {_seconds(ours.median)}, p95 {_seconds(ours.p95)}",
            f"first scrape {score.scrapes.first.share:.1%}, second {score.scrapes.second.share:.1%}",
        ]
    laid = {answer: count for answer, count in score.attribution.items() if answer != "not found"}
    return "  ".join([*parts, str(laid) if laid else ""])


def _percent(share: Share) -> str:
    return f"{share.share:.2%} ({share.low:.2%} to {share.high:.2%})"


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.0f} s"


def _table(*heads: str) -> Iterator[str]:
    yield _row(*heads)
    yield _row(*("---" for _ in heads))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
