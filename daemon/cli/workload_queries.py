"""What the settings make the daemon ask for each workload, and where: for programs and for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from daemon.core.case.guards.registry import GUARDS
from daemon.core.migration import MigrationPolicy
from daemon.core.policy import Policy, SignalPolicy
from daemon.core.runs import HttpCall, JobCommand, PodCommand, Task
from daemon.core.sharding import shard_of
from daemon.core.statistics.counts import percent
from daemon.presentation.words import duration
from daemon.settings import CounterPair, GuardedWorkload, Settings, SignalSettings
from daemon.settings.overlays import OverlaySettings

Row = tuple[str, str]
_WHO = ("namespace", "name", "selector")


def asked(settings: Settings, entry: GuardedWorkload) -> dict[str, Any]:
    """One entry of the workloads with all that holds for it; durations in seconds, no secrets."""
    policy = settings.policy_of(entry)
    return {
        "namespace": entry.namespace,
        "name": entry.name,
        "selector": entry.selector,
        "mode": policy.mode.value,
        "watchSeconds": policy.watch,
        "prometheus": settings.prometheus.url,
        "signals": [
            _signal(own, signal) for own, signal in _chosen(policy.signals, _by_name(settings.signals))
        ],
        "dependencies": [
            {"name": one.name, "query": one.query, "scope": one.scope}
            for one in settings.dependencies
            if one.name in policy.dependencies
        ],
        "neighbours": [
            {"name": one.name, "selector": one.selector}
            for one in settings.neighbours
            if one.name in policy.neighbours
        ],
        "health": _health(settings, policy),
        "ingress": None
        if policy.ingress is None
        else {"url": policy.ingress.call.url, "status": policy.ingress.call.status},
        "smokeTests": [
            {"name": test.name, "timeoutSeconds": test.timeout, **_task(test.task)}
            for test in policy.smoke_tests
        ],
        "featureFlags": [
            {"name": flag.name, "timeoutSeconds": flag.timeout, **_task(flag.task)}
            for flag in policy.feature_flags
        ],
        "migration": _migration(policy.migration),
        "checksBefore": policy.gates.value,
        "restartsStuckRollback": policy.restart_stuck,
        "guards": [{"name": guard.name, "settings": guard.settings(policy)} for guard in GUARDS],
        "owners": {name: getattr(policy.owners, name).value for name in policy.owners.CHOICES},
        "overlay": next(
            (_overlay(one) for one in settings.overlays if one.name == policy.owners.overlay), None
        ),
        "sinks": policy.sinks,
    }


def freezes(settings: Settings, now: datetime) -> list[dict[str, Any]]:
    """Each freeze with the window that is on or comes next; times in UTC."""
    found = []
    for freeze in settings.freezes:
        coming = freeze.window(now)
        window = {} if coming is None else {"from": coming.start, "until": coming.end}
        form = {"cron": freeze.cron, "durationSeconds": freeze.duration}
        if freeze.calendar is not None:
            form = {"calendar": str(freeze.calendar)}
        on = coming is not None and coming.start <= now
        found.append({"name": freeze.name, "timeZone": freeze.time_zone, "on": on, **form, **window})
    return found


def freeze_rows(settings: Settings, now: datetime) -> list[Row]:
    return [(one["name"], _freeze_row(one)) for one in freezes(settings, now)]


def _freeze_row(one: Mapping[str, Any]) -> str:
    if "from" not in one:
        return f"none within a year ({one.get('calendar', one.get('cron'))})"
    window = f"{one['from']:%Y-%m-%d %H:%M} to {one['until']:%Y-%m-%d %H:%M} UTC"
    if "calendar" in one:
        meant = f"{one['calendar']}, in {one['timeZone']} where an event has no zone"
    else:
        meant = f"{one['cron']} in {one['timeZone']}, for {duration(one['durationSeconds'])}"
    return f"{'on now' if one['on'] else 'next'}: {window} ({meant})"


def blocks(settings: Settings) -> Iterator[tuple[str, list[Row]]]:
    """A heading with the workloads, and what is asked for them; those of one answer share a block."""
    found: dict[str, tuple[dict[str, Any], list[str]]] = {}
    for entry in settings.workloads:
        facts = asked(settings, entry)
        shared = {name: value for name, value in facts.items() if name not in _WHO}
        _, named = found.setdefault(repr(shared), (shared, []))
        named.append(f"{entry.namespace}/{entry.name or f'(all with {entry.selector})'}")
    for facts, named in found.values():
        watched = f"{facts['mode']}, watched for {duration(facts['watchSeconds'])} after a rollout"
        yield f"{', '.join(named)}: {watched}", list(_rows(facts))


def _by_name(signals: Sequence[SignalSettings]) -> Mapping[str, SignalSettings]:
    return {signal.name: signal for signal in signals}


def _chosen(
    policies: Sequence[SignalPolicy], signals: Mapping[str, SignalSettings]
) -> Iterator[tuple[SignalPolicy, SignalSettings]]:
    return ((own, signals[own.name]) for own in policies)


def _signal(own: SignalPolicy, signal: SignalSettings) -> dict[str, Any]:
    match signal.source:
        case CounterPair(bad=bad, total=total):
            source: dict[str, Any] = {"bad": bad, "total": total}
        case _:
            source = {"histogram": signal.histogram, "slowerThanSeconds": signal.slower_than}
    common = {"name": own.name, "title": own.title, "limit": own.limit, "baseline": own.baseline}
    return {**common, "warmupSeconds": own.warmup, **source}


def _overlay(overlay: OverlaySettings) -> str:
    return f"{overlay.url} ({overlay.branch}), {overlay.path or 'its root'}"


def _health(settings: Settings, policy: Policy) -> list[dict[str, Any]] | None:
    """``None``: what the pods' own probes ask."""
    if policy.health_paths is None:
        return None
    places = (settings.health.place(path) for path in policy.health_paths)
    return [{"port": port, "path": path} for port, path in places]


def _migration(policy: MigrationPolicy | None) -> dict[str, Any] | None:
    """``None``: no version is read, and a migration is not noticed."""
    if policy is None:
        return None
    commands = {"version": policy.version, "backup": policy.backup, "downgrade": policy.downgrade}
    return {
        "downgrade": policy.downgrades.value,
        "pattern": policy.pattern,
        "commands": [
            {"name": name, "timeoutSeconds": command.timeout, "pod": command.pod, **_task(command.task)}
            for name, command in commands.items()
            if command is not None
        ],
    }


def _task(task: Task) -> dict[str, str]:
    match task:
        case HttpCall():
            return {"kind": "http", "runs": f"{task.method} {task.url}"}
        case JobCommand():
            return {"kind": "job", "runs": " ".join(task.command)}
        case PodCommand():
            return {"kind": "exec", "runs": " ".join(task.command)}


def _rows(facts: Mapping[str, Any]) -> Iterator[Row]:
    yield "Prometheus", facts["prometheus"]
    for signal in facts["signals"]:
        yield from _signal_rows(signal)
    if not facts["signals"]:
        yield "signals", "none: it goes by its pods alone"
    yield from _surrounding_rows(facts)
    yield from _rollback_rows(facts)
    yield "health endpoints", _health_row(facts["health"])
    if facts["ingress"] is not None:
        yield "ingress", f"GET {facts['ingress']['url']}, must answer {facts['ingress']['status']}"
    for one in facts["smokeTests"]:
        yield f"smoke test {one['name']}", f"{one['kind']}: {one['runs']}"
    yield "incidents go to", ", ".join(facts["sinks"]) or "nobody"


def _surrounding_rows(facts: Mapping[str, Any]) -> Iterator[Row]:
    for one in facts["dependencies"]:
        yield f"dependency {one['name']}", f"{one['query']} (of the {one['scope']})"
    if not facts["dependencies"]:
        yield "dependencies", "none"
    for one in facts["neighbours"]:
        yield f"neighbour {one['name']}", f"pods with {one['selector']}"
    if not facts["neighbours"]:
        yield "neighbours", "none"


def _rollback_rows(facts: Mapping[str, Any]) -> Iterator[Row]:
    for one in facts["guards"]:
        yield f"guard {one['name']}", one["settings"]
    yield "checks before a rollback", _CHECKS[facts["checksBefore"]]
    for one in facts["featureFlags"]:
        yield f"feature flag {one['name']}", f"{one['kind']}: {one['runs']}"
    restarted = "is restarted once" if facts["restartsStuckRollback"] else "calls people at once"
    yield "a stuck rollback", restarted
    yield from _migration_rows(facts["migration"])
    choices = (f"{name.replace('_', ' ')}: {choice}" for name, choice in facts["owners"].items())
    yield "where others own it", ", ".join(choices)
    if facts["overlay"] is not None:
        yield "overlay", facts["overlay"]


def _migration_rows(migration: Mapping[str, Any] | None) -> Iterator[Row]:
    if migration is None:
        yield "database", "none: a migration is not noticed"
        return
    leave = {
        "forbidden": "a release that migrated it is held",
        "allowed": "backed up and taken back before a rollback",
    }
    yield "database", f"downgrade {migration['downgrade']}: {leave[migration['downgrade']]}"
    for one in migration["commands"]:
        by_hand = migration["downgrade"] == "forbidden" and one["name"] != "version"
        who = ", run by people alone" if by_hand else ""
        where = f" in {one['pod']}" if one["pod"] else ""
        yield f"  {one['name']}", f"{one['kind']}{where}: {one['runs']}{who}"


_CHECKS = {
    "hold": "what the target needs, and each step's right; what is missing holds it",
    "strict": "what the target needs, and each step's right; what is missing or cannot be asked holds it",
    "skip": "none",
}


def _health_row(health: Sequence[Mapping[str, Any]] | None) -> str:
    if health is None:
        return "the pods' own HTTP probes"
    return ", ".join(f":{one['port']}{one['path']}" for one in health) or "none"


def _signal_rows(signal: Mapping[str, Any]) -> Iterator[Row]:
    warmup = f", warm-up {duration(signal['warmupSeconds'])}" if signal["warmupSeconds"] else ""
    meant = f"{signal['title']}, limit {percent(signal['limit'])}, baseline: {signal['baseline']}{warmup}"
    yield f"signal {signal['name']}", meant
    if "bad" in signal:
        yield "  bad", signal["bad"]
        yield "  total", signal["total"]
    else:
        yield "  histogram", f"{signal['histogram']}, slower than {signal['slowerThanSeconds']:g} s"


def shards(settings: Settings) -> list[list[str]]:
    """Shard → its namespaces; nothing where one replica acts for all."""
    number = settings.election.shards
    if number == 1:
        return []
    own = [(shard_of(namespace, number), namespace) for namespace in settings.namespaces]
    return [[namespace for shard, namespace in own if shard == one] for one in range(number)]
