"""A settings file for Deployments that somebody points at, with what could not be found as comments."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from daemon.core.value import Value
from daemon.settings.inventory import FoundDeployment, FoundSeries, Inventory
from daemon.settings.proposed_signals import (
    ProposedSignal,
    error_counters,
    error_signal,
    latency_signal,
    timed_histogram,
)

K = TypeVar("K")

LONGEST_NAME = 40
"""Characters of a signal's name (``SignalName``)."""

NO_COUNTER = (
    "no counter of requests that a label tells failed ones by (status, code, outcome …): export one such as "
    "http_requests_total{code}, or write bad and total by hand"
)
NO_HISTOGRAM = (
    "no histogram of how long requests take: export one such as http_request_duration_seconds, or go without"
)
NO_SERIES = (
    "Prometheus has no series of its pods: scrape them (a PodMonitor, or the annotations that your scrape "
    "configuration looks for), so that series carry the pod's name and namespace as labels"
)
NO_PODS = "it has no pods now: scale it up and run rollbackd init again, or write its signals by hand"
NO_PROBES = (
    "its pods have no HTTP probe, so no endpoint is asked before a recovery is claimed: add a "
    "readinessProbe, or set health_paths"
)


class ProposedWorkload(Value, frozen=True):
    """``missing`` says what could not be found, each with its remedy."""

    name: str
    signals: tuple[str, ...]
    missing: tuple[str, ...]
    probes: tuple[str, ...]


class Proposal(Value, frozen=True):
    inventory: Inventory
    signals: tuple[ProposedSignal, ...]
    workloads: tuple[ProposedWorkload, ...]


def propose(inventory: Inventory) -> Proposal:
    """Signals for each Deployment; those of one metric are shared."""
    everything = [series for one in inventory.deployments for series in one.series]
    errors = _shared(inventory, error_counters, error_signal, "errors", everything)
    times = _shared(inventory, timed_histogram, latency_signal, "latency", everything)
    workloads = tuple(
        ProposedWorkload(
            name=one.name,
            signals=tuple(signal.name for signal in (errors.get(one.name), times.get(one.name)) if signal),
            missing=tuple(_missing(one, errors.get(one.name), times.get(one.name))),
            probes=one.probes,
        )
        for one in inventory.deployments
    )
    signals = dict.fromkeys((*errors.values(), *times.values()))
    return Proposal(inventory=inventory, signals=tuple(signals), workloads=workloads)


def _shared(
    inventory: Inventory,
    look: Callable[[Sequence[FoundSeries]], K | None],
    make: Callable[[str, K, Sequence[FoundSeries]], ProposedSignal],
    name: str,
    everything: Sequence[FoundSeries],
) -> dict[str, ProposedSignal]:
    """Deployment → its signal."""
    made: dict[K, ProposedSignal] = {}
    found: dict[str, ProposedSignal] = {}
    for one in inventory.deployments:
        key = look(one.series)
        if key is None:
            continue
        if key not in made:
            made[key] = make(_own_name(name, one.name) if made else name, key, everything)
        found[one.name] = made[key]
    return found


def _own_name(signal: str, deployment: str) -> str:
    """The same for a Deployment whatever others there are, and another one for each.

    >>> _own_name("errors", "cart"), _own_name("errors", "cart.eu")
    ('errors-cart', 'errors-cart-eu-f1033c')
    """
    asked = f"{signal}-{deployment}"
    name = re.sub(r"[^a-z0-9-]", "-", asked)
    if name == asked and len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(asked.encode()).hexdigest()[:6]
    return f"{name[: LONGEST_NAME - 7]}-{digest}"


def _missing(
    found: FoundDeployment, errors: ProposedSignal | None, times: ProposedSignal | None
) -> Iterator[str]:
    if not found.pods:
        yield NO_PODS
    elif not found.series:
        yield NO_SERIES
    else:
        if errors is None:
            yield NO_COUNTER
        if times is None:
            yield NO_HISTOGRAM
    if not found.probes:
        yield NO_PROBES


def settings_text(proposal: Proposal, mode: str) -> str:
    """The settings file."""
    return "\n".join(_lines(proposal, mode)) + "\n"


def values_text(proposal: Proposal, mode: str) -> str:
    """The same as values for the chart."""
    lines = [f"  {line}" if line else "" for line in _lines(proposal, mode)]
    return "\n".join(("config:", *lines, "webhook:", "  enabled: false")) + "\n"


def _lines(proposal: Proposal, mode: str) -> Iterator[str]:
    inventory = proposal.inventory
    yield f"# Written by rollbackd init for namespace {inventory.namespace}. Look through it: by what"
    yield "# is counted here releases are judged. rollbackd check-config --live says whether it answers."
    yield ""
    yield "workloads:"
    for workload in proposal.workloads:
        yield from _workload(inventory.namespace, workload)
    yield ""
    if proposal.signals:
        yield "signals:                        # counters as scraped, with no rate() and no sum()"
        for signal in proposal.signals:
            yield from _signal(signal)
    else:
        yield "# signals:                      # none was found: releases are judged by their pods alone"
        yield "#   - name: errors"
        yield "#     bad: 'http_requests_total{code=~\"5..\"}'"
        yield "#     total: 'http_requests_total'"
        yield "#     limit: 0.05"
    yield ""
    yield "policy:"
    yield f"  mode: {mode:<24}  # advise: only notify | approval: ask first | automatic: roll back"
    yield ""
    yield "prometheus:"
    yield f"  url: {_quoted(inventory.prometheus)}"
    if inventory.pod_label not in ("", "pod"):
        yield f"  pod_label: {_quoted(inventory.pod_label)}"
    if inventory.namespace_label not in ("", "namespace"):
        yield f"  namespace_label: {_quoted(inventory.namespace_label)}"
    yield ""
    yield "# dependencies:                 # gauges over 0 while what the service needs is reached"
    yield "#   - {name: database, query: database_up}"


def _workload(namespace: str, workload: ProposedWorkload) -> Iterator[str]:
    yield f"  - namespace: {_quoted(namespace)}"
    yield f"    name: {_quoted(workload.name)}"
    yield f"    signals: [{', '.join(workload.signals)}]"
    if workload.probes:
        yield f"    # asked before a recovery is claimed, as its own probes are: {', '.join(workload.probes)}"
    for sentence in workload.missing:
        yield f"    # {sentence}"


def _signal(signal: ProposedSignal) -> Iterator[str]:
    yield f"  - name: {signal.name:<24} # {signal.why}"
    yield f"    title: {signal.title}"
    if signal.histogram:
        yield f"    histogram: {_quoted(signal.histogram)}"
        yield f"    slower_than: {signal.slower_than:g}"
    else:
        yield f"    bad: {_quoted(signal.bad)}"
        yield f"    total: {_quoted(signal.total)}"
    yield f"    limit: {signal.limit:<23g} # the share of bad events that is too much"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
