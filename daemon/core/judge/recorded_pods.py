"""Whose the pods of a record are, and since when they count: what its lines say of them."""

from __future__ import annotations

import math

from daemon.core.judge.record_entries import RolloutStarted, Sampled
from daemon.core.rollout_facts.watch_rules import Roles, starts_at_zero
from daemon.core.signals.state import Side


class RecordedPods:
    def __init__(self) -> None:
        self._revisions: dict[str, str] = {}
        self._births: dict[str, float] = {}
        self._roles = Roles(judged="")
        self._began = math.inf

    def meet(self, line: Sampled) -> None:
        self._revisions[line.pod] = line.revision
        if line.born is not None:
            self._births[line.pod] = line.born

    def begin(self, rollout: RolloutStarted) -> None:
        """From now on this rollout's pods are the new ones."""
        self._roles = Roles(judged=rollout.revision, baseline=rollout.baseline)
        self._began = rollout.at

    def side(self, pod: str) -> Side:
        return self._roles.side(self._revisions.get(pod, ""))

    def is_new(self, pod: str) -> bool:
        return self.side(pod) is Side.NEW

    def born(self, pod: str) -> bool:
        """Whether it began counting in the rollout."""
        return starts_at_zero(self._births.get(pod), self._began, of_new_set=self.is_new(pod))
