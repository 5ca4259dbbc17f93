"""``judge``: the daemon's judgement of recorded samples, with neither cluster nor Prometheus."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from daemon.cli.framework import BAD, OK, Command, note
from daemon.cli.invocation import Invocation
from daemon.cli.plotting import check_plot, draw_plot
from daemon.presentation.words import clean

if TYPE_CHECKING:
    from daemon.adapters.recording.lines import Defect, Told
    from daemon.adapters.recording.recorded_cases import RecordedCases
    from daemon.core.judge.judgement import Judgement
    from daemon.core.model import WorkloadRef
    from daemon.core.policy import Policy
    from daemon.settings import Settings

NO_SAMPLES = (
    "there is nothing to judge: name files of recorded samples, one JSON object a line, or - for standard"
    " input."
    ' Begin with a line {"at": 1730000000, "event": "rollout-started", "revision": "7c9f"}, and for each'
    ' scrape of a pod write {"at": 1730000015, "signal": "errors", "pod": "p-1", "revision": "7c9f",'
    ' "bad": 12, "total": 3400}.'
)


IN_ORDER = "write a workload's rollouts one after the other, or give each a case of its own"


@click.command(
    cls=Command,
    short_help="Judge recorded SAMPLES, with no cluster.",
    formats=("json", "table"),
    examples="""
rollbackd judge samples.jsonl
rollbackd judge --config rollbackd.yaml --workload shop/cart monday.jsonl tuesday.jsonl
record-samples | rollbackd judge -                      one line as soon as a verdict changes
rollbackd judge samples.jsonl -o table --plot evidence.svg
rollbackd judge samples.jsonl | jq -r 'select(.final) | [.case, .decision, .reason] | @tsv'
""",
)
@click.argument(
    "samples", nargs=-1, type=click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True)
)
@click.option(
    "--workload",
    metavar="NS/NAME",
    help="Judge by this workload's own policy and signals; it must be guarded.",
)
@click.option(
    "--plot",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the evidence over time, as .svg or .png; of the first 12 cases.",
)
@click.pass_obj
def judge(session: Invocation, samples: tuple[str, ...], workload: str | None, plot: Path | None) -> int:
    """Judge recorded SAMPLES as the daemon would have: JSON lines from files, or from standard input (-).

    A line is a scrape of one pod (case, at, signal, pod, revision, bad, total: counters as scraped), or an
    event: rollout-started (revision, baseline), scrape-failed (signal), dependency (name, healthy). The time
    at is Unix seconds or RFC 3339 text. Many cases may be interleaved, each in the order of time. A case may
    hold several rollouts of one workload: the later ones may start as those before them did.

    Prints a line of JSON as soon as a case's verdict changes, and a last one ("final": true) for each case;
    -o table prints words instead. Of the settings only signals, policy and workloads count; without a
    settings file they are those of the example that comes with it. A malformed line is named and passed over;
    exit code 1 in the end.
    """
    if not samples:
        raise click.UsageError(NO_SAMPLES)
    if plot is not None:
        check_plot(plot)
    from daemon.adapters.recording.recorded_cases import RecordedCases

    policy = _policy(session, workload)
    docket = RecordedCases(policy, keep=_columns() if plot is not None else 0)
    malformed = _run(session, docket, samples, [signal.name for signal in policy.signals])
    if plot is not None:
        _draw(docket, plot)
    return BAD if malformed else OK


def _policy(session: Invocation, name: str | None) -> Policy:
    from daemon.core.model import WorkloadRef
    from daemon.settings import example_file, load

    file = session.config_file
    if file is None:
        file = example_file()
        note(f"there is no settings file, so the signals and limits are those of the example, {file}")
    settings = load(file, {}, os.environ, offline=True)
    if name is not None:
        return settings.policy_for(_guarded(session, settings, name), {})
    entry = settings.workloads[0]
    # Of the only workload it is plain whose rollouts were recorded; of several it is not.
    only = entry.name if len(settings.workloads) == 1 else None
    return settings.policy_for(WorkloadRef(namespace=entry.namespace, name=only or ""), {})


def _guarded(session: Invocation, settings: Settings, name: str) -> WorkloadRef:
    from daemon.cli.lookup import split
    from daemon.core.model import WorkloadRef

    namespace, bare = split(name, session.options.namespace)
    known = [
        WorkloadRef(namespace=entry.namespace, name=entry.name) for entry in settings.workloads if entry.name
    ]
    found = [ref for ref in known if ref.name == bare and namespace in (None, ref.namespace)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(str(ref) for ref in found or known) or "none by name"
    raise click.UsageError(
        f"--workload {name}: {'there are several' if found else 'the settings do not guard it'}; "
        f"{'write one of' if found else 'they guard'}: {names}."
    )


def _run(session: Invocation, docket: RecordedCases, samples: Sequence[str], signals: Sequence[str]) -> int:
    """Judge everything; the number of lines that could not be used."""
    from daemon.adapters.recording.lines import Defect, Told
    from daemon.adapters.recording.recorded_cases import NO_ROLLOUT, RolloutOutOfOrder

    say = _Sayer(table=session.options.output == "table")
    malformed = 0
    for file, told in _lines(samples, signals):
        if isinstance(told, Told):
            try:
                news = docket.take(told.case, told.entry)
            except RolloutOutOfOrder as error:
                told = Defect(told.line, "at", str(error), IN_ORDER)
            else:
                for judgement in news:
                    say(told.case, judgement)
                continue
        malformed += 1
        click.echo(f"error: {clean(f'{file}: {told}')}", err=True)
    for case, last in docket.close():
        say(case, last)
        if docket.without_rollout(case):
            note(f"case {case!r}: {NO_ROLLOUT}")
    if not docket.cases:
        note(f"there was no sample in {', '.join(samples)}")
    return malformed


def _lines(samples: Sequence[str], signals: Sequence[str]) -> Iterator[tuple[str, Told | Defect]]:
    from daemon.adapters.recording.lines import read

    for name in samples:
        shown = "standard input" if name == "-" else name
        try:
            with _opened(name) as stream:
                for told in read(stream, signals):
                    yield shown, told
        except OSError as error:
            raise click.ClickException(f"{shown} cannot be read: {error.strerror or error}") from error


def _opened(name: str) -> AbstractContextManager[BinaryIO]:
    if name != "-":
        return Path(name).open("rb")
    if sys.stdin is None:
        raise click.UsageError("standard input is closed: pipe the samples into it, or name a file.")
    return nullcontext(sys.stdin.buffer)


class _Sayer:
    """Puts a judgement out at once: as a line of JSON, or in words."""

    def __init__(self, *, table: bool) -> None:
        self._table = table
        if table:
            click.echo(f"{'TIME (UTC)':<19}  {'CASE':<16}  {'VERDICT':<8}  {'DECISION':<8}        REASON")

    def __call__(self, case: str, told: Judgement) -> None:
        if self._table:
            click.echo(clean(_words(case, told)).replace("\n", " "))
        else:
            click.echo(_json(case, told))


def _words(case: str, told: Judgement) -> str:
    at = f"{datetime.fromtimestamp(told.at, UTC):%Y-%m-%d %H:%M:%S}"
    cause = (
        f"; attributed to: {told.attribution.value}, {told.attribution_reason}"
        if told.attribution_reason
        else ""
    )
    state = f"{told.verdict.value:<8}  {told.decision.value:<8}  {'last' if told.final else '':<4}"
    return f"{at}  {case:<16}  {state}  {told.reason}{cause}"


def _json(case: str, told: Judgement) -> bytes:
    import msgspec

    return msgspec.json.encode(
        {
            "case": case,
            "at": told.at,
            "verdict": told.verdict,
            "decision": told.decision,
            "signal": told.signal,
            "reason": told.reason,
            # JSON knows no infinity.
            "e_value": min(told.e_value, sys.float_info.max),
            "attribution": told.attribution,
            "attribution_reason": told.attribution_reason,
            "final": told.final,
        }
    )


def _columns() -> int:
    from daemon.presentation.picture import MOST

    return MOST


def _draw(docket: RecordedCases, plot: Path) -> None:
    from daemon.presentation.figure import Figure

    figures = [
        Figure(
            title=ended.case or "the recorded rollout",
            signals=ended.evidence,
            started_at=ended.started_at,
            decided_at=ended.last.at,
            decision=ended.last.decision.value,
            onset=ended.onset,
        )
        for ended in docket.ended
    ]
    if docket.rollouts > len(figures):
        note(f"{plot} shows the first {len(figures)} of {docket.rollouts} cases")
    draw_plot(figures, plot)
