"""Notices ConfigMaps that are changed in place, with no rollout, and whether they are changed once more."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from daemon.core.case import in_place
from daemon.core.case import rollback_target as target
from daemon.core.case.between_rollouts import Standing, update_standing
from daemon.core.case.case import Case, Phase
from daemon.core.case.events import Edited
from daemon.core.model import Revision, Workload, WorkloadRef
from daemon.core.policy import ConfigurationChoice, Policy
from daemon.core.rollout_facts.configuration import Reference, references
from daemon.core.rollout_facts.configuration_change import (
    ConfigurationChange,
    as_seen,
    changes,
    histories_before,
)
from daemon.core.rollout_facts.configuration_content import ConfigMapState, Content
from daemon.core.rollout_facts.pod_history import PodHistory
from daemon.core.value import Value
from daemon.engine.configuration_contents import ContentLook
from daemon.engine.turns import Turns
from daemon.ports import Clock, Cluster, Configuration, ConfigurationCopies, PortError, Unavailable

EVERY = 5.0
"""Seconds at least between two looks at a workload's ConfigMaps. Whatever becomes of its pods makes the
worker look at it, and the resync does once a minute."""
APART = 0.03
"""Seconds between the looks at two workloads: a failing release must not wait for a fleet's looks."""
PAUSE = 30.0
"""Seconds for which nobody is asked after an answer that did not come: the worker has others to serve."""
LASTING = 180.0
"""Seconds for which a problem stands that was not seen again: its workload may be gone."""
SKEW = timedelta(seconds=2)
"""Times of writes are whole seconds."""


class _Before(Value, frozen=True):
    """The pods of a workload when its ConfigMaps were last seen unchanged."""

    at: datetime
    pods: Mapping[str, PodHistory]
    unwell: frozenset[str]


class _Problem(Value, frozen=True):
    """``at`` is monotonic."""

    at: float
    text: str


class ChangeWatch:
    """Asked of one workload by one worker at a time. What is known of contents is in the cases; here are only
    the last looks."""

    def __init__(
        self,
        configuration: Configuration,
        copies: ConfigurationCopies,
        contents: ContentLook,
        cluster: Cluster,
        clock: Clock,
        later: Callable[[WorkloadRef, float], None],
    ) -> None:
        self._configuration = configuration
        self._contents = contents
        self._copies = copies
        self._cluster = cluster
        self._clock = clock
        self._later = later
        self._turns = Turns(every=EVERY, apart=APART)
        self._before: dict[WorkloadRef, _Before] = {}
        self._standing: dict[WorkloadRef, Standing] = {}
        self._same: dict[str, dict[str, str]] = {}
        """A case's key → ConfigMap → a version of it that holds what the case expects."""
        self._problems: dict[str, _Problem] = {}
        self._lock = threading.Lock()
        """Of the problems, which other threads read."""
        self._paused_until = 0.0

    def opening(self, workload: Workload, cases: Sequence[Case], policy: Policy) -> Case | None:
        """The case of a change that no case covers. ``cases`` are those of the workload's name."""
        own = [case for case in cases if case.spec.workload_uid == workload.uid]
        latest, current = target.newest(workload, own), workload.current
        ignored = policy.configuration is ConfigurationChoice.IGNORE
        if ignored or latest is None or current is None or any(case.active for case in own):
            self._forget(workload.ref)
            return None
        if target.outdated(latest, workload):
            return None
        proven = self._contents.proven(workload.ref, current, own)
        if (known := _known(latest, current, proven)) is None:
            return None
        now = self._clock.now()
        standing = update_standing(self._standing.get(workload.ref, Standing()), workload, now)
        self._standing[workload.ref] = standing
        if not self._is_due(workload.ref):
            return None
        template = self._cluster.template(workload.ref, current) or {}
        names = [ref.name for ref in references(template) if ref.kind == "ConfigMap"]
        states = self._written(workload.ref, [content for content in known if content.name in names])
        states = {name: state for name, state in states.items() if not _older(latest, state)}
        found = changes(template, known, proven, states)
        if not found:
            self._before[workload.ref] = _seen(workload, standing, now)
            return None
        at = self._changed_at(workload.ref, [states[c.name] for c in found if c.name in states])
        return self._opened(workload, current, found, at, policy)

    def edited(self, case: Case, policy: Policy) -> Edited | None:
        """How the ConfigMaps differ by now from what a case in place is about; ``None`` where they do not,
        or that cannot be told now."""
        step = case.pending_step
        if not case.spec.in_place or not case.active or (step is not None and step.drift is not None):
            # A restoring that is under way sees for itself whether somebody wrote in between.
            return None
        if policy.configuration is ConfigurationChoice.IGNORE:
            return Edited(text="policy.configuration is ignore by now", contents=case.status.contents)
        try:
            for content in in_place.contents_left(case, case.status.contents):
                state = self._other(case, content)
                if state is not None:
                    return _edited(case, content, state)
        except PortError:
            # Whoever acts on it asks again, with preconditions.
            return None
        return None

    def unrecorded(self, case: Case, why: str) -> None:
        """A case that this opened could not be stored."""
        remedy = "apply the CustomResourceDefinition of this version (helm/rollbackd/crds)"
        for change in case.spec.configuration:
            text = f"was changed in place, which cannot be recorded: {why}; {remedy}"
            self._problem(f"ConfigMap {case.namespace}/{change.name}", text)

    def problems(self) -> Mapping[str, str]:
        """ConfigMap → why it is not known whether it changes, of those that were asked for lately."""
        since = self._clock.monotonic() - LASTING
        with self._lock:
            found = tuple(self._problems.items())
        return {subject: problem.text for subject, problem in found if problem.at >= since}

    def forget(self, key: str) -> None:
        """A case is over."""
        self._same.pop(key, None)

    def _forget(self, ref: WorkloadRef) -> None:
        self._turns.forget(ref)
        self._before.pop(ref, None)
        self._standing.pop(ref, None)

    def _is_due(self, ref: WorkloadRef) -> bool:
        now = self._clock.monotonic()
        if now < self._paused_until:
            return False
        wait = self._turns.wait(ref, now)
        if 0 < wait < math.inf:
            self._later(ref, wait)
        return wait == 0

    def _written(self, ref: WorkloadRef, known: Sequence[Content]) -> dict[str, ConfigMapState]:
        """Those that were written since they were known; of the others the version alone is asked for."""
        found: dict[str, ConfigMapState] = {}
        for content in known:
            subject = f"ConfigMap {ref.namespace}/{content.name}"
            try:
                if self._version(ref.namespace, content.name) != content.version:
                    found[content.name] = self._copies.look(ref.namespace, content.name)
                self._problem(subject, None)
            except PortError as error:
                self._problem(subject, f"whether it is changed in place is not known: {error}")
                if isinstance(error, Unavailable):
                    self._paused_until = self._clock.monotonic() + PAUSE
        return found

    def _problem(self, subject: str, text: str | None) -> None:
        with self._lock:
            self._problems.pop(subject, None)
            if text is not None:
                self._problems[subject] = _Problem(at=self._clock.monotonic(), text=text)

    def _version(self, namespace: str, name: str) -> str:
        return self._configuration.version(namespace, Reference(kind="ConfigMap", name=name)).version

    def _changed_at(self, ref: WorkloadRef, states: Sequence[ConfigMapState]) -> datetime | None:
        """When they were changed: by their own account, or else after they were last seen unchanged."""
        last = self._before.get(ref)
        times = [state.written_at for state in states if state.written_at is not None]
        at = min(times) if times and len(times) == len(states) else None
        if last is not None and (at is None or at < last.at - SKEW):
            return last.at
        return at

    def _opened(
        self,
        workload: Workload,
        current: Revision,
        found: tuple[ConfigurationChange, ...],
        at: datetime | None,
        policy: Policy,
    ) -> Case:
        case = in_place.opened(workload, current, found, at, policy, self._clock.now())
        before = self._before.get(workload.ref)
        pods = histories_before(
            workload.live,
            before.pods if before is not None else {},
            before.unwell if before is not None else (),
            case.spec.started_at,
        )
        return replace(case, status=replace(case.status, pods=pods))

    def _other(self, case: Case, content: Content) -> ConfigMapState | None:
        """The ConfigMap's state where it does not hold what the case expects."""
        same = self._same.setdefault(case.key, {})
        version = self._version(case.namespace, content.name)
        if version in (content.version, same.get(content.name)) or (not content.version and not content.held):
            return None
        state = self._copies.look(case.namespace, content.name)
        if state.digest == content.held and state.absent is (not content.held):
            same[content.name] = state.version
            return None
        return state


def _known(latest: Case, current: Revision, proven: tuple[Content, ...]) -> tuple[Content, ...] | None:
    """What was last known of the ConfigMaps of what runs; ``None`` where it is not what the cases tell of."""
    about = (latest.spec.revision, latest.status.target if latest.spec.in_place else None)
    if any(one is not None and one.replica_set_uid == current.replica_set_uid for one in about):
        return latest.status.contents
    if latest.phase is Phase.ROLLED_BACK:
        return in_place.contents_left(latest, proven)
    return None


def _older(latest: Case, state: ConfigMapState) -> bool:
    """Whether a rollback that is over knew of the write, and left it or made it."""
    over, written_at = latest.status.finished_at, state.written_at
    if latest.phase is not Phase.ROLLED_BACK or latest.spec.in_place or over is None or written_at is None:
        return False
    # Times of writes are whole seconds.
    return written_at < over.replace(microsecond=0)


def _seen(workload: Workload, standing: Standing, now: datetime) -> _Before:
    unwell = {uid for uid, pod in standing.pods.items() if pod.unwell_since is not None}
    return _Before(at=now, pods={pod.uid: as_seen(pod) for pod in workload.live}, unwell=frozenset(unwell))


def _edited(case: Case, content: Content, state: ConfigMapState) -> Edited:
    change = next((c for c in case.spec.configuration if c.name == content.name), None)
    what = f"ConfigMap {content.name}"
    if change is not None and state.digest == change.before:
        held = f"it holds what {case.spec.revision} ran with before"
        text = f"{what} was put back{state.changed_by}: {held}, and whether that helps is not watched"
        back = Content(name=content.name, digest=state.digest, version=state.version)
        contents = tuple(
            back if c.name == content.name else c for c in in_place.contents_left(case, case.status.contents)
        )
        return Edited(text=text, contents=contents)
    how = "deleted" if state.absent else f"changed again{state.changed_by}"
    return Edited(text=f"{what} was {how}: that is a change of its own", contents=case.status.contents)
