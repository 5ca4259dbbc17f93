"""Which revision to return to, and which changes are a rollout of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from daemon.core.assessment import Attribution
from daemon.core.case.case import Case, Instruction, Phase
from daemon.core.model import Change, Revision, Workload
from daemon.core.value import Value

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
RESTARTED = "kubectl.kubernetes.io/restartedAt"


class Choice(Value, frozen=True):
    """The revision to return to, or why there is none."""

    revision: Revision | None
    reason: str


class Repute(Value, frozen=True):
    """Whether a revision may be returned to without a person's explicit word; ``why`` ends "it is …"."""

    good: bool
    why: str


def choose(
    workload: Workload, judged: Revision, cases: Iterable[Case], *, without: Revision | None = None
) -> Choice:
    """The newest revision that a finished case calls good: a proven one before any unproven one.

    ``without`` is one that was tried and cannot be had.
    The ledger is read by pod-template hash, for an undo renumbers. A revision whose last finished case is
    not good is out, and so is one whose ReplicaSet was pruned.
    """
    ledger = _ledger(workload, cases)
    good = [
        (case.status.proven, age(case), revision)
        for revision in workload.revisions
        if revision.hash != judged.hash
        and (without is None or revision.hash != without.hash)
        and (case := ledger.get(revision.hash)) is not None
        and _good(case)
    ]
    if not good and without is not None:
        return Choice(revision=None, reason=f"no revision besides {without} is known to be good")
    if not good:
        return Choice(revision=None, reason=_nothing(workload, judged, ledger))
    proven, _, revision = max(good, key=lambda entry: (entry[0], entry[1], entry[2].number))
    return Choice(revision=revision, reason=f"{revision} is the newest that is {_known(proven)}")


def named(
    workload: Workload, judged: Revision, number: int, cases: Iterable[Case], *, unproven: bool
) -> Choice:
    """The revision that a person asks for by its number.

    One that failed, or was never judged, needs their explicit word (``unproven``); where there is no case at
    all, nothing can be known of any, and that is said.
    """
    found = next((revision for revision in workload.revisions if revision.number == number), None)
    if found is None:
        known = ", ".join(str(r) for r in sorted(workload.revisions, key=lambda r: r.number))
        return Choice(revision=None, reason=f"{workload.ref} has no revision {number}; there are: {known}")
    about = repute(workload, judged, found, cases)
    if about.good:
        return Choice(revision=found, reason=f"as asked, {about.why}")
    if unproven:
        return Choice(revision=found, reason=f"as asked, though it is {about.why}")
    return Choice(
        revision=None, reason=f"{found} is {about.why}: add --unproven to return to it all the same"
    )


def repute(workload: Workload, judged: Revision, revision: Revision, cases: Iterable[Case]) -> Repute:
    """What the workload's cases say of a revision that somebody may want to return to."""
    ledger = _ledger(workload, cases)
    case = ledger.get(revision.hash)
    if case is not None and _good(case):
        return Repute(good=True, why=_known(case.status.proven))
    if not ledger:
        return Repute(good=True, why="unknown to any case")
    why = f"it failed: {case.status.reason}" if case is not None else "it was never judged"
    if revision.hash == judged.hash:
        why = "it is what runs now"
    return Repute(good=False, why=f"not proven good, {why}")


def asked_for(
    order: Instruction, workload: Workload | None, judged: Revision, cases: Iterable[Case]
) -> Choice | None:
    """The revision that an approval names; ``None`` where it names none."""
    if not order.revision or order.action != "approve":
        return None
    if workload is None:
        return Choice(revision=None, reason="the Deployment is gone")
    choice = named(workload, judged, order.revision, cases, unproven=order.unproven)
    if choice.revision is not None and choice.revision.hash == judged.hash:
        return Choice(revision=None, reason=f"{choice.revision} is what is judged: nothing to do")
    return choice


def _known(proven: bool) -> str:
    return "proven good" if proven else "known from before, not proven by traffic"


def _ledger(workload: Workload, cases: Iterable[Case]) -> Mapping[str, Case]:
    own = [case for case in cases if case.spec.workload_uid == workload.uid and case.genuine]
    finished = [case for case in own if _tells(case)]
    finished.sort(key=age)
    return {case.spec.revision.hash: case for case in finished}


def _good(case: Case) -> bool:
    """Whether a finished case found its revision healthy; one that failed by its own doing and then passed by
    itself did not."""
    return case.phase is Phase.HEALTHY and case.status.failing_at is None


def age(case: Case) -> tuple[int, datetime, int]:
    """Orders finished cases of one Deployment, the oldest first: by generations, which no clock can turn."""
    return (case.spec.generation, case.status.finished_at or LONG_AGO, case.spec.revision.number)


def found_good(case: Case) -> bool:
    """Whether its revision was found healthy, with the configuration that the case has.

    A change of configuration that was not proven takes nothing from a revision that had been found healthy,
    and adds nothing to it.
    """
    return case.phase is Phase.HEALTHY and (case.status.proven or not case.spec.in_place)


def _tells(case: Case) -> bool:
    """Whether a case says anything lasting of its revision: good to the end, or failing by its own doing."""
    if case.spec.in_place:
        return found_good(case)
    if case.phase is Phase.HEALTHY:
        return True
    cause = case.status.assessment.attribution if case.status.assessment is not None else None
    return case.status.failing_at is not None and cause is not Attribution.INFRASTRUCTURE


def _nothing(workload: Workload, judged: Revision, ledger: Mapping[str, Case]) -> str:
    others = [revision for revision in workload.revisions if revision.hash != judged.hash]
    if not others:
        return "no other revision has a ReplicaSet (is revisionHistoryLimit 0?)"
    bad = [str(r) for r in others if (case := ledger.get(r.hash)) and not _good(case)]
    unknown = [str(r) for r in others if r.hash not in ledger]
    parts = [f"known bad: {', '.join(bad)}"] if bad else []
    parts += [f"never judged: {', '.join(unknown)}"] if unknown else []
    return f"no revision is known to be good ({'; '.join(parts)})"


def newest(workload: Workload, cases: Iterable[Case]) -> Case | None:
    """The workload's latest case."""
    latest_first = sorted(
        (case for case in cases if case.spec.workload_uid == workload.uid),
        key=lambda case: (case.spec.generation, case.spec.opened_at, case.spec.revision.number),
        reverse=True,
    )
    return next((case for case in latest_first if case.genuine), None)


def outdated(case: Case, workload: Workload) -> bool:
    """Whether a view is older than what the case knows, so that nothing may be decided on it.

    A watch that starts, or lags, shows what was there before the rollout, and that would look like another
    revision that took over. Without a generation to go by, a lower number tells while the case's own
    ReplicaSet exists. A Deployment made anew is younger than any rollout of the one before.
    """
    spec = case.spec
    if workload.uid != spec.workload_uid:
        return workload.created_at < spec.revision.created_at
    if workload.status.generation < max(spec.generation, case.status.generation):
        return True
    current = workload.current
    return current is not None and not _follows(spec.revision, current, workload)


def _follows(judged: Revision, current: Revision, workload: Workload) -> bool:
    gone = workload.revision(judged.replica_set_uid) is None
    return current.number >= judged.number or gone


def opens_case(workload: Workload, cases: Sequence[Case]) -> bool:
    """Whether the current revision is a rollout that no case covers: not ours, not known already."""
    current = workload.current
    if current is None or any(case.is_about(workload.uid, current) for case in cases):
        return False
    if any(outdated(case, workload) for case in cases):
        return False
    latest = newest(workload, cases)
    if latest is None or latest.status.target is None:
        return True
    abandoned = latest.status.abandoned
    if abandoned is not None and current.same_rollout(abandoned):
        return False
    ours = latest.status.target.replica_set_uid == current.replica_set_uid
    acted = latest.status.patched_at is not None or latest.phase is Phase.ROLLING_BACK
    return not (ours and acted)


def classify(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, *, ran_before: bool) -> Change:
    """What changed between two raw pod templates, for the people who read the case."""
    if ran_before:
        return Change.UNDO
    if old is None or new is None:
        return Change.TEMPLATE
    if _without_images(old) == _without_images(new):
        return Change.IMAGE
    if _bare(old) == _bare(new):
        changed = {key for key, _ in set(_annotations(old).items()) ^ set(_annotations(new).items())}
        if changed == {RESTARTED}:
            return Change.RESTART
        if changed and all(key.startswith("checksum/") for key in changed):
            return Change.CONFIG
    return Change.TEMPLATE


def _annotations(template: Mapping[str, Any]) -> Mapping[str, str]:
    return (template.get("metadata") or {}).get("annotations") or {}


def _bare(template: Mapping[str, Any]) -> Mapping[str, Any]:
    """The template without its annotations."""
    metadata = {k: v for k, v in (template.get("metadata") or {}).items() if k != "annotations"}
    return {**template, "metadata": metadata}


def _without_images(template: Mapping[str, Any]) -> Mapping[str, Any]:
    spec = dict(template.get("spec") or {})
    for kind in ("containers", "initContainers"):
        if kind in spec:
            spec[kind] = [{k: v for k, v in c.items() if k != "image"} for c in spec[kind]]
    return {**template, "spec": spec}
