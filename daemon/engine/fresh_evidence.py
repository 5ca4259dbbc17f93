"""What was counted since a rollback's patch, of one signal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from daemon.core.policy import SignalPolicy
from daemon.core.signals.baseline import total
from daemon.core.signals.counters import Book, Step, read
from daemon.core.signals.pod_stage import starts_by
from daemon.core.signals.sample import Sample
from daemon.core.signals.startup import Startup, kept
from daemon.core.signals.state import Births
from daemon.core.statistics.counts import Tally


class Fresh(msgspec.Struct, frozen=True):
    book: Book = Book()
    young: tuple[Step, ...] = ()
    """Of pods that are in their first minutes."""

    def with_samples(self, samples: Sequence[Sample], born: Births) -> Fresh:
        book, steps = read(self.book, samples, starts_at_zero=born)
        return Fresh(book=book, young=kept(self.young, [_at_birth(step) for step in steps]))

    def starting(self, startup: Startup | None, policy: SignalPolicy, wanted: Callable[[str], bool]) -> Tally:
        """What pods did in the time in which proven releases' pods failed some requests as well."""
        if startup is None:
            return Tally()
        starts = starts_by(startup, policy, self.young)
        return total([step for step in self.young if wanted(step.pod) and starts(step)])


def _at_birth(step: Step) -> Step:
    """A pod's first scrape has no time before it."""
    return msgspec.structs.replace(step, age=-1.0) if step.since == step.at else step
