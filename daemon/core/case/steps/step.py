"""What every kind of step has to say of itself."""

from __future__ import annotations

from collections.abc import Callable

from daemon.core.case.case import Case
from daemon.core.case.database import Database
from daemon.core.case.effect import Effect
from daemon.core.migration import DatabaseAct
from daemon.core.model import Revision
from daemon.core.policy import ConfigurationChoice, GateChoice, OwnerPolicy
from daemon.core.rollout_facts.configuration_content import Drift
from daemon.core.rollout_facts.owners import NOBODY, Owner, Ownership
from daemon.core.runs import FeatureFlag
from daemon.core.value import Value


class Situation(Value, frozen=True):
    """All that a plan follows from."""

    target: Revision
    configuration: ConfigurationChoice
    drift: tuple[Drift, ...] = ()
    in_place: bool = False
    """Whether configuration was changed with no rollout: then no template is put back."""
    target_runs: bool = True
    """Whether pods of the target are there that started before the plan; where unknown, they are."""
    gates: GateChoice = GateChoice.SKIP
    feature_flags: tuple[FeatureFlag, ...] = ()
    database: Database | None = None
    """What is known of the database; ``None`` where policy does not ask for its version."""
    ownership: Ownership = NOBODY
    owners: OwnerPolicy = OwnerPolicy()


class Draft(Value, frozen=True):
    """A step that is needed; ``subject`` tells several of one kind apart."""

    subject: str = ""
    drift: Drift | None = None
    database: DatabaseAct | None = None
    gates: GateChoice | None = None
    by_hand: str = ""
    owner: Owner | None = None
    overlay: str = ""


class Right(Value, frozen=True, order=True):
    """Something that the daemon must be allowed to do in the case's namespace. ``resource`` is of the API
    group, and of the object ``name`` alone where that is given."""

    verb: str
    resource: str
    group: str = ""
    name: str = ""

    def __str__(self) -> str:
        of = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {of}/{self.name}" if self.name else f"{self.verb} {of}"


def no_rights(case: Case, effect: Effect) -> tuple[Right, ...]:
    """Of a step that asks nothing of the API server, or that the plan goes on without."""
    del case, effect
    return ()


def needed_for_the_rest(effect: Effect) -> bool:
    """Of a step without which the plan ends."""
    del effect
    return False


class StepKind(Value, frozen=True):
    """One kind of step. ``marks`` says that its write leaves its token on the Deployment, by which it is
    found done after a crash; a step without must be known by what it changed, where it is acted."""

    kind: str
    marks: bool
    needed: Callable[[Situation], tuple[Draft, ...]]
    noun: Callable[[Effect], str]
    """What it is called in a sentence: "the rollback"."""
    words: Callable[[Case, Effect], str]
    """What it does: "put the template of revision 1 (v1.0.0) back"."""
    commands: Callable[[Case, Effect], tuple[str, ...]]
    """What a person would type for it."""
    rights: Callable[[Case, Effect], tuple[Right, ...]] = no_rights
    """What must be allowed for it, asked before the plan begins."""
    acts: bool = True
    """Whether it changes anything; one that only looks is no part of what was done."""
    dispensable: Callable[[Effect], bool] = needed_for_the_rest
    """Whether the plan goes on where it was refused."""
