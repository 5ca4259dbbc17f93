"""When the signals of a case count as asked for."""

from __future__ import annotations

from datetime import datetime

from daemon.adapters.simulation.clock import ManualClock
from daemon.core.signals.sample import Reading, Sample
from daemon.engine.evidence_store import EvidenceStore
from tests.unit.web import samples


def test_signals_were_asked_for_once_the_last_of_them_was() -> None:
    """A watch ends when they were, and a worker may look while the second one is being read."""
    case, workload = samples.watching(), samples.workload()
    seen: list[float | None] = []

    class Metrics:
        def read(self, signal: str) -> Reading:
            seen.append(store.polled_ago(case))
            return Reading(signal=signal, taken_at=samples.START.timestamp())

        def history(self, signal: str, start: datetime, end: datetime) -> tuple[Sample, ...]:
            del signal, start, end
            return ()

    store = EvidenceStore(Metrics(), ManualClock())
    store.attend(case, samples.POLICY)
    store.poll(lambda _case: workload)

    assert seen == [None, None]
    assert store.polled_ago(case) == 0.0
