"""What comes of a release, for a pipeline that waits for it: looked at, and never acted on.

The release is what the Deployment's newest generation made current. It is known once the controller has seen
that generation, and its case is known by its identity: a case of the release before is never taken for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from daemon.core.case.case import Case, Phase, case_name
from daemon.core.case.images import ImageReference
from daemon.core.case.rollback_target import newest
from daemon.core.model import Change, Revision, Workload, WorkloadRef
from daemon.core.value import Value
from daemon.ports import CaseStore, Clock, Cluster, Missing, Unavailable

PACE = 1.0
"""Seconds between two looks."""


class Answer(StrEnum):
    HEALTHY = "healthy"
    BAD = "bad"
    """Rolled back, or it needs a person."""
    TIMEOUT = "timeout"


class WaitResult(Value, frozen=True):
    answer: Answer
    text: str
    case: Case | None = None


class Wanted(Value, frozen=True):
    """Which release: the Deployment's newest, or the one of a revision's number or of an image."""

    revision: int | None = None
    image: str = ""
    """The whole image, its tag or its digest."""


@dataclass(frozen=True, kw_only=True)
class ReleaseWait:
    """What waiting needs; ``timeout`` in seconds."""

    cluster: Cluster
    store: CaseStore
    clock: Clock
    sleep: Callable[[float], object]
    say: Callable[[str], None]
    timeout: float


def wait_for_release(tools: ReleaseWait, ref: WorkloadRef, wanted: Wanted) -> WaitResult:
    """Until the release's case is decided. Raises Missing (no such Deployment), Denied."""
    return _watched(tools, _Search(tools, ref, wanted).look)


def wait_for_case(tools: ReleaseWait, case: Case) -> WaitResult:
    """Until this case is decided. Raises Missing when it is gone, Denied."""

    def look() -> WaitResult | str:
        return _answer(tools.store.get(case.namespace, case.name), complete=True)

    return _watched(tools, look)


def _watched(tools: ReleaseWait, look: Callable[[], WaitResult | str]) -> WaitResult:
    """Looks until there is an answer. What cannot be asked for now is said, and asked for again."""
    edge, said = tools.clock.monotonic() + tools.timeout, ""
    while True:
        try:
            seen = look()
        except Unavailable as error:
            seen = str(error)
        if isinstance(seen, WaitResult):
            return seen
        if seen != said:
            said = seen
            tools.say(seen)
        if tools.clock.monotonic() >= edge:
            return WaitResult(answer=Answer.TIMEOUT, text=f"not decided within {tools.timeout:g} s: {said}")
        tools.sleep(PACE)


class _Search:
    """One release, from what a person names to its case."""

    def __init__(self, tools: ReleaseWait, ref: WorkloadRef, wanted: Wanted) -> None:
        self._tools = tools
        self._ref = ref
        self._wanted = wanted
        self._seen = False
        """Whether the Deployment was there once."""
        self._release: Revision | None = None
        self._case = ""
        """The name of its case, once that is known."""
        self._target = False
        """Whether it is what that case returned to, and not what it is about."""

    def look(self) -> WaitResult | str:
        workload = self._tools.cluster.workload(self._ref)
        if self._case:
            complete = workload is not None and workload.status.complete
            return self._judged(self._tools.store.get(self._ref.namespace, self._case), complete=complete)
        if workload is None:
            if self._seen:
                return WaitResult(answer=Answer.BAD, text=f"Deployment {self._ref} was deleted")
            raise Missing(f"Deployment {self._ref} does not exist: see kubectl get deployments -A")
        self._seen = True
        case = self._find(workload)
        if isinstance(case, Case):
            self._case = case.name
            return self._judged(case, complete=workload.status.complete)
        return case

    def _judged(self, case: Case, *, complete: bool) -> WaitResult | str:
        if self._target and case.phase is Phase.ROLLED_BACK:
            text = f"{case.key} returned to {case.status.target}: {case.status.reason}"
            return WaitResult(answer=Answer.HEALTHY, text=text, case=case)
        return _answer(case, complete=complete)

    def _find(self, workload: Workload) -> Case | WaitResult | str:
        """The release's case, or why it cannot be had, or what is waited for."""
        current = _settled(workload)
        if self._wanted.revision is not None:
            return self._numbered(workload, current, self._wanted.revision)
        if self._release is None:
            if current is None:
                return self._unsettled(workload)
            if not _runs(current, self._wanted.image):
                return self._returned_from(workload, current)
            self._release = current
        case = self._stored(case_name(self._ref.name, workload.uid, self._release))
        case = case or self._returned_to(workload, self._release)
        if case is None and current is not None and not current.same_rollout(self._release):
            text = (
                f"{self._release} of {self._ref} was superseded by {current} before a case was opened for it"
            )
            return WaitResult(answer=Answer.BAD, text=text)
        return case or f"waiting for a case of {self._release} of {self._ref}: none was opened yet"

    def _unsettled(self, workload: Workload) -> str:
        if workload.status.paused:
            return f"Deployment {self._ref} is paused, and makes no revision: kubectl rollout resume"
        return f"waiting for the controller to see the newest change of {self._ref}"

    def _numbered(self, workload: Workload, current: Revision | None, number: int) -> Case | WaitResult | str:
        case = next((one for one in self._cases(workload) if one.spec.revision.number == number), None)
        if case is None and current is not None and current.number > number:
            text = f"there is no case of revision {number} of {self._ref}, which runs {current}"
            return WaitResult(answer=Answer.BAD, text=text)
        return case or f"waiting for a case of revision {number} of {self._ref}: none was opened yet"

    def _returned_from(self, workload: Workload, current: Revision) -> Case | str:
        """Another image runs: the wanted one was released last and returned from, or is still to come."""
        last = self._newest(workload)
        if last is not None and _runs(last.spec.revision, self._wanted.image):
            return last
        return f"waiting for {self._ref} to run {self._wanted.image}: it runs {current}"

    def _returned_to(self, workload: Workload, release: Revision) -> Case | None:
        """The daemon's rollback opens no case: what runs may be what the last release was returned to."""
        last = self._newest(workload)
        target = last.status.target if last is not None and last.status.patched_at else None
        if target is None or target.hash != release.hash:
            return None
        self._target = bool(self._wanted.image)
        return last

    def _newest(self, workload: Workload) -> Case | None:
        return newest(workload, self._cases(workload))

    def _cases(self, workload: Workload) -> list[Case]:
        """Those of the Deployment's rollouts."""
        cases = self._tools.store.of(self._ref)
        uid = workload.uid
        return [c for c in cases if c.genuine and not c.spec.in_place and c.spec.workload_uid == uid]

    def _stored(self, name: str) -> Case | None:
        try:
            return self._tools.store.get(self._ref.namespace, name)
        except Missing:
            return None


def _settled(workload: Workload) -> Revision | None:
    """The current revision, once the controller has seen the Deployment's newest generation.

    An undo gives an old ReplicaSet a new number, the highest; until we see that, its old number names the
    rollout of then.
    """
    current = workload.current
    if current is None or not workload.status.observed:
        return None
    highest = max(revision.number for revision in workload.revisions)
    return current if current.number == highest else None


def _runs(revision: Revision, asked: str) -> bool:
    return not asked or any(asked in _names(image) for image in revision.images)


def _names(image: str) -> set[str]:
    """What a person may call it: whole, without its digest, or by its tag or its digest alone."""
    found = ImageReference.of(image)
    return {image, image.partition("@")[0], found.tag, found.digest}


def _answer(case: Case, *, complete: bool) -> WaitResult | str:
    """What the case says, or how far it is. ``complete``: whether the Deployment's rollout is."""
    text = f"{case.key} is {case.phase.value}: {case.status.reason or 'nothing is known yet'}"
    if case.announced:
        return text
    match case.phase:
        case Phase.HEALTHY:
            if case.spec.change is Change.ADOPTED and not complete:
                return f"{text}; its rollout is not complete"
            unproven = "" if case.status.proven else " (not proven)"
            return WaitResult(answer=Answer.HEALTHY, text=text + unproven, case=case)
        case Phase.PROGRESSING | Phase.WATCHING | Phase.FAILING | Phase.ROLLING_BACK | Phase.VERIFYING:
            return text
        case (
            Phase.AWAITING_APPROVAL
            | Phase.HELD
            | Phase.ROLLED_BACK
            | Phase.UNRECOVERED
            | Phase.SUPERSEDED
            | Phase.ADVISED
        ):
            return WaitResult(answer=Answer.BAD, text=text, case=case)
