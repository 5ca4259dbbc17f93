"""A ConfigMap that was changed in place, with no rollout: what changed, and when pods see it.

The kubelet rewrites a mounted volume when it next syncs the pod: a minute after the last time, up to half as
much again, and later by as long as its own copy of the ConfigMap may be old, a minute at most
(``syncFrequency``, ``workerResyncIntervalJitterFactor`` in pkg/kubelet, ``configMapAndSecretChangeDetection-
Strategy``). A ``subPath`` is never rewritten, nor is an environment variable: those are read when a container
starts, and a running one does not see the change at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from daemon.core.assessment import Fact
from daemon.core.model import Pod, Workload
from daemon.core.rollout_facts.configuration import ABSENT
from daemon.core.rollout_facts.configuration_content import ConfigMapState, Content
from daemon.core.rollout_facts.facts import DEADLINE
from daemon.core.rollout_facts.pod_history import SLACK, PodHistory, counts
from daemon.core.value import Value


class ConfigurationChange(Value, frozen=True, omit_defaults=True):
    """One ConfigMap that a revision's pods read. ``before`` and ``after`` are hashes of its content, empty
    where it was not there; what it holds is in no case.
    """

    name: str
    uid: str
    version: str
    """Of the write that was seen, which tells it from a later one of the same content."""
    before: str = ""
    """What the revision was found healthy with, or where that is not known, what was there last."""
    after: str = ""
    by: str = ""
    """Who wrote it last and when, for words."""
    mounted: bool = False
    """Whether running pods see it: it is mounted whole. Otherwise it takes effect when a container starts."""

    @property
    def gone(self) -> bool:
        return self.version == ABSENT

    def __str__(self) -> str:
        return f"ConfigMap {self.name} was {'deleted' if self.gone else 'changed'}{self.by}"


def is_mounted(template: Mapping[str, Any], name: str) -> bool:
    """Whether running pods of a template see a change of the ConfigMap, at a mount that is not a ``subPath``.

    >>> spec = {"volumes": [{"name": "v", "configMap": {"name": "settings"}}], "containers": [
    ...     {"name": "app", "volumeMounts": [{"name": "v", "mountPath": "/etc/app"}]}]}
    >>> is_mounted({"spec": spec}, "settings")
    True
    >>> spec["containers"][0]["volumeMounts"][0]["subPath"] = "settings.json"
    >>> is_mounted({"spec": spec}, "settings")
    False
    """
    spec = template.get("spec") or {}
    volumes = {volume.get("name") for volume in spec.get("volumes") or () if name in _sources(volume)}
    return any(
        mount.get("name") in volumes and not mount.get("subPath") and not mount.get("subPathExpr")
        for container in _running(spec)
        for mount in container.get("volumeMounts") or ()
    )


def _running(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The containers that run as long as the pod does."""
    yield from spec.get("containers") or ()
    yield from (c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always")


def _sources(volume: Mapping[str, Any]) -> Iterator[str]:
    for source in (volume, *((volume.get("projected") or {}).get("sources") or ())):
        yield (source.get("configMap") or {}).get("name", "")


def changes(
    template: Mapping[str, Any],
    known: Iterable[Content],
    proven: Iterable[Content],
    states: Mapping[str, ConfigMapState],
) -> tuple[ConfigurationChange, ...]:
    """The ConfigMaps that hold something else than was known of them, and than the revision was found
    healthy with; and those with them that had not been found healthy before. Empty where nothing is new.

    ``states`` are the ConfigMaps as they are, those at least that were written since they were ``known``.
    """
    good = {content.name: content for content in proven}
    last = {content.name: content for content in known}
    new = [
        name
        for name, state in states.items()
        if name in last and _differs(last[name], state) and not _holds(good.get(name), state)
    ]
    if not new:
        return ()
    pending = [name for name, content in last.items() if name not in new and _unproven(content, good)]
    return tuple(
        sorted(
            (
                *(_change(template, states[name], good.get(name) or last[name]) for name in new),
                *(_change(template, _as_known(last[name]), good[name]) for name in pending),
            ),
            key=lambda change: change.name,
        )
    )


def _differs(content: Content, state: ConfigMapState) -> bool:
    """Whether it surely holds something else; where what it held is not known, nobody can tell."""
    if not content.version or content.version == state.version:
        return bool(content.held) and content.held != state.digest
    if content.version == ABSENT or state.absent:
        return True
    return bool(content.held) and content.held != state.digest


def _holds(content: Content | None, state: ConfigMapState) -> bool:
    return content is not None and bool(content.digest) and content.digest == state.digest


def _unproven(content: Content, good: Mapping[str, Content]) -> bool:
    """Whether it differs from the good content since an earlier change, which proved nothing."""
    proven = good.get(content.name)
    return proven is not None and bool(proven.digest and content.held) and proven.digest != content.held


def _as_known(content: Content) -> ConfigMapState:
    return ConfigMapState(version=content.version, digest=content.held)


def _change(template: Mapping[str, Any], state: ConfigMapState, before: Content) -> ConfigurationChange:
    return ConfigurationChange(
        name=before.name,
        uid=state.version.partition("/")[0] if not state.absent else "",
        version=state.version,
        before=before.digest or before.found,
        after=state.digest,
        by=state.changed_by,
        # What is deleted stays in the volumes where it is mounted, and the kubelet does not follow what is
        # immutable: either is met by whatever starts.
        mounted=not state.absent and not state.immutable and is_mounted(template, before.name),
    )


def seen_by_all(changed: Iterable[ConfigurationChange], since: datetime, sync: float) -> datetime:
    """When every running pod sees what can be seen of a change; ``sync`` is how long the kubelet takes
    (seconds)."""
    return since + timedelta(seconds=sync if any(change.mounted for change in changed) else 0.0)


def started_since(pod: Pod, since: datetime) -> bool:
    """Whether the pod was made after the change (both in the API server's time)."""
    return pod.created_at >= since - SLACK


def of_the_change(
    facts: Iterable[Fact],
    workload: Workload,
    histories: Sequence[PodHistory],
    since: datetime,
    *,
    mounted: bool,
) -> tuple[Fact, ...]:
    """The facts that may be the change's doing: not the deadline of some earlier rollout, nor what befalls
    pods that were not well before it, nor what befalls running pods that cannot see it."""
    unwell = {history.uid for history in histories if history.unwell_before}
    blind = {
        pod.name for pod in workload.live if pod.uid in unwell or not (mounted or started_since(pod, since))
    }
    return tuple(fact for fact in facts if fact.kind != DEADLINE and not blind & {*fact.pods})


def histories_before(
    pods: Iterable[Pod], before: Mapping[str, PodHistory], unwell: Collection[str], since: datetime
) -> tuple[PodHistory, ...]:
    """The histories that a case begins with, of pods that are older than the change.

    ``before`` has them by UID as they were when they were last seen before it, as far as they were seen then;
    ``unwell`` are UIDs of those that were not well. One that nobody saw then and that is not ready now may
    have been so all the time.
    """
    found = []
    for pod in pods:
        if started_since(pod, since):
            continue
        if pod.uid in before:
            found.append(replace(before[pod.uid], unwell_before=pod.uid in unwell))
        elif not pod.ready:
            found.append(PodHistory(uid=pod.uid, before=counts(pod), unwell_before=True))
    return tuple(found)


def as_seen(pod: Pod) -> PodHistory:
    """The history of a pod as it is now, for a change that may come later."""
    seen = counts(pod)
    return PodHistory(uid=pod.uid, before=seen, when_ready=seen if pod.ready else None)
