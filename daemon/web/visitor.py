"""Who looks at the page or asks the API, and what they may see and do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.exceptions import HTTPException

from daemon.core.case.steps.step import Right
from daemon.ports import Identity, Person

SEE = Right(verb="list", resource="rolloutcases", group="rollbackd.io")
INSTRUCT = Right(verb="patch", resource="rolloutcases", group="rollbackd.io")
"""What it takes to see cases, and to approve and hold: kubectl's own rights."""


def change(deployment: str) -> Right:
    """What it takes to roll back or pause a Deployment by hand."""
    return Right(verb="patch", resource="deployments", group="apps", name=deployment)


Allowed = Callable[[Person, str, Right], bool]


@dataclass(frozen=True)
class Visitor:
    """Without an identity everything may be seen, and nothing done."""

    identity: Identity | None
    allowed: Allowed = field(repr=False)

    @property
    def name(self) -> str:
        return self.identity.person.name if self.identity is not None else ""

    def may(self, namespace: str, right: Right) -> bool:
        """Raises Unavailable when that cannot be asked."""
        if self.identity is None:
            return right == SEE
        person = self.identity.person
        return self.allowed(person, "", right) or self.allowed(person, namespace, right)

    def need(self, namespace: str, right: Right) -> None:
        """Raises HTTPException where a right is missing, Unavailable when that cannot be asked."""
        if not self.may(namespace, right):
            role = "view" if right == SEE else "edit"
            raise HTTPException(
                403,
                f"{self.name} may not {right} in namespace {namespace}: bind {role}, or this right, there",
            )
