"""What becomes of a rollback where somebody else owns the Deployment.

An owner that heals by itself puts the judged revision back within seconds or minutes: a rollback of the
Deployment alone is futile there, and the two would take turns with the pods. So by default the daemon holds
and gives the commands that work. Where it acts all the same and the revision comes back, it does so once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from daemon.core.case.case import Case
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.guards.rollback_limit import DAY
from daemon.core.model import Workload
from daemon.core.policy import SUSPENDABLE, OwnerChoice, OwnerKind, OwnerPolicy
from daemon.core.rollout_facts.owners import AUTOMATONS, NOBODY, Owner, Ownership, last_writer, ownership

HEALS = SUSPENDABLE | {OwnerKind.CONTROLLER, OwnerKind.CANARY, OwnerKind.ROLLOUT}
"""Owners that may write by themselves."""


def owner_refusal(owned: Ownership, policy: OwnerPolicy) -> str:
    """Why the daemon does not act by itself against these owners, or nothing."""
    strict = [owner for owner in owned.owners if policy.choice(owner.kind) is not OwnerChoice.ACT]
    match strict:
        case []:
            return ""
        case [owner] if policy.choice(owner.kind) is OwnerChoice.SUSPEND:
            if owner.name:
                return ""
            return (
                f"held, {owner} owns the Deployment ({owner.evidence}) and must be suspended first, but no "
                "mark tells its name: suspend it by hand and approve"
            )
        case [owner] if policy.choice(owner.kind) is OwnerChoice.GIT:
            if policy.overlay:
                return ""
            return (
                f"held, {owner} owns the Deployment ({owner.evidence}) and must be set back in Git, but the "
                "workload has no overlay: name one, or set it back there by hand"
            )
        case [owner]:
            return (
                f"held, {owner} owns the Deployment ({owner.evidence}) and puts back what it wants: set it "
                "back there, or suspend it and approve to return by the Deployment alone"
            )
        case _:
            names = " and ".join(f"{owner} ({owner.evidence})" for owner in strict)
            return (
                f"held, {names} own the Deployment, and which of them puts the release back cannot be told: "
                "set it back there, or suspend them and approve"
            )


def suspended_first(owned: Ownership, policy: OwnerPolicy) -> Owner | None:
    """Whom a plan suspends before anything else, by its full name."""
    chosen = [
        owner
        for owner in owned.owners
        if owner.kind in SUSPENDABLE and owner.name and policy.choice(owner.kind) is OwnerChoice.SUSPEND
    ]
    if len(chosen) != 1:
        return None
    [owner] = chosen
    if owner.kind is OwnerKind.ARGO_CD and not owner.namespace:
        return replace(owner, namespace=policy.argocd_namespace)
    return owner


def committed_first(owned: Ownership, policy: OwnerPolicy) -> Owner | None:
    """Whose source in Git a plan sets back first."""
    chosen = [owner for owner in owned.owners if policy.choice(owner.kind) is OwnerChoice.GIT]
    return chosen[0] if len(chosen) == 1 and policy.overlay else None


def warning(owned: Ownership, policy: OwnerPolicy) -> str:
    """What acting leaves as it is: what the owner wants is still the judged revision. Empty without one."""
    seen_to = (suspended_first(owned, policy), committed_first(owned, policy))
    kinds = {owner.kind for owner in seen_to if owner is not None} | {OwnerKind.KUBECTL}
    left = [owner for owner in owned.owners if owner.kind not in kinds]
    if not left:
        return ""
    names = " and ".join(map(str, left))
    return f"{names} still has the judged revision, and may put it back"


def put_back(case: Case, cases: Sequence[Case], workload: Workload, now: datetime) -> str:
    """By whom the judged template was put back over a rollback of the last day, and which; else nothing.

    A person who deploys the same release again has it judged anew. An automaton would do so for ever.
    """
    taken_away = [other for other in cases if _rolled_back(other, case, now)]
    earlier = max(taken_away, key=lambda other: other.spec.opened_at, default=None)
    writer = last_writer(workload)
    if earlier is None or not writer:
        return ""
    owners = ownership(workload).owners
    kind = AUTOMATONS.get(writer)
    # kubectl and Helm are people's, or a pipeline's that people start.
    by_people = writer.startswith("kubectl") or writer == "helm"
    owner = next((o for o in owners if o.kind is kind or (kind is None and o.kind in HEALS)), None)
    if kind is None and (owner is None or by_people):
        return ""
    who = f"{owner} (field manager {writer})" if owner is not None else f"field manager {writer}"
    return f"{who} after the rollback of case {earlier.name}"


def _rolled_back(earlier: Case, case: Case, now: datetime) -> bool:
    """Whether an earlier case took this very template away."""
    same = (
        earlier.name != case.name
        and earlier.spec.workload_uid == case.spec.workload_uid
        and earlier.spec.revision.hash == case.spec.revision.hash
        and earlier.spec.revision.number < case.spec.revision.number
    )
    return same and any(
        effect.kind == "rollback"
        and effect.outcome is EffectOutcome.DONE
        and effect.finished_at is not None
        and now - effect.finished_at < DAY
        for effect in earlier.status.effects
    )


def war(case: Case, by: str) -> str:
    return (
        f"held, {case.spec.revision} was put back by {by}: a second rollback would be undone as well; set "
        "it back at its owner, or suspend that and approve"
    )


def owned(case: Case) -> Ownership:
    return case.status.ownership or NOBODY
