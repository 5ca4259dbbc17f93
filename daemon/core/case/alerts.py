"""Which workload an alert is about, by its labels.

The most exact label decides. Labels that name one Kubernetes object are exact: the pod, the Deployment, the
ReplicaSet, the owner, and objects of other kinds. If any of them names something else than the workload,
the alert is about something else, whatever the other labels say. Only where none of them is there are the
loose ones asked (``app``, ``service``, ``container`` …), and of these the first one alone: they may name
whatever an alert passed on its way.

>>> said = {"namespace": "monitoring", "exported_namespace": "shop", "deployment": "cart", "container": "x"}
>>> subject_of(said, Naming()).of_scrape
('container', 'namespace')
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from daemon.core.case.case import Case
from daemon.core.model import Alert, Episode, Workload, WorkloadRef
from daemon.core.rollout_facts.pod_owner import PodOwners
from daemon.core.text import truncated
from daemon.core.value import Instant, Value

EXPORTED = "exported_"
"""Prometheus's prefix for a series' own label where the scrape sets one of that name."""
OBJECTS = ("deployment", "workload")
"""Those of the workload labels that are exact: kube-state-metrics and its recording rules set them."""
OTHER_KINDS = (
    "statefulset",
    "daemonset",
    "job_name",
    "cronjob",
    "replicationcontroller",
    "horizontalpodautoscaler",
    "poddisruptionbudget",
)
"""Labels of kube-state-metrics that name an object which is no Deployment, even if it bears the same name."""
OWNERS = (("owner_kind", "owner_name"), ("created_by_kind", "created_by_name"))
LONGEST_SHOWN = 80


class Naming(Value, frozen=True):
    """Which labels name what; of each kind the first that an alert has is taken."""

    namespace_labels: tuple[str, ...] = ("namespace", "kubernetes_namespace", "k8s_namespace_name")
    pod_labels: tuple[str, ...] = ("pod", "pod_name", "kubernetes_pod_name", "k8s_pod_name")
    workload_labels: tuple[str, ...] = (
        "deployment",
        "workload",
        "app_kubernetes_io_name",
        "app",
        "service",
        "container",
        "job",
    )
    """The most exact first."""
    exporters: tuple[str, ...] = ("kube-state-metrics",)
    """What reports on other workloads: a pod, container, service or job of such a name is the reporter's."""

    @property
    def loose(self) -> tuple[str, ...]:
        return tuple(label for label in self.workload_labels if label not in OBJECTS)


class Subject(Value, frozen=True):
    """What an alert's labels say of what it is about, by the labels' plain names.

    ``of_scrape`` are the labels that were set aside: they tell who was scraped, and not who is meant.
    """

    labels: Mapping[str, str]
    of_scrape: tuple[str, ...] = ()

    def first(self, names: Sequence[str]) -> tuple[str, str] | None:
        return next(((name, self.labels[name]) for name in names if name in self.labels), None)


class Claim(Value, frozen=True):
    """What one label says: whether it names the workload, and the ReplicaSet where it is that exact."""

    text: str
    ours: bool
    replica_set: str = ""


class Match(Value, frozen=True):
    """The workload that an alert is about; ``replica_set`` where it is about one revision's pods."""

    ref: WorkloadRef
    replica_set: str = ""


class Mismatch(Value, frozen=True):
    """Why an alert is about none of the guarded workloads; the higher ``weight`` says more."""

    reason: str
    weight: int = 0


class UnmatchedAlert(Value, frozen=True):
    """An alert that was delivered and recorded nowhere, with how often it came while it is listed."""

    name: str
    status: str
    reason: str
    seen_at: Instant
    times: int = 1


def subject_of(labels: Mapping[str, str], naming: Naming) -> Subject:
    """The labels that speak of the subject.

    Where ``exported_X`` exists, ``X`` is the scraped exporter's own. Where the exported one is a namespace
    or a pod, or an exporter is named, the exporter's pod, container, service and job are set aside as well.
    """
    said = {name: value for name, value in labels.items() if value}
    exported = {n.removeprefix(EXPORTED): v for n, v in said.items() if n.startswith(EXPORTED)}
    places = (*naming.namespace_labels, *naming.pod_labels)
    relayed = any(name.removeprefix(EXPORTED) in exported for name in places)
    reporters = {
        name
        for name in (*naming.pod_labels, *naming.loose)
        if any(exporter in said.get(name, "") for exporter in naming.exporters)
    }
    aside = set(exported)
    if relayed:
        aside.update(naming.pod_labels)
    if relayed or reporters:
        aside.update(naming.loose, reporters)
    kept = {n: v for n, v in said.items() if n not in aside or n.startswith(EXPORTED)}
    return Subject(labels=kept | exported, of_scrape=tuple(sorted(said.keys() - kept.keys())))


def find(alert: Alert, workloads: Sequence[Workload], naming: Naming) -> Match | Mismatch:
    """The one guarded workload that an alert is about, or why there is none. Two would be a guess."""
    subject = subject_of(alert.labels, naming)
    namespace = subject.first(naming.namespace_labels)
    if namespace is not None:
        workloads = [workload for workload in workloads if workload.ref.namespace == namespace[1]]
    if not workloads:
        where = f" in its namespace ({_shown(namespace)})" if namespace is not None else ""
        return Mismatch(reason=f"there is no guarded workload{where}")
    answers = [_compare(subject, workload, naming) for workload in workloads]
    found = [answer for answer in answers if isinstance(answer, Match)]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(sorted(str(match.ref) for match in found))
        return Mismatch(
            reason=f"its labels fit more than one workload, {names}: add a namespace or pod label"
        )
    missed = [answer for answer in answers if isinstance(answer, Mismatch)]
    return max(missed, key=lambda miss: miss.weight)


def attributed(alert: Alert, match: Match) -> Alert:
    """The alert with the revision's ReplicaSet, where it is about that revision's pods alone."""
    return msgspec.structs.replace(alert, replica_set=match.replica_set)


def _compare(subject: Subject, workload: Workload, naming: Naming) -> Match | Mismatch:
    claims = list(_exact(subject, workload, naming))
    against = next((claim for claim in claims if not claim.ours), None)
    speaks = next((claim for claim in claims if claim.ours), None)
    if against is not None and speaks is not None:
        reason = (
            f"{speaks.text} names {workload.ref}, but {against.text} does not: they contradict each other"
        )
        return Mismatch(reason=reason, weight=3)
    if against is not None:
        return Mismatch(reason=f"{against.text} is no guarded workload's", weight=2)
    if speaks is None:
        return _loosely(subject, workload, naming)
    sets = {claim.replica_set for claim in claims if claim.replica_set}
    if len(sets) > 1:
        return Mismatch(reason=f"its labels name two revisions, {' and '.join(sorted(sets))}", weight=3)
    return Match(ref=workload.ref, replica_set="".join(sets))


def _loosely(subject: Subject, workload: Workload, naming: Naming) -> Match | Mismatch:
    named = subject.first(naming.loose)
    if named is not None and named[1] == workload.ref.name:
        return Match(ref=workload.ref)
    if named is not None:
        reason = f"{_shown(named)} is the most exact label it has, and no guarded workload's name"
        return Mismatch(reason=reason, weight=2)
    aside = (
        f" ({', '.join(subject.of_scrape)}: of the exporter that was scraped)" if subject.of_scrape else ""
    )
    return Mismatch(reason=f"no label names a pod or a workload{aside}: see alerts in the settings", weight=1)


def _exact(subject: Subject, workload: Workload, naming: Naming) -> Iterator[Claim]:
    labels = subject.labels
    pod = subject.first(naming.pod_labels)
    if pod is not None:
        owner = _replica_set_of(workload, pod[1])
        yield Claim(text=_shown(pod), ours=owner is not None, replica_set=owner or "")
    if (name := labels.get("replicaset")) is not None:
        yield _of_kind("ReplicaSet", ("replicaset", name), workload)
    for kind_label, name_label in OWNERS:
        kind, name = labels.get(kind_label), labels.get(name_label)
        if kind is not None and name is not None and not kind.startswith("<"):
            yield _of_kind(kind, (name_label, name), workload)
    for label in OBJECTS:
        if label in naming.workload_labels and (name := labels.get(label)) is not None:
            kind = labels.get(f"{label}_type", "deployment") if label == "workload" else "deployment"
            yield _of_kind(kind, (label, name), workload)
    for label in OTHER_KINDS:
        if (name := labels.get(label)) is not None:
            yield Claim(text=_shown((label, name)), ours=False)


def _of_kind(kind: str, named: tuple[str, str], workload: Workload) -> Claim:
    """A label that names an object of some kind; only a Deployment and its ReplicaSets can be ours."""
    match kind.lower():
        case "deployment":
            return Claim(text=_shown(named), ours=named[1] == workload.ref.name)
        case "replicaset":
            ours = any(revision.replica_set == named[1] for revision in workload.revisions)
            return Claim(text=_shown(named), ours=ours, replica_set=named[1] if ours else "")
        case _:
            return Claim(text=f"{_shown(named)} of kind {truncated(kind, LONGEST_SHOWN)}", ours=False)


def _replica_set_of(workload: Workload, pod: str) -> str | None:
    """The name of the ReplicaSet that a pod of ours is or was owned by."""
    found = workload.revision(PodOwners(workload).of(pod))
    return found.replica_set if found is not None else None


def _shown(named: tuple[str, str]) -> str:
    return f'{named[0]}="{truncated(named[1], LONGEST_SHOWN)}"'


def episodes(cases: Iterable[Case]) -> Mapping[Episode, WorkloadRef]:
    """The episodes of alerts that the newest case of each workload has, with the workloads."""
    newest: dict[str, Case] = {}
    for case in sorted(cases, key=lambda case: case.spec.opened_at):
        newest[case.spec.workload_uid] = case
    return {alert.identity: case.ref for case in newest.values() for alert in case.status.alerts}
