"""A backtest while it runs: where its state is kept, and what people see of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemon.presentation.words import clean, duration

if TYPE_CHECKING:
    from daemon.adapters.state_file import StateFile
    from daemon.engine.backtest.outcome import RolloutOutcome
    from daemon.engine.backtest.run import Backtest, Progress, Question, RunState

Shown = Callable[["Progress"], None]


class Keeper:
    """Keeps the state in a file. Where nobody chose the file, a run that cannot be kept goes on without."""

    def __init__(self, file: StateFile, *, chosen: bool) -> None:
        self.file = file
        self.lost = False
        self._chosen = chosen

    def save(self, content: bytes) -> None:
        if self.lost:
            return
        try:
            self.file.save(content)
        except OSError as error:
            why = f"{self.file.path} cannot be written ({error.strerror or error})"
            if self._chosen:
                raise click.ClickException(f"--state: {why}: name a file that can") from error
            self.lost = True
            _tell(f"note: {why}: an interrupted run would start anew; --state names another file")


def remembered(question: Question, path: Path | None, *, fresh: bool) -> tuple[Keeper, RunState | None]:
    """Where to keep the state, and what is there from an earlier run of the same question."""
    from daemon.adapters.state_file import StateFile

    keeper = Keeper(StateFile(path or _place(question)), chosen=path is not None)
    return keeper, None if fresh else _load(keeper, question)


def _place(question: Question) -> Path:
    # The base directory specification: a relative path is as good as none.
    given = os.environ.get("XDG_CACHE_HOME", "")
    folder = Path(given) if given.startswith("/") else Path.home() / ".cache"
    # Names may be longer than a file's; the fingerprint tells them apart.
    name = f"{question.workload.namespace}-{question.workload.name}"[:100]
    return folder / "rollbackd" / f"backtest-{name}-{question.fingerprint[:16]}.json"


def _load(keeper: Keeper, question: Question) -> RunState | None:
    from daemon.engine.backtest.run import StateDamaged, StateMismatch, decode

    path = keeper.file.path
    try:
        content = keeper.file.load()
        return None if content is None else decode(content, question)
    except StateMismatch:
        raise click.UsageError(
            f"{path} belongs to another question (workload, span, policy, queries or version differ): name"
            " another file by --state, or let --fresh write over it."
        ) from None
    except StateDamaged as error:
        aside = keeper.file.set_aside()
        _tell(f"note: {path} is damaged ({error}); it is {aside} now, and the run starts anew")
    except OSError as error:
        _tell(f"note: {path} cannot be read ({error.strerror or error}): the run starts anew")
    return None


def show_progress(run: Backtest, keeper: Keeper) -> None:
    """Let it run to its end, and show how far it is. Raises PortError; click.Abort when interrupted."""
    from daemon.ports import PortError, Unavailable

    try:
        with _bar() if sys.stderr.isatty() else _lines() as shown:
            for progress in run.run():
                shown(progress)
    except KeyboardInterrupt:
        _tell(_how_to_go_on(keeper))
        raise click.Abort from None
    except PortError as error:
        if isinstance(error, Unavailable):
            _tell(_how_to_go_on(keeper))
        raise


def _how_to_go_on(keeper: Keeper) -> str:
    if keeper.lost or not keeper.file.path.exists():
        return "hint: nothing was kept; the same command starts anew"
    return f"hint: the same command goes on where this one was; what was found is in {keeper.file.path}"


@contextmanager
def _lines() -> Iterator[Shown]:
    yield lambda progress: _tell(words(progress)) if words(progress) else None


@contextmanager
def _bar() -> Iterator[Shown]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from daemon.engine.backtest import run

    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as bar:
        looking = bar.add_task("looking for rollouts", total=None)
        judging = bar.add_task("judging them", total=None, visible=False)

        def shown(progress: run.Progress) -> None:
            match progress:
                case run.Searched():
                    bar.update(looking, total=progress.end - progress.start or 1.0)
                    bar.update(looking, completed=progress.until - progress.start)
                case run.Judged():
                    bar.update(judging, total=progress.of, completed=progress.number)
                case run.Found():
                    bar.update(looking, total=1.0, completed=1.0)
                    bar.update(judging, total=len(progress.lineage.plans) or 1, visible=True)
                    console.print(clean(words(progress)), markup=False)
                case _:
                    console.print(clean(words(progress)), markup=False)

        yield shown


def words(progress: Progress) -> str:
    """A line for those who do not watch a bar."""
    from daemon.engine.backtest import run

    match progress:
        case run.Estimate():
            return (
                f"about {_count(progress.searching, 'query', 'queries')} to look for rollouts, then at least"
                f" {progress.per_rollout} for each"
            )
        case run.Resumed():
            return (
                f"going on with the run from {moment(progress.start)} to {moment(progress.end)}: pods are"
                f" known up to {moment(progress.seen_until)}, {_count(progress.outcomes, 'rollout')} judged"
            )
        case run.Searched():
            share = (progress.until - progress.start) / max(progress.end - progress.start, 1.0)
            return f"looked for pods up to {moment(progress.until)} ({share:.0%})".replace("%", " %")
        case run.Found():
            found = _count(len(progress.lineage.plans), "rollout")
            return f"{found} found; at most {_count(progress.queries, 'query', 'queries')} to judge them"
        case run.Judged():
            again = ", known from before" if progress.remembered else ""
            return f"{progress.number} of {progress.of}: {_judged(progress.outcome)}{again}"


def _judged(outcome: RolloutOutcome) -> str:
    plan = outcome.plan
    return (
        f"{moment(outcome.started_at)} {plan.before} → {plan.revision}: {outcome.kind.value} after"
        f" {duration(outcome.after)}"
    )


def moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _tell(text: str) -> None:
    click.echo(clean(text), err=True)
