"""To what a failure is attributed: a value to compare, with the sentence that people read."""

from __future__ import annotations

from enum import Enum

from daemon.core.assessment import Attribution
from daemon.core.value import Value


class Witness(Enum):
    """Every witness there is, with the cause that it speaks for: the two cannot disagree."""

    BEFORE_CHANGE = "it began before the configuration was changed", Attribution.INFRASTRUCTURE
    NO_COMPARISON = "nothing is known of the same pods before the change", Attribution.UNDECIDED
    LONG_AFTER = "it began long after every pod saw the change", Attribution.UNDECIDED
    CRASHES_ELSEWHERE = "a pod of another revision crashes as well", Attribution.INFRASTRUCTURE
    HINDERED = "the new pods are kept from coming up by what need not be theirs", Attribution.UNDECIDED
    NODES = "the pods that the facts name stand on nodes in trouble", Attribution.INFRASTRUCTURE
    BEFORE_ROLLOUT = "it began with the old pods, before the rollout", Attribution.INFRASTRUCTURE
    OLD_PODS_ALIKE = "the old pods fail alike", Attribution.INFRASTRUCTURE
    OLD_PODS_UNCLEAR = "the old pods may fail alike", Attribution.UNDECIDED
    DEPENDENCY = "a dependency went down with it", Attribution.INFRASTRUCTURE
    DEPENDENCY_UNCLEAR = "a dependency is down, and may not be the cause", Attribution.UNDECIDED
    OTHER_WORKLOADS = "others began to fail at the same moment", Attribution.INFRASTRUCTURE
    SOME_PODS_ON_BAD_NODES = (
        "some of the new pods alone are hit, on nodes in trouble",
        Attribution.INFRASTRUCTURE,
    )
    SOME_PODS = "some of the new pods alone are hit", Attribution.UNDECIDED
    TRAFFIC = "the traffic has changed as well", Attribution.UNDECIDED
    UNSEEN = "no old pod was left to be asked", Attribution.UNDECIDED
    CHANGE = "nobody speaks for anything but the change of configuration", Attribution.DEPLOYMENT
    RELEASE = "nobody speaks for anything but the release", Attribution.DEPLOYMENT

    def __init__(self, meaning: str, cause: Attribution) -> None:
        self.meaning = meaning
        self.cause = cause


class Finding(Value, frozen=True):
    """What one witness says; ``reason`` has its numbers, in words."""

    witness: Witness
    reason: str

    @property
    def cause(self) -> Attribution:
        return self.witness.cause
