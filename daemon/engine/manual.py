"""A rollback by hand, with the plan, the guard and the proof of the rollout that the daemon uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from daemon.core.case import rollback_target as target
from daemon.core.case.case import Case
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.images import AskedImage, ImageChoice, choose_images, images_in
from daemon.core.model import Revision, Workload, WorkloadRef
from daemon.core.rollout_facts.diagnosis import diagnosis
from daemon.core.rollout_facts.endpoints import chosen
from daemon.core.value import Value
from daemon.ports import Actuator, Clock, Cluster, HealthProbe, Missing, Rejected, RollbackResult, Unavailable

Say = Callable[[str], None]
Sleep = Callable[[float], object]
Agrees = Callable[[str], bool]
"""Asks a person a question that yes or no answers."""


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """What a rollback by hand needs; ``deadline`` in seconds bounds the wait for the rollout."""

    cluster: Cluster
    actuator: Actuator
    health: HealthProbe
    clock: Clock
    sleep: Sleep
    say: Say
    paths: tuple[str, ...] | None
    """Health endpoints; ``None``: each pod's own HTTP probes."""
    deadline: float = 600.0


def settle(tools: ByHand, ref: WorkloadRef, within: float = 10.0) -> Workload:
    """The workload once its current revision is known. Raises Missing, Unavailable."""
    edge = tools.clock.monotonic() + within
    while True:
        try:
            workload = tools.cluster.workload(ref)
        except Unavailable:
            if tools.clock.monotonic() >= edge:
                raise
        else:
            if workload is None:
                raise Missing(f"Deployment {ref} does not exist: see kubectl get deployments -A")
            if workload.current is not None:
                return workload
            if tools.clock.monotonic() >= edge:
                raise Unavailable(f"Deployment {ref} has no ReplicaSet for its template yet")
        tools.sleep(0.2)


class Asked(Value, frozen=True):
    """What a person asks for: a revision by its number, images, or, with neither, the newest known good."""

    revision: int | None = None
    unproven: bool = False
    """Whether a revision that is not proven good will do."""
    images: tuple[AskedImage, ...] = ()


def pick(
    workload: Workload, cases: Sequence[Case], to_revision: int | None, *, unproven: bool = False
) -> tuple[Revision, str]:
    """The revision to return to, and why that one: the number asked for, or the newest that is known good,
    or, with no case to go by, kubectl's choice (the one before). Raises Rejected.
    """
    current = workload.current
    assert current is not None
    if to_revision is not None:
        named = target.named(workload, current, to_revision, cases, unproven=unproven)
        if named.revision is None:
            raise Rejected(named.reason)
        return named.revision, named.reason
    choice = target.choose(workload, current, cases)
    if choice.revision is not None:
        return choice.revision, choice.reason
    bad = {
        c.spec.revision.hash
        for c in cases
        if c.genuine and not c.spec.in_place and c.status.failing_at is not None
    }
    others = [r for r in workload.revisions if r.number < current.number and r.hash not in bad]
    if not others:
        raise Rejected(
            f"{workload.ref} has no revision to return to: {choice.reason}; "
            "name one with --to-revision if you know better"
        )
    before = max(others, key=lambda revision: revision.number)
    return before, f"the revision before; {choice.reason}"


def pick_images(cluster: Cluster, workload: Workload, asked: Sequence[AskedImage]) -> ImageChoice:
    """Which containers get which image. Raises Rejected, Unavailable."""
    assert workload.current is not None
    template = cluster.template(workload.ref, workload.current)
    if template is None:
        raise Unavailable(f"the template of {workload.current} is not known yet")
    others = sorted(workload.revisions, key=lambda revision: revision.number, reverse=True)
    history = [
        (revision, images_in(found))
        for revision in others
        if revision.hash != workload.current.hash
        and (found := cluster.template(workload.ref, revision)) is not None
    ]
    choice = choose_images(workload.ref.name, template, history, asked)
    if choice.problem:
        raise Rejected(choice.problem)
    return choice


def undo(tools: ByHand, workload: Workload, goal: Revision) -> RollbackResult:
    """Give the workload the goal's template, if nobody changed it meanwhile. Raises PortError."""
    assert workload.current is not None
    undone = tools.actuator.undo(workload.ref, workload.uid, judged=workload.current, target=goal)
    tools.say(undone.detail)
    return undone


def await_rollout(tools: ByHand, ref: WorkloadRef, *, generation: int, goal: Revision | None = None) -> bool:
    """Follow the rollout of a generation until it is complete and its pods answer; says what it sees.

    ``generation`` is the Deployment's with the write in it: what was complete before is not taken for it.
    Where the rollout is ``goal``'s, that of another revision over it is no success.
    """
    edge, said = tools.clock.monotonic() + tools.deadline, ""
    while tools.clock.monotonic() < edge:
        workload = tools.cluster.workload(ref)
        if workload is None:
            tools.say(f"Deployment {ref} was deleted")
            return False
        status = workload.status
        if str(status) != said:
            said = str(status)
            tools.say(f"rollout: {said}")
        if status.generation >= generation and status.complete and workload.current is not None:
            return _is(tools, workload, goal) and _answers(tools, workload)
        if (
            status.generation >= generation
            and workload.current is not None
            and status.timed_out(workload.current)
        ):
            tools.say(f"the rollout is stuck: {diagnosis(workload, workload.current)}")
            return False
        tools.sleep(0.2)
    tools.say(f"the rollout is not complete after {tools.deadline:.0f} s: {said}")
    return False


def _is(tools: ByHand, workload: Workload, goal: Revision | None) -> bool:
    """Whether the goal runs, or whatever does where there is none."""
    current = workload.current
    if goal is None or current is None or current.hash == goal.hash:
        return True
    tools.say(f"{workload.ref} runs {current} by now, and not {goal}: somebody released over it")
    return False


def _answers(tools: ByHand, workload: Workload) -> bool:
    pods, current = workload.live, workload.current
    template = tools.cluster.template(workload.ref, current) if current is not None else None
    endpoints = chosen(tools.paths, template)
    answers = tools.health.probe(pods, endpoints.asked)
    bad = [answer for answer in answers if not answer.ok]
    for answer in bad:
        tools.say(f"{answer.pod}{answer.path}: {answer.detail}")
    if not bad:
        why = "; ".join(endpoints.unasked) or endpoints.problem
        nothing = f"no health endpoint is asked: {why}" if why else "no health endpoint is set"
        health = f"all {len(answers)} health answers good" if endpoints.asked else nothing
        tools.say(f"{len(pods)} pods are ready, {health}")
    return not bad


def roll_back_by_hand(
    tools: ByHand,
    ref: WorkloadRef,
    *,
    cases: Callable[[], Sequence[Case]],
    asked: Asked,
    dry_run: bool,
    agrees: Agrees = lambda _: True,
) -> bool:
    """Roll back, or set images instead, and follow it. Whether it is complete and healthy.

    What exactly would be done is asked first. Raises Rejected where that is not agreed to, PortError.
    """
    workload = settle(tools, ref)
    tools.say(f"{ref} runs {workload.current}: {workload.current.image if workload.current else ''}")
    goal: Revision | None = None
    if asked.images:
        choice = pick_images(tools.cluster, workload, asked.images)
        for line in choice.notes:
            tools.say(line)
        _ask(agrees, dry_run, f"Set {', '.join(map(str, choice.changes))} in {ref}?")
        undone = tools.actuator.set_images(workload.ref, workload.uid, choice.changes)
        tools.say(undone.detail)
    else:
        own = [case for case in cases() if case.ref == ref]
        goal, why = pick(workload, own, asked.revision, unproven=asked.unproven)
        tools.say(f"returning to {goal}: {why}")
        _ask(agrees, dry_run, f"Roll back {ref} from {workload.current} to {goal}?")
        undone = undo(tools, workload, goal)
    if undone.outcome is not EffectOutcome.DONE:
        return False
    if dry_run:
        tools.say("nothing was changed (dry run, checked by the API server)")
        return True
    return await_rollout(tools, ref, generation=undone.generation, goal=goal)


def _ask(agrees: Agrees, dry_run: bool, question: str) -> None:
    """Raises Rejected where the answer is no; a dry run changes nothing, and needs none."""
    if not dry_run and not agrees(question):
        raise Rejected("not confirmed, nothing was done: answer y, or add --yes")
