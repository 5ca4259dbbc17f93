"""``backtest``: past rollouts, found in Prometheus and judged by a candidate policy."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemon.cli import lookup
from daemon.cli.framework import OK, Command, note
from daemon.cli.invocation import Invocation
from daemon.cli.plotting import check_plot, draw_plot

if TYPE_CHECKING:
    from daemon.adapters.prometheus.past import PrometheusPast
    from daemon.core.model import WorkloadRef
    from daemon.core.policy import Policy
    from daemon.engine.backtest.outcome import RolloutOutcome
    from daemon.settings import DependencySettings, Settings, SignalSettings

SHORTEST = 600.0
"""Seconds of a span that is worth looking at."""


@click.command(
    cls=Command,
    short_help="Judge a WORKLOAD's past rollouts by a candidate policy.",
    examples="""
rollbackd backtest cart --since 30d
rollbackd backtest cart --since 14d --config candidate.yaml --plot evidence.svg
rollbackd backtest shop/cart --limit errors=0.02 --limit latency=0.005
rollbackd backtest cart --since 2026-01-05 --until 2026-02-01 -o json | jq .summary
""",
)
@click.argument("workload", shell_complete=lookup.propose_workloads)
@click.option(
    "--since",
    default="30d",
    show_default=True,
    metavar="TIME",
    help="From when on: so long ago (30d, 12h), or a time (2026-01-05, 2026-01-05T09:00Z).",
)
@click.option("--until", metavar="TIME", help="Up to when, in the same way; now where left out.")
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="SIGNAL=RATIO",
    help="Another limit than the settings', such as errors=0.02 for 2 %; may be repeated.",
)
@click.option(
    "--load",
    type=click.FloatRange(0.01, 1.0),
    default=0.2,
    show_default=True,
    help="The share of the time in which Prometheus works for us, at most.",
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where results are kept for the case of an interruption; else in the user's cache folder.",
)
@click.option("--fresh", is_flag=True, help="Start anew, whatever was kept.")
@click.option(
    "--plot",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the evidence over time, as .svg or .png; of 12 rollouts, the telling ones first.",
)
@click.pass_obj
def backtest(
    session: Invocation,
    workload: str,
    since: str,
    until: str | None,
    limits: tuple[str, ...],
    load: float,
    state: Path | None,
    fresh: bool,
    plot: Path | None,
) -> int:
    """Judge a WORKLOAD's past rollouts again, by the settings in use or by a candidate's (--config, --limit).

    The rollouts are read from the metrics alone, and no cluster is asked: a pod's name holds its revision's
    hash, and the first pods of another hash are a rollout. Returns to an earlier revision count as well;
    pods that are merely replaced or added do not. Times count from the first scrape of a new pod. What the
    cluster alone knows is not replayed: rollout facts such as CrashLoopBackOff, neighbours and nodes. A
    failure is attributed to the release or not, by the pods' counters and the gauges of dependencies.

    Beside it: the rule of a fixed threshold (the share of bad requests of the new pods in the last minute,
    looked at every 15 s; over the limit for the fourth time rolls back), and whether people went back to an
    earlier revision within a day.

    Prometheus gets one query after the other, with pauses that follow from --load. An interrupted run goes on
    where it was when the same is asked again.
    """
    from daemon.cli.backtest_progress import remembered, show_progress
    from daemon.cli.backtest_report import show_report
    from daemon.engine.backtest.run import Backtest, Question

    if plot is not None:
        check_plot(plot)
    now = session.backend.clock().now()
    start, end = _moment("--since", since, now), now if until is None else _moment("--until", until, now)
    if (end - start).total_seconds() < SHORTEST or end > now:
        raise click.UsageError(
            f"there is nothing to look at from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC:"
            " let --since be at least ten minutes before --until, and --until not in the future."
        )
    settings = session.settings
    ref = lookup.workload(session, workload)
    policy = _policy(settings, ref, limits)
    signals, dependencies = _signals(settings, policy), _dependencies(settings, policy)
    question = Question(
        workload=ref,
        policy=policy,
        start=start.timestamp(),
        end=end.timestamp(),
        fingerprint=_fingerprint(settings, ref, policy, [*signals, *dependencies], f"{since} {until}"),
    )
    session.quiet_log()
    keeper, before = remembered(question, state, fresh=fresh)
    past = _past(session, settings, signals, dependencies, ref, load=load)
    try:
        run = Backtest(question, past, keeper, before)
        show_progress(run, keeper)
    finally:
        past.close()
    show_report(session, run, policy, ref)
    if plot is not None:
        _draw(run.outcomes, plot)
    return OK


# ---------------------------------------------------------------- what is asked


def _moment(option: str, text: str, now: datetime) -> datetime:
    """A duration before now, or a time; without a zone it is UTC."""
    from daemon.settings.types import parse_duration

    try:
        seconds = float(parse_duration(text))
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise click.UsageError(
                f"{option} {text}: this is neither a duration nor a time; write 30d, 12h, 2026-01-05 or"
                " 2026-01-05T09:00Z."
            ) from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return datetime.fromtimestamp(now.timestamp() - seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise click.UsageError(f"{option} {text}: no calendar goes back so far; write 30d.") from None


def _policy(settings: Settings, ref: WorkloadRef, limits: Sequence[str]) -> Policy:
    """The workload's policy with the limits that were given here."""
    import msgspec

    if not any((entry.namespace, entry.name) == (ref.namespace, ref.name) for entry in settings.workloads):
        note(f"the settings do not guard {ref} by name: the common policy and all signals are taken")
    policy = settings.policy_for(ref, {})
    chosen = dict(_limit(text, [signal.name for signal in policy.signals]) for text in limits)
    changed = (
        msgspec.structs.replace(signal, limit=chosen.get(signal.name, signal.limit))
        for signal in policy.signals
    )
    return msgspec.structs.replace(policy, signals=tuple(changed))


def _limit(text: str, names: Sequence[str]) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    if not equals or name not in names:
        raise click.UsageError(
            f"--limit {text}: write SIGNAL=RATIO; the workload's signals are {', '.join(names)}."
        )
    try:
        ratio = float(value)
    except ValueError:
        ratio = 0.0
    if not 0 < ratio < 1:
        raise click.UsageError(f"--limit {text}: a limit lies between 0 and 1; write {name}=0.05 for 5 %.")
    return name, ratio


def _signals(settings: Settings, policy: Policy) -> list[SignalSettings]:
    if not policy.signals:
        raise click.UsageError("no signal is configured for the workload: there is nothing to judge by.")
    known = {signal.name: signal for signal in settings.signals}
    return [known[signal.name] for signal in policy.signals]


def _dependencies(settings: Settings, policy: Policy) -> list[DependencySettings]:
    known = {dependency.name: dependency for dependency in settings.dependencies}
    return [known[name] for name in policy.dependencies]


def _fingerprint(
    settings: Settings,
    ref: WorkloadRef,
    policy: Policy,
    sources: Sequence[SignalSettings | DependencySettings],
    span: str,
) -> str:
    """Equal where the answers are equal."""
    import msgspec

    from daemon import __version__

    judged = (policy.signals, policy.watch, policy.baseline_window, policy.stale_after)
    server = settings.prometheus
    asked = (server.url, server.namespace_label, server.pod_label, server.replica_labels)
    whole = msgspec.json.encode((__version__, ref, judged, asked, [repr(one) for one in sources], span))
    return hashlib.sha256(whole).hexdigest()


def _past(
    session: Invocation,
    settings: Settings,
    signals: Sequence[SignalSettings],
    dependencies: Sequence[DependencySettings],
    ref: WorkloadRef,
    *,
    load: float,
) -> PrometheusPast:
    from daemon.adapters.prometheus.past import PrometheusPast
    from daemon.engine.backtest.pod_lifetimes import pod_pattern

    return PrometheusPast(
        settings.prometheus,
        signals,
        dependencies,
        ref,
        pod_pattern(ref.name),
        session.backend.clock(),
        load=load,
        sleep=time.sleep,
    )


# ---------------------------------------------------------------- the picture


def _draw(outcomes: Sequence[RolloutOutcome], plot: Path) -> None:
    from daemon.presentation.figure import Figure
    from daemon.presentation.picture import MOST

    judged = [outcome for outcome in outcomes if outcome.evidence]
    chosen = sorted(sorted(judged, key=_telling)[:MOST], key=lambda outcome: outcome.started_at)
    if len(judged) > len(chosen):
        note(f"{plot} shows {len(chosen)} of {len(judged)} rollouts, the most telling ones")
    figures = [
        Figure(
            title=f"{outcome.plan.before} → {outcome.plan.revision}, "
            f"{datetime.fromtimestamp(outcome.started_at, UTC):%Y-%m-%d %H:%M}",
            signals=outcome.evidence,
            started_at=outcome.started_at,
            decided_at=outcome.judged_until,
            decision=outcome.kind.value,
        )
        for outcome in chosen
    ]
    draw_plot(figures, plot)


def _telling(outcome: RolloutOutcome) -> tuple[bool, bool, bool, float]:
    """Sorts what people want to see first to the front: disagreements, failures, returns, what is new."""
    from daemon.engine.backtest.outcome import Kind
    from daemon.engine.backtest.report import disagree

    failed = outcome.kind in (Kind.ROLLBACK, Kind.HELD)
    return (not disagree(outcome), not failed, outcome.plan.returned is None, -outcome.started_at)
