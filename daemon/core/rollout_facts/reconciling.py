"""Whether an owner's controller is at work: read from what it writes on its own object.

Suspending an owner keeps its controller from beginning, and not from ending what it has begun. Which field
says what is read from the controllers' sources; docs/owners.md has where.
"""

from __future__ import annotations

from typing import Final

from daemon.core.value import Value

PROGRESSING: Final = "Progressing"
"""Why Flux is reconciling; with ``ProgressingWithRetry`` it has failed, and waits for its next try."""
AT_WORK: Final = frozenset({"Running", "Terminating"})
"""Phases of an operation of Argo CD's that has not ended."""


class OwnerCondition(Value, frozen=True):
    type: str
    status: str = ""
    reason: str = ""
    message: str = ""


class OwnerStatus(Value, frozen=True):
    """What an owner's object says.

    ``observed`` is the generation that its controller has ended a reconcile of; 0 where it says none, as Argo
    CD does. ``operation`` is the phase of Argo CD's newest operation, ``requested`` that another one waits.
    """

    generation: int = 0
    observed: int = 0
    conditions: tuple[OwnerCondition, ...] = ()
    operation: str = ""
    requested: bool = False

    @property
    def has_seen_all(self) -> bool:
        """Whether the controller has ended a reconcile of the object as it is now.

        It works on an object once at a time: nothing that began before is under way any more.
        """
        return 0 < self.generation <= self.observed

    def condition(self, kind: str) -> OwnerCondition | None:
        return next((one for one in self.conditions if one.type == kind), None)


def under_way(status: OwnerStatus) -> str:
    """What of the owner's may still write the Deployment, in few words; empty where nothing is seen."""
    if status.operation in AT_WORK:
        return f"its operation is {status.operation}"
    if status.requested:
        return "an operation is requested"
    found = status.condition("Reconciling")
    if status.has_seen_all or found is None or (found.status, found.reason) != ("True", PROGRESSING):
        return ""
    health = status.condition("Healthy")
    if health is not None and (health.status, health.message) == ("Unknown", found.message):
        # All is applied, and it waits until that is well: nothing further is written. Both are set at once,
        # so that a mark which a reconcile before has left is told by its words.
        return ""
    return found.message or found.reason
