"""What every kind of step has to say of itself."""

from __future__ import annotations

from collections.abc import Callable

from daemon.core.case.case import Case, Effect
from daemon.core.model import Revision
from daemon.core.policy import ConfigurationChoice
from daemon.core.rollout_facts.configuration_content import Drift
from daemon.core.value import Value


class Situation(Value, frozen=True):
    """All that a plan follows from."""

    target: Revision
    configuration: ConfigurationChoice
    drift: tuple[Drift, ...] = ()
    target_runs: bool = True
    """Whether pods of the target are there that started before the plan; where unknown, they are."""


class Draft(Value, frozen=True):
    """A step that is needed; ``subject`` tells several of one kind apart."""

    subject: str = ""
    drift: Drift | None = None


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
