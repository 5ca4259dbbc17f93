"""The slow share of a histogram: what is surely slow, what may be, and never a counter that jumps."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.adapters.prometheus.client import Answer
from daemon.adapters.prometheus.promql import Grouping
from daemon.adapters.prometheus.sources import KEPT, LOOKBACK, MOST_LOOKS, HistogramQueries, looks
from daemon.adapters.simulation.clock import ManualClock
from daemon.core.signals.sample import Sample
from daemon.ports import Unavailable
from daemon.settings import SlowShare
from tests.unit.prometheus.histograms import NOW, Histograms, Pod

END = datetime.fromtimestamp(NOW, UTC)
CLASSIC = ("1", "2.5", "5", "10")
FINE = tuple(2 ** (step / 8) for step in range(-40, 41))
"""Edges of a native histogram of schema 3."""


def queries(
    server: Histograms, *, bound: float = 5.0, matchers: str = "", clock: ManualClock | None = None
) -> HistogramQueries:
    share = SlowShare(histogram="took_seconds", matchers=matchers, bound=bound)
    grouping = Grouping(namespace="namespace", pod="pod", replicas=("replica",))
    return HistogramQueries(share, grouping, server, clock or ManualClock())


def read(asked: HistogramQueries) -> dict[str, tuple[float, float | None, float]]:
    """Total, bad and unclear of each pod."""
    return {sample.pod: (sample.total, sample.bad, sample.unclear) for sample in asked.now().samples}


def test_an_edge_at_the_bound_leaves_nothing_open() -> None:
    server = Histograms({"heat-1": Pod([0.2, 5.0, 5.1, 30.0], edges=CLASSIC)})
    assert read(queries(server)) == {"heat-1": (4, 2, 0)}


def test_a_bound_between_two_edges_leaves_their_bucket_open() -> None:
    server = Histograms({"heat-1": Pod([0.2, 3.0, 7.0, 30.0], edges=("1", "2.5", "10"))})
    assert read(queries(server)) == {"heat-1": (4, 1, 2)}


def test_a_bound_beyond_all_edges() -> None:
    server = Histograms({"heat-1": Pod([0.2, 3.0, 30.0], edges=CLASSIC)})
    assert read(queries(server, bound=20)) == {"heat-1": (3, 0, 1)}
    assert read(queries(server, bound=0.5)) == {"heat-1": (3, 2, 1)}


def test_a_histogram_without_any_edge_says_nothing_and_claims_nothing() -> None:
    assert read(queries(Histograms({"heat-1": Pod([0.2, 30.0], edges=())}))) == {"heat-1": (2, 0, 2)}


def test_edges_are_the_same_however_they_are_spelled() -> None:
    took = [0.2, 7.0]
    server = Histograms({"heat-1": Pod(took, edges=("5",)), "heat-2": Pod(took, edges=("5.0", "1e+01"))})
    assert read(queries(server)) == {"heat-1": (2, 1, 0), "heat-2": (2, 1, 0)}


def test_each_pod_is_read_at_its_own_edges() -> None:
    took = [0.2, 3.0, 7.0, 30.0]
    server = Histograms(
        {"old-1": Pod(took, edges=("1", "10")), "new-1": Pod(took, edges=("1", "2.5", "5", "8", "10"))}
    )
    assert read(queries(server)) == {"old-1": (4, 1, 2), "new-1": (4, 2, 0)}


def test_the_edges_are_looked_up_once_for_many_readings() -> None:
    server = Histograms({"heat-1": Pod([0.2], edges=CLASSIC)})
    asked = queries(server)
    for _ in range(20):
        asked.now()
    assert server.asked == {"fleet": 20, "layout": 1, "buckets": 0}


def test_the_edges_are_looked_up_again_after_a_while() -> None:
    server, clock = Histograms({"heat-1": Pod([0.2], edges=CLASSIC)}), ManualClock()
    asked = queries(server, clock=clock)
    asked.now()
    clock.advance(KEPT + 1)
    asked.now()
    asked.now()
    assert server.asked["layout"] == 2


def test_a_new_pod_is_read_at_its_own_edges_from_its_first_reading() -> None:
    server = Histograms({"old-1": Pod([0.2, 7.0], edges=("1", "10"))})
    asked = queries(server)
    assert read(asked) == {"old-1": (2, 0, 1)}
    server.pods["new-1"] = Pod([0.2, 7.0], edges=("1", "5", "10"))
    assert read(asked) == {"old-1": (2, 0, 1), "new-1": (2, 1, 0)}
    assert server.asked["layout"] == 2


def test_one_that_is_not_there_is_named_with_the_remedy() -> None:
    server = Histograms()
    with pytest.raises(Unavailable) as raised:
        queries(server).now()
    assert "http://prometheus has no histogram took_seconds" in str(raised.value)
    assert "a summary has no buckets" in str(raised.value).partition(" — ")[2]
    assert queries(server).past(END - timedelta(minutes=5), END, step=5).samples == ()


def test_matchers_stand_in_every_selector() -> None:
    seen: list[str] = []

    class Spied(Histograms):
        def instant(self, query: str) -> Answer:
            seen.append(query)
            return super().instant(query)

    matchers = 'endpoint="/x" # both'
    queries(Spied({"heat-1": Pod([0.2], edges=CLASSIC)}), matchers=matchers).now()
    query = seen[-1]
    assert all(matchers in look for look in seen)
    assert query.count("took_seconds_bucket{") == query.count(f"{matchers}\n}}")


def test_of_both_forms_the_classic_is_read_where_it_is_exact() -> None:
    both = Pod([0.2, 4.9, 30.0], edges=CLASSIC, native=FINE)
    assert read(queries(Histograms({"heat-1": both}))) == {"heat-1": (3, 1, 0)}


def test_of_both_forms_the_native_is_read_where_the_classic_is_not_exact() -> None:
    both = Pod([0.2, 3.0, 30.0], edges=("1", "2.5", "10"), native=FINE)
    assert read(queries(Histograms({"heat-1": both}))) == {"heat-1": (3, 1, 0)}


def test_a_fleet_of_both_forms() -> None:
    took = [0.2, 3.0, 30.0]
    server = Histograms({"heat-1": Pod(took, edges=("1", "10")), "heat-2": Pod(took, native=FINE)})
    assert read(queries(server)) == {"heat-1": (3, 1, 1), "heat-2": (3, 1, 0)}


def test_a_pod_does_not_change_from_one_form_to_the_other() -> None:
    server = Histograms({"heat-1": Pod([0.2, 4.9, 30.0], edges=CLASSIC, native=FINE)})
    asked = queries(server)
    before = read(asked)["heat-1"]
    server.pods["heat-2"] = Pod([0.2], edges=("1", "10"))
    assert read(asked)["heat-1"] == before


def test_the_past_is_read_at_the_edges_of_its_own_pods() -> None:
    server = Histograms(
        pods={"new-1": Pod([0.2, 7.0], edges=CLASSIC)},
        past={"old-1": Pod([0.2, 7.0], edges=("1", "10"), at=NOW - 900)},
    )
    samples = queries(server).past(END - timedelta(minutes=30), END, step=5).samples
    assert {(s.pod, s.total, s.bad, s.unclear) for s in samples} == {("new-1", 2, 1, 0), ("old-1", 2, 0, 1)}


def test_the_past_is_looked_at_closer_where_a_native_bucket_was_missed() -> None:
    server = Histograms({"heat-1": Pod([0.2, 7.0], native=FINE)}, hidden=[7.0])
    (sample,) = queries(server).past(END - timedelta(minutes=30), END, step=5).samples
    assert (sample.bad, sample.unclear) == (1, 0)
    assert server.asked == {"fleet": 2, "layout": 1, "buckets": 1}


@given(span=st.floats(min_value=0.0, max_value=90_000.0), since=st.floats(min_value=0.0, max_value=1.0))
def test_the_edges_are_looked_at_from_the_begin_to_the_end(span: float, since: float) -> None:
    start, end = END + timedelta(seconds=since), END + timedelta(seconds=since + span)
    first, last, between = looks(start, end)
    assert first <= start <= end <= last < end + timedelta(seconds=1)
    count = (last - first).total_seconds() / between
    assert count == int(count)
    assert 1 <= count < MOST_LOOKS
    assert between <= LOOKBACK or count == MOST_LOOKS - 1
    # The client rounds to whole seconds.
    assert first.microsecond == last.microsecond == between % 1 == 0


@given(minutes=st.floats(min_value=1.0, max_value=50.0))
def test_what_began_just_before_the_end_is_read_at_its_own_edges(minutes: float) -> None:
    took = [0.2, 7.0]
    server = Histograms(
        pods={"new-1": Pod(took, edges=("5.0",), since=NOW - 30)}, past={"old-1": Pod(took, edges=("1", "5"))}
    )
    samples = queries(server).past(END - timedelta(minutes=minutes), END, step=5).samples
    assert {(s.pod, s.bad, s.unclear) for s in samples} == {("new-1", 1, 0), ("old-1", 1, 0)}


@given(minutes=st.floats(min_value=1.0, max_value=50.0))
def test_a_histogram_that_began_just_before_the_end_has_a_history(minutes: float) -> None:
    server = Histograms({"new-1": Pod([0.2, 7.0], native=FINE, since=NOW - 30)})
    (sample,) = queries(server).past(END - timedelta(minutes=minutes), END, step=5).samples
    assert (sample.bad, sample.unclear) == (1, 0)


EDGES = st.lists(st.sampled_from((0.5, 1.0, 2.5, 4.0, 5.0, 7.5, 10.0)), max_size=4, unique=True).map(sorted)
TOOK = st.lists(st.sampled_from((0.1, 0.7, 2.0, 3.0, 4.5, 5.0, 6.0, 9.0, 20.0)), max_size=12)
PODS = st.dictionaries(
    st.sampled_from(("a", "b", "c")), st.tuples(EDGES, TOOK, st.booleans()), min_size=1, max_size=3
)


def _made(pods: dict[str, tuple[list[float], list[float], bool]]) -> Histograms:
    return Histograms(
        {
            name: Pod(took, native=edges) if native else Pod(took, edges=tuple(f"{edge:g}" for edge in edges))
            for name, (edges, took, native) in pods.items()
        }
    )


def _holds(sample: Sample, pod: Pod, bound: float) -> None:
    slow = sum(took > bound for took in pod.took)
    bad = sample.bad or 0.0
    assert bad <= slow <= bad + sample.unclear
    assert bad + sample.unclear <= sample.total == len(pod.took)
    if pod.edges is not None:
        edges = [float(edge) for edge in pod.edges]
        above = min((edge for edge in edges if edge >= bound), default=math.inf)
        below = max((edge for edge in edges if edge <= bound), default=-math.inf)
        assert (bad, sample.unclear) == (
            sum(took > above for took in pod.took),
            sum(below < took <= above for took in pod.took),
        )


@given(pods=PODS, bound=st.sampled_from((0.5, 3.0, 5.0, 8.0)), more=st.lists(TOOK, max_size=3))
def test_the_truth_lies_within_the_bounds_and_no_counter_falls(
    pods: dict[str, tuple[list[float], list[float], bool]], bound: float, more: list[list[float]]
) -> None:
    server = _made(pods)
    asked = queries(server, bound=bound)
    before: dict[str, Sample] = {}
    for took in [[], *more]:
        for pod in server.pods.values():
            pod.took.extend(took)
        samples = {sample.pod: sample for sample in asked.now().samples}
        assert samples.keys() == server.pods.keys()
        for name, sample in samples.items():
            _holds(sample, server.pods[name], bound)
            if name in before:
                assert (sample.bad or 0.0) >= (before[name].bad or 0.0)
                assert sample.unclear >= before[name].unclear
        before = samples
