"""What the daemon says of its own work: the log's lines and its own metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from daemon import logs
from daemon.core.case.case import Case, Phase
from daemon.core.case.effect import Effect


class Journal:
    """Writes each change of a case to the log once, and counts it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._log = logs.get()
        labels = ("namespace", "workload")
        self._phases = Counter(
            "rollbackd_case_phases", "Phases that cases entered", (*labels, "phase"), registry=registry
        )
        self._failed = Counter(
            "rollbackd_effect_failures", "Effects that have to be tried again", ("kind",), registry=registry
        )
        self._polls = Counter("rollbackd_polls", "Polls of the metrics server", registry=registry)
        self._unusable = Gauge(
            "rollbackd_signal_unusable", "1 while a signal cannot be read", ("signal",), registry=registry
        )
        self._decided = Histogram(
            "rollbackd_decision_to_patch_seconds",
            "From the failing verdict to the patch",
            buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30),
            registry=registry,
        )
        self._recovered = Histogram(
            "rollbackd_decision_to_recovery_seconds",
            "From the failing verdict to the proven recovery",
            buckets=(5, 10, 20, 30, 60, 120, 300, 600),
            registry=registry,
        )
        self._standing: frozenset[str] = frozenset()

    def opened(self, case: Case) -> None:
        self._phases.labels(case.namespace, case.spec.workload, case.phase.value).inc()
        self._line(case, case.status.reason)

    def changed(self, before: Case, after: Case) -> None:
        """Log the timeline's new lines and count a new phase."""
        known = set(before.status.timeline)
        for entry in after.status.timeline:
            if entry not in known:
                self._line(after, entry.text, entry.phase)
        if before.phase is not after.phase:
            self._phases.labels(after.namespace, after.spec.workload, after.phase.value).inc()
        self._measure(before, after)

    def _measure(self, before: Case, after: Case) -> None:
        failing, patched, ended = (
            after.status.failing_at, after.status.patched_at, after.status.finished_at,
        )  # fmt: skip
        if failing is None or after.spec.in_place:
            # Most of its time is the kubelet's.
            return
        if patched is not None and before.status.patched_at is None:
            self._decided.observe(max(0.0, (patched - failing).total_seconds()))
        if ended is not None and after.phase is Phase.ROLLED_BACK and before.phase is not after.phase:
            self._recovered.observe(max(0.0, (ended - failing).total_seconds()))

    def _line(self, case: Case, text: str, phase: Phase | None = None) -> None:
        self._log.info(
            text,
            case=case.name,
            namespace=case.namespace,
            workload=case.spec.workload,
            revision=case.spec.revision.number,
            phase=(phase or case.phase).value,
            verdict=case.status.verdict.value,
        )

    def lost(self, case: Case) -> None:
        self._log.warning(
            "the case was deleted by hand: unless another one covers what runs now, the next look opens it "
            "again; to keep the daemon from acting use rollbackd hold",
            case=case.name,
            namespace=case.namespace,
        )

    def effect_failed(self, case: Case, effect: Effect, why: str) -> None:
        self._failed.labels(effect.kind).inc()
        self._log.warning(why, case=case.name, namespace=case.namespace, effect=effect.id)

    def polled(self, signals: Mapping[str, str]) -> None:
        """Count a poll and what of it could not be used."""
        if signals:
            self._polls.inc()
        for signal, problem in signals.items():
            self._unusable.labels(signal).set(bool(problem))

    def standing(self, problems: Sequence[str]) -> None:
        """Log each standing problem when it comes and when it is over."""
        now = frozenset(problems)
        for problem in sorted(now - self._standing):
            self._log.warning(problem)
        for problem in sorted(self._standing - now):
            self._log.info(f"over: {problem}")
        self._standing = now

    def trouble(self, text: str, **details: str) -> None:
        self._log.warning(text, **details)
