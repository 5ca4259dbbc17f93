"""What the ConfigMaps of a revision hold: at its start, when it is found healthy, when it is returned to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from daemon.core.case import rollback_target
from daemon.core.case.case import Case, Phase
from daemon.core.case.edits import change, noted
from daemon.core.case.steps.restart import same_but_for_restarts
from daemon.core.model import Change, Revision, Workload, WorkloadRef
from daemon.core.policy import ConfigurationChoice, Policy
from daemon.core.rollout_facts.configuration import references
from daemon.core.rollout_facts.configuration_content import (
    BACKUP,
    ConfigMapState,
    Content,
    Drift,
    confirmed,
    drift,
)
from daemon.engine.configuration_comparison import compared
from daemon.ports import Cluster, ConfigurationCopies, Denied, PortError, Unavailable


class ContentLook:
    """Asked for a workload by one at a time. Where the policy ignores the configuration, nothing is
    asked at all."""

    def __init__(self, copies: ConfigurationCopies, cluster: Cluster) -> None:
        self._copies = copies
        self._cluster = cluster

    def opened(
        self, case: Case, workload: Workload | None, policy: Policy, cases: Iterable[Case] = ()
    ) -> Case:
        """A case at its opening, with what its revision began with, and what of that is not what its baseline
        was found healthy with in one of ``cases``.

        What is adopted is not watched, so it keeps its copies at once; and of what was written after its
        pods had started nobody can tell whether they run with it.
        """
        if policy.configuration is ConfigurationChoice.IGNORE:
            return case
        found = self._contents(case.ref, case.spec.revision)
        if case.spec.change is not Change.ADOPTED:
            case = change(case, contents=tuple(content for content, _ in found))
            baseline = case.spec.baseline
            proven = self.proven(case.ref, baseline, cases) if baseline is not None else ()
            return compared(case, proven, self._copies)
        pods = workload.live_of(case.spec.revision) if workload is not None else ()
        first = min((pod.created_at for pod in pods), default=None)
        sure = tuple(_read_at_start(content, state, first) for content, state in found)
        return change(case, contents=self._copied(case, sure, policy))

    def healthy(self, case: Case, policy: Policy, now: datetime) -> Case:
        """A case that was just found healthy, with what it was found healthy with, copied if policy says so.

        Raises Unavailable where a copy cannot be made now: then it is found healthy a little later.
        """
        if policy.configuration is ConfigurationChoice.IGNORE or not rollback_target.found_good(case):
            return case
        present = (content for content, _ in self._contents(case.ref, case.spec.revision))
        contents = self._copied(case, confirmed(case.status.contents, present), policy)
        case = change(case, contents=contents)
        if policy.configuration is ConfigurationChoice.RESTORE:
            for content in contents:
                if content.problem:
                    case = noted(case, f"could not be restored: {content.problem}", now)
        return case

    def proven(self, ref: WorkloadRef, revision: Revision, cases: Iterable[Case]) -> tuple[Content, ...]:
        """What a revision was last found healthy with; one that the daemon's own restart made of another is
        that other one."""
        cases = tuple(cases)
        found = _found_healthy_with(revision, cases)
        if found or not any(_restarted(case, revision) for case in cases):
            return found
        template = self._cluster.template(ref, revision)
        origins = (
            case.spec.revision
            for case in sorted(cases, key=rollback_target.age, reverse=True)
            if rollback_target.found_good(case) and case.genuine
            if same_but_for_restarts(self._cluster.template(ref, case.spec.revision), template)
        )
        origin = next(origins, None)
        return _found_healthy_with(origin, cases) if origin is not None else ()

    def drift(
        self, case: Case, target: Revision | None, cases: Sequence[Case], policy: Policy
    ) -> tuple[Drift, ...]:
        """How the target's ConfigMaps differ from what it was found healthy with.

        Asked when a rollback is decided, and not before: it costs a question for each ConfigMap.
        """
        if target is None or policy.configuration is ConfigurationChoice.IGNORE:
            return ()
        proven = {content.name: content for content in self.proven(case.ref, target, cases)}
        return tuple(
            found
            for name in self._names(case.ref, target)
            if (found := self._drift(case, name, proven.get(name), policy)) is not None
        )

    def forget(self, case: Case, cases: Iterable[Case]) -> None:
        """Drop the copies that no other case needs; the case itself is deleted next. Raises Unavailable."""
        uid = case.spec.workload_uid
        needed = {
            (content.name, content.digest)
            for other in cases
            if other.name != case.name and other.spec.workload_uid == uid
            for content in other.status.contents
        }
        for content in case.status.contents:
            if content.kept and (content.name, content.digest) not in needed:
                # Where that is not allowed, it goes with the Deployment.
                with contextlib.suppress(Denied):
                    self._copies.drop(case.ref, uid, content.name, content.digest)

    def _names(self, ref: WorkloadRef, revision: Revision) -> tuple[str, ...]:
        template = self._cluster.template(ref, revision)
        named = references(template) if template is not None else ()
        return tuple(reference.name for reference in named if reference.kind == "ConfigMap")

    def _contents(
        self, ref: WorkloadRef, revision: Revision
    ) -> tuple[tuple[Content, ConfigMapState | None], ...]:
        return tuple(self._content(ref, name) for name in self._names(ref, revision))

    def _content(self, ref: WorkloadRef, name: str) -> tuple[Content, ConfigMapState | None]:
        try:
            state = self._copies.look(ref.namespace, name)
        except PortError as error:
            return Content(name=name, problem=str(error)), None
        return Content(name=name, digest=state.digest, version=state.version), state

    def _copied(self, case: Case, contents: Iterable[Content], policy: Policy) -> tuple[Content, ...]:
        if policy.configuration is not ConfigurationChoice.RESTORE:
            return tuple(contents)
        return tuple(self._copy(case, content) if content.digest else content for content in contents)

    def _copy(self, case: Case, content: Content) -> Content:
        try:
            kept = self._copies.keep(case.ref, case.spec.workload_uid, content.name, content.digest)
        except Unavailable:
            raise
        except PortError as error:
            return replace(content, problem=str(error))
        problem = "" if kept else f"ConfigMap {content.name} was changed as it was copied"
        return replace(content, kept=kept, problem=problem)

    def _drift(self, case: Case, name: str, proven: Content | None, policy: Policy) -> Drift | None:
        look, uid = self._copies.look, case.spec.workload_uid
        try:
            now = look(case.namespace, name)
            found = drift(name, proven, now, kept=True, backup=None)
            if found is None or found.problem or policy.configuration is not ConfigurationChoice.RESTORE:
                return found
            if self._copies.kept(case.ref, uid, name, found.digest):
                return found
            return drift(name, proven, now, kept=False, backup=look(case.namespace, f"{name}{BACKUP}"))
        except PortError as error:
            return Drift(name=name, problem=str(error), certain=False)


def _found_healthy_with(target: Revision, cases: Iterable[Case]) -> tuple[Content, ...]:
    """What the target was last found healthy with."""
    healthy = [
        case
        for case in cases
        if rollback_target.found_good(case) and case.genuine and case.spec.revision.hash == target.hash
    ]
    newest = max(healthy, key=rollback_target.age, default=None)
    return newest.status.contents if newest is not None else ()


def _restarted(case: Case, revision: Revision) -> bool:
    """Whether the case's own restart made the revision, and it was found to have recovered with it."""
    target = case.status.target
    ours = case.phase is Phase.ROLLED_BACK and target is not None and target.hash == revision.hash
    return ours and any(step.kind == "restart" for step in case.steps)


def _read_at_start(content: Content, state: ConfigMapState | None, first: datetime | None) -> Content:
    if state is None or state.absent or first is None:
        return content
    if state.written_at is not None and state.written_at <= first:
        return content
    text = f"ConfigMap {content.name} may have been written after the pods that were found had started"
    return Content(name=content.name, version=content.version, problem=text, found=content.digest)
