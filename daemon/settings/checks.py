"""What must hold between settings. Single values are checked where they are declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from daemon.core.policy import OwnerChoice
from daemon.settings.flaw import Flaw as Flaw
from daemon.settings.guarding import GuardedWorkload, PolicySettings, SignalSettings
from daemon.settings.login_checks import login
from daemon.settings.migration_checks import migrations
from daemon.settings.model import Settings
from daemon.settings.notify_checks import notifying
from daemon.settings.overlay_checks import overlays
from daemon.settings.problems import Location, instead
from daemon.settings.query_checks import queries
from daemon.settings.secret_checks import secrets
from daemon.settings.smoke_tests import SmokeTestSettings


def flaws(settings: Settings, *, offline: bool = False) -> Iterator[Flaw]:
    """All of them, in the order of the settings; ``offline``: those between what is read then."""
    yield from _workloads(settings)
    yield from _signals(settings)
    if offline:
        yield from _nothing_to_judge(settings)
        return
    yield from _unjudged(settings)
    yield from queries(settings)
    yield from _surroundings(settings)
    yield from _smoke_tests(settings)
    yield from migrations(settings)
    yield from _health(settings)
    yield from _owners(settings)
    yield from overlays(settings)
    yield from _durations(settings)
    yield from _warmups(settings)
    yield from secrets(settings)
    yield from login(settings)
    yield from notifying(settings)


def _workloads(settings: Settings) -> Iterator[Flaw]:
    seen: dict[tuple[str, str], int] = {}
    for index, workload in enumerate(settings.workloads):
        here: Location = ("workloads", index)
        if (workload.name is None) == (workload.selector is None):
            which = "neither" if workload.name is None else "both"
            yield Flaw(
                here, f"a workload has either a name or a selector, and this has {which}", "give exactly one"
            )
            continue
        key, value = ("name", workload.name) if workload.name else ("selector", workload.selector)
        first = seen.setdefault((workload.namespace, f"{key}={value}"), index)
        if first != index:
            message = f"{workload.namespace}/{value} is guarded by workloads[{first}] already"
            yield Flaw((*here, key), message, "keep one of the two", value)
        yield from _chosen_signals(settings, workload, here)


def _chosen_signals(settings: Settings, workload: GuardedWorkload, here: Location) -> Iterator[Flaw]:
    known = [signal.name for signal in settings.signals]
    seen: set[str] = set()
    for index, choice in enumerate(workload.signals or ()):
        place = (*here, "signals", index)
        if choice.name not in known:
            remedy = instead(choice.name, known) if known else "add it to signals"
            yield Flaw(place, f"there is no signal {choice.name!r}", remedy, choice.name)
        elif choice.name in seen:
            yield Flaw(place, f"signal {choice.name!r} stands here twice", "keep one of the two", choice.name)
        seen.add(choice.name)


def _unjudged(settings: Settings) -> Iterator[Flaw]:
    """Whether a workload is judged by its pods alone is for the operator to say, not for an omission."""
    if settings.signals:
        return
    for index, workload in enumerate(settings.workloads):
        if workload.signals is None and (workload.name or workload.selector):
            who = workload.name or f"(all with {workload.selector})"
            yield Flaw(
                ("workloads", index),
                f"nothing says how {workload.namespace}/{who} is judged",
                "add signals (bad and total, or histogram and slower_than), or write signals: [] to go by "
                "its pods alone",
            )


def _nothing_to_judge(settings: Settings) -> Iterator[Flaw]:
    if not settings.signals:
        yield Flaw(
            ("signals",),
            "nothing says how the samples are judged",
            "add signals, such as {name: errors, limit: 0.05}, by the names that the samples have",
        )


def _signals(settings: Settings) -> Iterator[Flaw]:
    seen: dict[str, int] = {}
    for index, signal in enumerate(settings.signals):
        first = seen.setdefault(signal.name, index)
        place: Location = ("signals", index, "name")
        if first != index:
            message = f"signals[{first}] has the name {signal.name!r} already"
            yield Flaw(place, message, "give it another name", signal.name)
        yield from _form(signal, ("signals", index))


_PAIR, _SHARE = ("bad", "total"), ("histogram", "slower_than")


def _form(signal: SignalSettings, here: Location) -> Iterator[Flaw]:
    """A signal is a pair of counters or the slow share of a histogram, and complete."""
    given = [name for name in (*_PAIR, *_SHARE) if getattr(signal, name) is not None]
    form = _PAIR if set(given) & set(_PAIR) else _SHARE
    missing = [name for name in form if name not in given]
    if not given:
        message = "the signal has no counters"
        yield Flaw(here, message, "add 'bad:' and 'total:', or 'histogram:' and 'slower_than:'")
    elif surplus := [name for name in given if name not in form]:
        message = f"a signal is a pair of counters or read from a histogram, and this has {', '.join(given)}"
        yield Flaw((*here, surplus[0]), message, "keep one of the two forms")
    elif missing:
        yield Flaw((*here, missing[0]), f"{missing[0]} is missing", f"add '{missing[0]}:'")
    elif form is _PAIR and _bare(signal.bad) == _bare(signal.total):
        yield Flaw(
            (*here, "bad"),
            "bad and total are the same expression, so everything would count as bad",
            'select the bad events, such as status_code=~"5.."',
            signal.bad,
        )


def _bare(expression: str | None) -> str:
    return " ".join((expression or "").split())


def _surroundings(settings: Settings) -> Iterator[Flaw]:
    """What stands around a workload: each name once, and each that is chosen is there."""
    known = {
        "dependencies": [entry.name for entry in settings.dependencies],
        "neighbours": [entry.name for entry in settings.neighbours],
        "smoke_tests": [entry.name for entry in settings.smoke_tests],
        "feature_flags": [entry.name for entry in settings.feature_flags],
        "freezes": [entry.name for entry in settings.freezes],
        "overlays": [entry.name for entry in settings.overlays],
    }
    for group, names in known.items():
        for index, name in enumerate(names):
            if (first := names.index(name)) != index:
                message = f"{group}[{first}] has the name {name!r} already"
                yield Flaw((group, index, "name"), message, "give it another name", name)
        yield from _chosen_names(settings, group, names)


def _chosen_names(settings: Settings, group: str, known: list[str]) -> Iterator[Flaw]:
    for place, workload in enumerate(settings.workloads):
        if group == "overlays":
            yield from _overlay(workload, ("workloads", place), known)
            continue
        for index, name in enumerate(getattr(workload, group) or ()):
            if name not in known:
                here: Location = ("workloads", place, group, index)
                remedy = instead(name, known) if known else f"add it to {group}"
                yield Flaw(here, f"{group} has no {name!r}", remedy, name)


def _overlay(workload: GuardedWorkload, here: Location, known: list[str]) -> Iterator[Flaw]:
    name = workload.overlay
    if name is not None and name not in known:
        remedy = instead(name, known) if known else "add it to overlays"
        yield Flaw((*here, "overlay"), f"overlays has no {name!r}", remedy, name)
    if workload.owner is OwnerChoice.GIT and name is None:
        message = "nothing says in which overlay its images are"
        yield Flaw((*here, "owner"), message, "add 'overlay:', one of overlays", "git")


def _smoke_tests(settings: Settings) -> Iterator[Flaw]:
    """Each runs one thing, and can end before the time to prove a recovery is over."""
    yield from _forms("smoke_tests", "a smoke test", settings.smoke_tests)
    yield from _forms("feature_flags", "a feature flag", settings.feature_flags)
    for place, workload in enumerate(settings.workloads):
        own = "verify_deadline" in workload.model_fields_set
        deadline = workload.verify_deadline if own else settings.policy.verify_deadline
        for index, test in enumerate(settings.smoke_tests):
            chosen = workload.smoke_tests is None or test.name in workload.smoke_tests
            if chosen and test.timeout >= deadline:
                message = (
                    f"workloads[{place}] must be proven within {deadline:g} s, before this is given up "
                    f"after {test.timeout:g} s"
                )
                remedy = f"write less than {deadline:g}, or a longer verify_deadline"
                yield Flaw(("smoke_tests", index, "timeout"), message, remedy, test.timeout)
                return


def _forms(group: str, what: str, tasks: Sequence[SmokeTestSettings]) -> Iterator[Flaw]:
    for index, task in enumerate(tasks):
        if len(task.forms) != 1:
            has = ", ".join(task.forms) or "none of them"
            message = f"{what} is one of http, job and exec, and this has {has}"
            yield Flaw((group, index), message, "give exactly one")


def _health(settings: Settings) -> Iterator[Flaw]:
    """Each path has a port, and a port has a path: else endpoints that were meant would not be asked."""
    health = settings.health
    own = {index: entry.health_paths for index, entry in enumerate(settings.workloads) if entry.health_paths}
    if health.port is not None:
        if "paths" not in health.model_fields_set and not own:
            message = f"no path is asked at port {health.port}"
            remedy = "add health.paths, such as [/ready], or leave the port out"
            yield Flaw(("health", "port"), message, remedy, health.port)
        return
    places: list[tuple[Location, tuple[str, ...]]] = [(("health", "paths"), health.paths or ())]
    places += [(("workloads", index, "health_paths"), paths) for index, paths in own.items()]
    for here, paths in places:
        for index, path in enumerate(paths):
            if not path.startswith(":"):
                message = f"nothing says at which port {path} is asked"
                remedy = f"set health.port, or write the port before the path, such as ':8080{path}'"
                yield Flaw((*here, index), message, remedy, path)


def _owners(settings: Settings) -> Iterator[Flaw]:
    """An owner can be suspended only where its namespace is known: rights are granted there alone."""
    owners = settings.owners
    chosen: list[tuple[Location, Any]] = [
        (("owners", name), getattr(owners, name)) for name in sorted(owners.model_fields_set)
    ]
    chosen += [(("workloads", index, "owner"), entry.owner) for index, entry in enumerate(settings.workloads)]
    for here, choice in chosen:
        if choice is OwnerChoice.SUSPEND and not owners.namespaces:
            message = "nothing says in which namespaces owners are suspended"
            yield Flaw(here, message, "add owners.namespaces, such as [flux-system]", choice.value)
            return
    home = owners.argocd_namespace
    if owners.argocd is OwnerChoice.SUSPEND and home not in owners.namespaces:
        message = f"Applications of Argo CD are in {home}, which is not in owners.namespaces"
        remedy = "add it there, or write where they are"
        yield Flaw(("owners", "argocd_namespace"), message, remedy, home)


def _durations(settings: Settings) -> Iterator[Flaw]:
    poll = settings.prometheus.poll
    places: list[tuple[Location, PolicySettings]] = [(("policy",), settings.policy)]
    places += [(("workloads", index), workload) for index, workload in enumerate(settings.workloads)]
    for here, policy in places:
        own = policy.model_fields_set if here[0] == "workloads" else {"watch", "stale_after"}
        if "watch" in own and policy.watch < poll:
            message = f"a watch of {policy.watch:g} s is shorter than one poll (prometheus.poll, {poll:g} s)"
            yield Flaw((*here, "watch"), message, f"write at least {poll:g}", policy.watch)
        if "stale_after" in own and policy.stale_after <= poll:
            message = f"scrapes stale after {policy.stale_after:g} s would be stale at each poll ({poll:g} s)"
            remedy = f"write more than {poll:g}, best over two scrape intervals"
            yield Flaw((*here, "stale_after"), message, remedy, policy.stale_after)
        yield from _announcement(settings, policy, here)


def _announcement(settings: Settings, policy: PolicySettings, here: Location) -> Iterator[Flaw]:
    """What is announced is begun within the watch, after which a held case is looked at no more."""
    own, common = policy.model_fields_set, settings.policy
    announce = policy.announce if here == ("policy",) or "announce" in own else common.announce
    watch = policy.watch if here == ("policy",) or "watch" in own else common.watch
    if announce >= watch >= settings.prometheus.poll and (here == ("policy",) or own & {"announce", "watch"}):
        message = f"the watch of {watch:g} s is over before a rollback announced {announce:g} s ahead"
        yield Flaw((*here, "announce"), message, f"write less than {watch:g}", announce)


def _warmups(settings: Settings) -> Iterator[Flaw]:
    """A warm-up ends before the watch does; else the pods' whole time in it would count only as an outage."""
    common = {signal.name: signal.warmup for signal in settings.signals}
    for index, workload in enumerate(settings.workloads):
        own = "watch" in workload.model_fields_set
        watch = workload.watch if own else settings.policy.watch
        here: Location = ("workloads", index, "watch") if own else ("policy", "watch")
        chosen = workload.signals
        warmups = common if chosen is None else {choice.name: choice.warmup for choice in chosen}
        for name, choice in warmups.items():
            warmup = common.get(name, 0.0) if choice is None else choice
            if warmup >= watch >= settings.prometheus.poll:
                message = (
                    f"a watch of {watch:g} s is over before the signal {name} has warmed up ({warmup:g} s)"
                )
                yield Flaw(here, message, f"write more than {warmup:g}, or a shorter warmup", watch)
                return
