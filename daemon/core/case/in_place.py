"""The case of configuration that was changed in place: when it is opened, how its phases differ.

Nothing is rolled out, so the revision that runs is its subject and its target at once, and what is compared
are the same pods before the change and after it. It acts on the configuration alone, and holds where it
cannot tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from daemon.core.case.case import (
    Case,
    Entry,
    Phase,
    Spec,
    Status,
    name_of,
)
from daemon.core.case.effect import EffectOutcome
from daemon.core.model import Change, Revision, Workload
from daemon.core.policy import Policy
from daemon.core.rollout_facts.configuration_change import (
    ConfigurationChange,
    seen_by_all,
    started_since,
)
from daemon.core.rollout_facts.configuration_content import Content
from daemon.core.rollout_facts.pod_history import PodHistory, ends_since_rollout


def opened(
    workload: Workload,
    revision: Revision,
    changed: tuple[ConfigurationChange, ...],
    changed_at: datetime | None,
    policy: Policy,
    now: datetime,
) -> Case:
    """The case of these changes, made at ``changed_at`` (API server's time); ``None``: nobody knows when.

    What was changed longer ago than a watch lasts is not judged: pods have failed or not by now for whatever
    reason. It is written down, so that it is not taken for new later.
    """
    spec = Spec(
        workload=workload.ref.name,
        workload_uid=workload.uid,
        revision=revision,
        change=Change.CONFIGURATION,
        opened_at=now,
        started_at=min(changed_at or now, now),
        baseline=revision,
        generation=workload.status.generation,
        configuration=changed,
    )
    what = f"{names(changed)}, with no rollout"
    old = changed_at is None or now - changed_at > timedelta(seconds=policy.watch + policy.configuration_sync)
    if old:
        since = f"at {changed_at:%H:%M:%S}" if changed_at is not None else "nobody knows when"
        text = f"{what}: found only now, and changed {since}, so that it is not judged"
        phase = Phase.HEALTHY
    else:
        text = f"{what}: {_reach(revision, changed, policy)}"
        phase = Phase.PROGRESSING
    status = Status(
        phase=phase,
        reason=text,
        timeline=(Entry(at=now, phase=phase, text=text),),
        finished_at=now if old else None,
    )
    return Case(namespace=workload.ref.namespace, name=name_of(spec), spec=spec, status=status)


def names(changed: Iterable[ConfigurationChange]) -> str:
    return "; ".join(str(change) for change in changed)


def running_pods_see(case: Case) -> bool:
    """Whether running pods see any of it, where it is mounted."""
    return any(change.mounted for change in case.spec.configuration)


def _reach(revision: Revision, changed: tuple[ConfigurationChange, ...], policy: Policy) -> str:
    if any(change.mounted for change in changed):
        return f"pods of {revision} see it where it is mounted, within {policy.configuration_sync:.0f} s"
    return (
        f"running pods of {revision} do not see it, it takes effect at the next start of one; "
        "pods that start are watched"
    )


def arrived(case: Case, policy: Policy, now: datetime) -> str:
    """What is said once every pod sees the change that can see it; empty before."""
    if now < seen_by_all(case.spec.configuration, case.spec.started_at, policy.configuration_sync):
        return ""
    return (
        "every running pod sees the change by now"
        if running_pods_see(case)
        else "pods that start are watched"
    )


def unread(case: Case, workload: Workload | None) -> str:
    """What is said where no pod could see the change: none runs that started since."""
    if running_pods_see(case) or workload is None:
        return ""
    if any(started_since(pod, case.spec.started_at) for pod in workload.live_of(case.spec.revision)):
        return ""
    return "no pod has started since the change, which takes effect at the next start of one"


def read_at_start(case: Case, workload: Workload, histories: Iterable[PodHistory]) -> bool:
    """Whether pods run that started with the changed configuration, and go on with what they read then."""
    known = {history.uid: history for history in histories}
    return any(
        started_since(pod, case.spec.started_at)
        or any(ends_since_rollout(known.get(pod.uid), container) for container in pod.containers)
        for pod in workload.live_of(case.spec.revision)
        if not pod.finished
    )


def restored(case: Case) -> tuple[str, ...]:
    """The ConfigMaps that a case in place has put back, by name."""
    return tuple(name for name, _ in _put_back(case)) if case.spec.in_place else ()


def contents_left(case: Case, contents: Iterable[Content]) -> tuple[Content, ...]:
    """What is known of the contents once the case is over: what it put back is there."""
    put_back = dict(_put_back(case))
    return tuple(
        replace(content, digest=put_back[content.name], version="", kept=False, problem="", found="")
        if content.name in put_back
        else content
        for content in contents
    )


def _put_back(case: Case) -> list[tuple[str, str]]:
    return [
        (effect.drift.name, effect.drift.digest)
        for effect in case.status.effects
        if effect.drift is not None and effect.outcome is EffectOutcome.DONE
    ]
