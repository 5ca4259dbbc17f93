"""Asks what has to be known before a plan begins: all at once, and not for longer than a moment.

What is asked decides whether pods of the target can start, so an answer that is late is asked for again; but
a release that fails is not kept for long by an API server that does not answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from daemon.core.case import gates
from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.gates import Answer, Question, Weighed
from daemon.core.case.prior_state import MOST_EVENTS, prior_state
from daemon.core.case.steps.step import Right
from daemon.core.model import Workload
from daemon.core.rollout_facts.configuration import ABSENT
from daemon.core.rollout_facts.diagnosis import ObjectEvent
from daemon.engine.defects import Defects
from daemon.ports import (
    Clock,
    Cluster,
    Configuration,
    ConfigurationCopies,
    ObjectEvents,
    PortError,
    Rights,
    Unavailable,
)

BUDGET = 0.8
"""Seconds for all answers of one look together: the first step is to follow within a second."""
BRIEFLY = timedelta(seconds=5)
"""For so long what did not answer is asked again; then the plan goes on, or holds, without."""
MOST_ASKED = 5
"""Pods whose warnings are recorded."""


@dataclass(frozen=True, kw_only=True)
class Asking:
    """``rights``: of whom the daemon's own rights are asked; ``run`` starts a question beside the others.
    ``budget``: seconds for all answers of one look together."""

    rights: Rights | None = None
    run: Callable[[Callable[[], None]], object] = lambda job: job()
    budget: float = BUDGET


class GateLook:
    """Whoever looks waits no longer than the budget."""

    def __init__(
        self,
        asking: Asking,
        cluster: Cluster,
        configuration: Configuration,
        copies: ConfigurationCopies,
        events: ObjectEvents | None,
        clock: Clock,
        defects: Defects,
    ) -> None:
        self._asking = asking
        self._cluster = cluster
        self._configuration = configuration
        self._copies = copies
        self._events = events
        self._clock = clock
        self._defects = defects

    def look(self, case: Case, effect: Effect) -> Weighed:
        """What the answers come to. Raises Unavailable while it is worth asking again."""
        workload, target = self._cluster.workload(case.ref), case.status.target
        template = self._cluster.template(case.ref, target) if target is not None else None
        asked = gates.questions(case, template)
        answers: list[Answer | None] = [None] * len(asked)
        events: list[ObjectEvent] = []
        jobs = [self._answering(case, question, answers, place) for place, question in enumerate(asked)]
        jobs += [self._recording(case, uid, events) for uid in self._in_trouble(case, workload)]
        self._together(jobs)
        given = tuple(one or self._late(question) for one, question in zip(answers, asked, strict=True))
        now = self._clock.now()
        state = prior_state(workload, case.status.assessment, tuple(events), now)
        found = gates.weigh(case, effect, given, state)
        silent = next((one for one in given if one.temporary), None)
        if silent is not None and not found.refused and now - effect.intended_at < BRIEFLY:
            raise Unavailable(f"{silent.question} cannot be asked for: {silent.problem}")
        return found

    def _in_trouble(self, case: Case, workload: Workload | None) -> Sequence[str]:
        """UIDs of the judged revision's pods that are not ready, and of its ReplicaSet where pods lack."""
        if workload is None or self._events is None:
            return ()
        revision = case.spec.revision
        uids = [pod.uid for pod in workload.live_of(revision) if not pod.ready][:MOST_ASKED]
        return [*uids, revision.replica_set_uid] if revision.replica_set_uid in workload.unmade else uids

    def _together(self, jobs: Sequence[Callable[[], None]]) -> None:
        """Start all, and wait until they are done or the budget is."""
        ended = threading.Semaphore(0)
        for job in jobs:
            self._asking.run(_then(job, ended.release))
        deadline = self._clock.monotonic() + self._asking.budget
        for _ in jobs:
            if not ended.acquire(timeout=max(0.0, deadline - self._clock.monotonic())):
                return

    def _answering(
        self, case: Case, question: Question, answers: list[Answer | None], place: int
    ) -> Callable[[], None]:
        def answer() -> None:
            answers[place] = self._answer(case, question)

        return answer

    def _answer(self, case: Case, question: Question) -> Answer:
        try:
            return self._asked(case.namespace, question)
        except PortError as error:
            temporary = isinstance(error, Unavailable)
            return Answer(question=question, holds=None, problem=str(error), temporary=temporary)
        except Exception as defect:
            # The edge of a thread: what is not said here would never be said.
            self._defects.caught(defect, edge="gates", about=f"{case.key} {question}")
            return Answer(question=question, holds=None, problem="a defect of the daemon's, see the log")

    def _late(self, question: Question) -> Answer:
        problem = f"no answer within {self._asking.budget:g} s"
        return Answer(question=question, holds=None, problem=problem, temporary=True)

    def _asked(self, namespace: str, question: Question) -> Answer:
        if isinstance(question, Right):
            rights = self._asking.rights
            allowed = rights.may(namespace, question) if rights is not None else True
            return Answer(question=question, holds=allowed)
        if question.keys:
            found = self._copies.look(namespace, question.reference.name)
            lacking = () if found.absent else tuple(key for key in question.keys if key not in found.keys)
            return Answer(question=question, holds=not (found.absent or lacking), lacking=lacking)
        there = self._configuration.version(namespace, question.reference).version != ABSENT
        return Answer(question=question, holds=there)

    def _recording(self, case: Case, uid: str, found: list[ObjectEvent]) -> Callable[[], None]:
        """Events are recorded for people, and where they cannot be read nothing waits for them."""

        def record() -> None:
            try:
                warnings = self._events.warnings(case.namespace, uid) if self._events else ()
            except PortError:
                return
            except Exception as defect:
                self._defects.caught(defect, edge="gates", about=f"{case.key} Events")
                return
            found.extend(warnings[-MOST_EVENTS:])

        return record


def _then(job: Callable[[], None], after: Callable[[], object]) -> Callable[[], None]:
    def both() -> None:
        job()
        after()

    return both
