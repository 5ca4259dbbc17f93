"""What the phases of a case in place make of what is seen, where that is not what a rollout's do."""

from __future__ import annotations

from datetime import datetime

from daemon.core.assessment import Attribution
from daemon.core.case import in_place
from daemon.core.case.case import Case, Phase
from daemon.core.case.edits import change, noted
from daemon.core.case.returning import patched
from daemon.core.model import Workload
from daemon.core.policy import Policy


def too_early(case: Case) -> bool:
    """Whether a failure may yet be attributed to a change in place: some pods see it later."""
    cause = case.status.assessment.attribution if case.status.assessment is not None else None
    return case.spec.in_place and case.phase is Phase.PROGRESSING and cause is not Attribution.DEPLOYMENT


def reaching(case: Case, policy: Policy, now: datetime) -> Case:
    text = in_place.arrived(case, policy, now)
    if not text:
        return case
    return noted(change(case, phase=Phase.WATCHING, watch_from=now, attended=0.0), text, now)


def seen_again(case: Case, workload: Workload, policy: Policy, now: datetime) -> Case:
    """What was put back is seen by running pods when the kubelet has synced them: what they do until then is
    nothing to the recovery."""
    if case.status.attended < policy.configuration_sync:
        return case
    text = "every running pod sees by now what was restored"
    return patched(case, workload.status.generation, text, now)
