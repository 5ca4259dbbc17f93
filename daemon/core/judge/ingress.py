"""Whether the service answers where its users come in, and not on its pods alone."""

from __future__ import annotations

from daemon.core.assessment import Condition
from daemon.core.runs import Ending, Ingress, RunResult
from daemon.core.value import Value

REDIRECTS = range(300, 400)
REFUSED = (401, 407)
"""Statuses that ask for a login by themselves."""


class IngressAnswer(Value, frozen=True):
    """The newest answer since the rollback's rollout was complete; ``problem``: why there is none."""

    result: RunResult | None = None
    problem: str = ""


def answers(check: Ingress, newest: IngressAnswer) -> Condition:
    """A redirect is no success, unless it is what was asked for: behind a login nobody sees the service."""
    name, found = f"ingress {check.call.url}", newest.result
    if found is None:
        return Condition(name=name, holds=None, detail=newest.problem or "not asked yet")
    if found.ending is not Ending.FINISHED:
        return Condition(name=name, holds=None, detail=str(found))
    if found.passed:
        return Condition(name=name, holds=True, detail=f"{found.code} in {found.seconds * 1000:.0f} ms")
    return Condition(name=name, holds=False, detail=f"{_words(found)}, {check.call.status} was expected")


def _words(found: RunResult) -> str:
    if found.code in REDIRECTS:
        where = f"to {found.location}" if found.location else "with no address"
        return f"it answers with a login page, or what else it redirects to ({found.code} {where})"
    if found.code in REFUSED:
        return f"it asks for a login ({found.code})"
    said = " ".join(found.output.split())[:120]
    return f"it answers with {found.code}: {said}" if said else f"it answers with {found.code}"
