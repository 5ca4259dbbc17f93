"""Workloads that begin to fail together point away from each other's releases, not from their own starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from daemon.core.case.case import Case, Spec
from daemon.core.judge.coincident_failures import CoincidentFailures
from daemon.core.judge.detection import SignalView
from daemon.core.model import Change, Revision
from daemon.core.policy import Policy, SignalPolicy
from daemon.core.signals.sample import Sample
from daemon.core.signals.state import Side, SignalState, initial_state, update

ERRORS = SignalPolicy(name="errors", title="error rate", limit=0.05)
POLICY = Policy(signals=(ERRORS,))
START = 1_800_000_000.0
"""When every rollout here began."""
SCRAPE = 15.0
INCIDENT = START + 300.0


def case(name: str) -> Case:
    at = datetime.fromtimestamp(START, UTC)
    revision = Revision(
        hash="h2",
        replica_set=f"{name}-h2",
        replica_set_uid=f"rs-{name}",
        number=2,
        images=(f"{name}:v2",),
        created_at=at,
    )
    return Case(
        namespace="greenlang",
        name=f"{name}-r2",
        spec=Spec(
            workload=name,
            workload_uid=f"uid-{name}",
            revision=revision,
            change=Change.IMAGE,
            opened_at=at,
            started_at=at,
        ),
    )


def state(fails_from: float | None, until: float = INCIDENT + 60) -> SignalState:
    """20 requests a second: half of them fail from a moment on, one in a hundred before."""

    def samples(pod: str, first: float, last: float) -> list[Sample]:
        found, bad, total, at = [], 0.0, 0.0, first
        while at <= last:
            failing = fails_from is not None and at > fails_from
            bad, total = bad + 300 * (0.5 if failing else 0.01), total + 300
            found.append(Sample(namespace="greenlang", pod=pod, at=at, total=total, bad=bad))
            at += SCRAPE
        return found

    def side(pod: str) -> Side:
        return Side.NEW if pod == "new" else Side.OLD

    started = initial_state(ERRORS, 0.01, START, samples("old", START - 1800, START), side)
    return update(started, samples("new", START + SCRAPE, until), lambda _: True, side)


class Town:
    """Workloads by name, each with when it began to fail."""

    def __init__(self, **fails_from: float | None) -> None:
        self.states = {name: state(at) for name, at in fails_from.items()}
        self.asked: Counter[str] = Counter()
        self.company = CoincidentFailures(self.views)

    def views(self, of: Case) -> Mapping[str, SignalView]:
        self.asked[of.spec.workload] += 1
        return {"errors": SignalView(state=self.states[of.spec.workload])}

    def others(self, name: str, onset: tuple[float, float] | None, turn: int = 1) -> tuple[str, ...]:
        watched = [(case(other), POLICY) for other in self.states]
        views = {"errors": SignalView(state=self.states[name])}
        return self.company.of(case(name), onset, views, watched, turn)


AT_INCIDENT = (INCIDENT, INCIDENT + SCRAPE)


def test_who_fails_since_the_same_moment_is_named() -> None:
    town = Town(heat=INCIDENT, cart=INCIDENT + 20, basket=None, old=INCIDENT - 200)
    assert town.others("heat", AT_INCIDENT) == ("greenlang/cart",)


def test_a_release_that_fails_from_its_start_is_not_excused_by_those_it_takes_with_it() -> None:
    town = Town(heat=START, cart=START + 20)
    assert town.others("heat", (START, START + 2 * SCRAPE)) == ()
    town = Town(heat=INCIDENT, cart=START + 290)
    assert town.others("heat", AT_INCIDENT) == ("greenlang/cart",), "the other had long been well"


def test_without_a_clear_beginning_nothing_coincides() -> None:
    town = Town(heat=INCIDENT, cart=INCIDENT)
    assert town.others("heat", None) == ()
    assert town.others("heat", (INCIDENT - 200, INCIDENT + 100)) == ()


def test_however_many_ask_each_is_judged_once_a_poll() -> None:
    town = Town(heat=INCIDENT, cart=INCIDENT, basket=INCIDENT)
    for _ in range(3):
        for name in town.states:
            assert len(town.others(name, AT_INCIDENT)) == 2
    assert set(town.asked.values()) == {1}
    town.others("heat", AT_INCIDENT, turn=2)
    assert town.asked == {"heat": 1, "cart": 2, "basket": 2}


def test_a_workload_is_no_company_of_its_own() -> None:
    assert Town(heat=INCIDENT).others("heat", AT_INCIDENT) == ()
