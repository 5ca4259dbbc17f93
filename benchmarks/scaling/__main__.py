"""``make bench-scaling``: does a workload cost more in a large fleet than in a small one?

The engine and the daemon's caches as they are, in one process, with a cluster that stands still. What is
counted is processor time and what is asked of others, so the machine may be busy with something else. Exits 1
where a workload costs more than 1.3 times as much at the largest size as at the smallest, or a kept case
takes more than its share of memory.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry

from benchmarks.scaling.fleet import IN_NAMESPACE, CachedCases, OneConfiguration, SteadyMetrics, StillCluster
from benchmarks.scaling.past import past
from daemon import logs
from daemon.adapters.simulation.clock import ManualClock
from daemon.adapters.simulation.cluster import MemoryCluster
from daemon.adapters.simulation.configuration import MemoryConfiguration
from daemon.adapters.simulation.health import MemoryHealthProbe
from daemon.adapters.simulation.surroundings import MemorySurroundings
from daemon.core.model import Alert
from daemon.core.policy import Policy, SignalPolicy
from daemon.engine.assembly import Assembled, assemble
from daemon.engine.parts import EngineParts, Tools
from daemon.engine.queue import WorkQueue
from daemon.engine.surroundings_cache import Sources
from daemon.web.fleet_metrics import FleetMetrics

SIZES = (100, 1000)
KEPT = 20
MOST = 1.3
"""By this factor a workload may cost more at the largest size."""
MOST_KEPT = 5.0
"""kB that a kept case may take: twenty of each of 1,000 workloads are a hundred megabytes."""
KEPT_CASE = "kB held, a kept case"
ROUNDS = 5
POLICY = Policy(signals=(SignalPolicy(name="errors", title="error rate", limit=0.05),), sinks=())
ALERTS, ALERTED = 200, 50
"""Alerts of a delivery, and the workloads that they are about."""


class Daemon:
    """The engine over a fleet of ``size``, each workload with ``KEPT`` cases."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.clock = ManualClock()
        self.cluster = StillCluster(size)
        self.cases = CachedCases()
        self.metrics = SteadyMetrics(size, self.clock)
        self.configuration = OneConfiguration()
        self.queue = WorkQueue(self.clock.monotonic)
        beside = MemoryCluster(self.clock)
        around = MemorySurroundings(beside, self.clock, ())
        self.daemon: Assembled = assemble(
            EngineParts(
                clock=self.clock,
                cluster=self.cluster,
                tools=lambda _: Tools(
                    actuator=beside,
                    copies=self.configuration,
                    restorer=MemoryConfiguration(self.clock),
                ),
                store=self.cases,
                metrics=self.metrics,
                surroundings=Sources(gauges=around, neighbours=around, nodes=around),
                health=MemoryHealthProbe(beside),
                configuration=self.configuration,
                sinks={},
                policies=lambda _ref, _workload: POLICY,
                run=lambda job: job(),
                registry=CollectorRegistry(),
            ),
            self.queue,
        )

    def drain(self) -> None:
        while self.daemon.engine.step():
            pass

    def start(self) -> None:
        """The first look at everything."""
        self.daemon.engine.resync()
        self.drain()

    def remember(self) -> None:
        """The cases that earlier releases left behind."""
        for case in tuple(self.cases.cases()):
            for number in range(1, KEPT):
                self.cases.create(past(case, number))

    def resync(self) -> None:
        self.clock.advance(60)
        self.daemon.engine.resync()
        self.drain()
        # What gets its turn later than at once, so that a failing release need not wait for a whole fleet.
        self.clock.advance(59)
        self.drain()

    def poll(self) -> None:
        self.clock.advance(5)
        self.daemon.engine.poll()
        self.drain()

    def release(self, number: int) -> None:
        """So many workloads are given another revision, over all namespaces."""
        every = max(1, self.size // number)
        for one in range(0, self.size, every)[:number]:
            self.queue.put(self.cluster.add(one, revision=2))
        self.drain()

    def alert(self, number: int) -> None:
        """Delivered as one, half of them about workloads that are guarded."""
        alerts = [self._alert(one) for one in range(number)]
        delivery = self.daemon.engine.deliver(alerts)
        self.drain()
        delivery.wait(0)

    def _alert(self, number: int) -> Alert:
        found = number % ALERTED * (self.size // ALERTED)
        name = f"app-{found}" if number % 2 else f"stranger-{found}"
        labels = {
            "namespace": f"team-{found // IN_NAMESPACE}",
            "pod": f"{name}-hash1-00001",
            "container": "app",
        }
        began = self.clock.now()
        return Alert(fingerprint=f"a{number}", name="Slow", starts_at=began, status="firing", labels=labels)


def best(act: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Processor seconds of the quickest of some rounds."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        act()
        times.append(time.process_time() - began)
    return min(times)


def traced() -> int:
    """Bytes that Python holds, garbage excepted."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def measure(size: int) -> dict[str, float]:
    """Microseconds of processor time of a workload, and what else it costs."""
    tracemalloc.start()
    daemon = Daemon(size)
    daemon.start()
    without = traced()
    daemon.remember()
    held = traced()
    finished = [one for one in daemon.cases.outlines() if not one.unfinished]
    whole = [one.whole() for one in finished[-SIZES[0] :]]
    decoded = (traced() - held) / len(whole)
    del whole
    tracemalloc.stop()
    each = 1e6 / size
    found = {
        "kB held, a workload": without / 1e3 / size,
        "kB as values, a kept case": decoded / 1e3,
        KEPT_CASE: (held - without) / 1e3 / size / (KEPT - 1),
    }
    found["start"] = min(best(Daemon(size).start, 1) for _ in range(3)) * each
    daemon.resync()
    asked = daemon.configuration.asked.copy()
    found["resync"] = best(daemon.resync) * each
    found["requests, a resync"] = (daemon.configuration.asked - asked).total() / ROUNDS / size
    cases = FleetMetrics(daemon.daemon.views)
    found["metrics of the cases"] = best(lambda: list(cases.collect())) * each
    found["idle poll"] = best(daemon.poll) * each
    found[f"alert, one of {ALERTS}"] = best(lambda: daemon.alert(ALERTS)) * 1e6 / ALERTS
    daemon.release(20)
    daemon.poll()
    queries = daemon.metrics.queries
    found["poll, 20 releases"] = best(daemon.poll) * each
    found["queries, a poll"] = (daemon.metrics.queries - queries) / ROUNDS
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=list(SIZES), help="how many workloads")
    sizes: Sequence[int] = sorted(parser.parse_args().sizes)
    logs.configure("error", "console")
    rows = {size: measure(size) for size in sizes}
    small, large = rows[sizes[0]], rows[sizes[-1]]
    print(
        f"{'µs of processor time, a workload':34}" + "".join(f"{size:>10}" for size in sizes) + "     ratio"
    )
    well = True
    for name in small:
        ratio = large[name] / small[name] if small[name] else 1.0
        well = well and ratio <= MOST
        verdict = "" if ratio <= MOST else f"  more than {MOST:g}"
        print(f"{name:34}" + "".join(f"{rows[s][name]:>10.1f}" for s in sizes) + f"{ratio:>10.2f}{verdict}")
    kept = large[KEPT_CASE]
    print(f"{KEPT_CASE}: {kept:.1f} of {MOST_KEPT:g} at most")
    return 0 if well and kept <= MOST_KEPT else 1


if __name__ == "__main__":
    sys.exit(main())
