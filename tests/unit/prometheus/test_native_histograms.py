"""Native histograms: each pod is read at edges of its own, whatever others under the same name have."""

from __future__ import annotations

from datetime import timedelta

import pytest

from daemon.adapters.prometheus.client import Answer
from tests.unit.prometheus.histograms import Histograms, Pod
from tests.unit.prometheus.test_histograms import END, FINE, queries, read

COARSE = tuple(2 ** (step / 2) for step in range(-10, 11))
CUSTOM = (0.5, 1.0, 2.5, 6.0)
"""Of a classic histogram that was converted."""


def test_a_native_bucket_around_the_bound_stays_open() -> None:
    server = Histograms({"heat-1": Pod([0.2, 4.9, 5.05, 30.0], native=FINE)})
    assert read(queries(server)) == {"heat-1": (4, 1, 2)}


def test_a_native_edge_at_the_bound_leaves_nothing_open() -> None:
    server = Histograms({"heat-1": Pod([0.2, 3.9, 4.1], native=FINE)})
    assert read(queries(server, bound=4.0)) == {"heat-1": (3, 1, 0)}


def test_the_first_slow_requests_of_a_native_histogram_are_told_in_the_same_reading() -> None:
    """No bucket was near the bound before, so nobody knew where they end."""
    pod = Pod([0.2] * 9, native=FINE)
    server = Histograms({"heat-1": pod})
    asked = queries(server)
    assert read(asked) == {"heat-1": (9, 0, 0)}
    pod.took.append(7.0)
    assert read(asked) == {"heat-1": (10, 1, 0)}
    assert server.asked == {"fleet": 3, "layout": 2, "buckets": 0}
    pod.took.append(0.2)
    assert read(asked) == {"heat-1": (11, 1, 0)}
    assert server.asked["fleet"] == 4


def test_an_empty_native_histogram_has_nothing_bad() -> None:
    server = Histograms({"heat-1": Pod([], native=FINE), "heat-2": Pod([30.0, 0.1], native=FINE)})
    assert read(queries(server)) == {"heat-1": (0, None, 0), "heat-2": (2, 1, 0)}


def test_pods_of_one_set_are_read_at_the_edges_that_all_have() -> None:
    took = [0.2, 4.9, 30.0]
    server = Histograms({"heat-1": Pod(took, native=FINE), "heat-2": Pod(took, native=COARSE)})
    assert read(queries(server)) == {"heat-1": (3, 1, 1), "heat-2": (3, 1, 1)}


def test_each_set_is_read_at_its_own_resolution() -> None:
    took = [0.2, 4.9, 5.5, 30.0]
    server = Histograms({"fine-1": Pod(took, native=FINE), "coarse-1": Pod(took, native=COARSE)})
    assert read(queries(server)) == {"fine-1": (4, 2, 1), "coarse-1": (4, 1, 2)}


def test_a_coarser_set_that_comes_does_not_change_what_was_counted() -> None:
    """Where a counter fell, it would be taken for reset."""
    server = Histograms({"old-1": Pod([0.2, 4.9, 5.5], native=FINE)})
    asked = queries(server)
    before = read(asked)["old-1"]
    server.pods["new-1"] = Pod([0.2, 4.9, 5.5], native=COARSE)
    assert read(asked) == {"old-1": before, "new-1": (3, 0, 2)}


def test_exponential_and_custom_buckets_under_one_name() -> None:
    took = [0.2, 4.9, 5.5, 30.0]
    server = Histograms({"one-1": Pod(took, native=FINE), "two-1": Pod(took, native=CUSTOM, custom=True)})
    wanted = {"one-1": (4, 2, 1), "two-1": (4, 1, 2)}
    assert read(queries(server)) == wanted
    samples = queries(server).past(END - timedelta(minutes=30), END, step=5).samples
    assert {s.pod: (s.total, s.bad, s.unclear) for s in samples} == wanted


@pytest.mark.parametrize("bound", [3.0, 5.0])
@pytest.mark.parametrize("slow", [2.6, 4.9, 5.9, 30.0])
def test_a_set_whose_edges_are_not_known_yet_claims_nothing_by_those_of_others(
    bound: float, slow: float
) -> None:
    """Up to another's edge a fraction is a guess, and of a bucket without end it is none."""
    for edges in ((0.5, 2.5), (0.5, 2.5, 6.0), (0.5, 10.0), COARSE):
        server = Histograms({"one-1": Pod([0.2, 2.9, 5.1], native=FINE), "two-1": Pod([0.2], native=edges)})
        asked = queries(server, bound=bound)
        read(asked)
        server.pods["two-1"].took.append(slow)
        total, bad, unclear = read(asked)["two-1"]
        assert total == 2
        assert (bad or 0) <= (slow > bound) <= (bad or 0) + unclear


def test_what_cannot_be_added_even_within_a_set_is_a_problem_of_its_own() -> None:
    server = Histograms(
        {
            "one-1": Pod([0.2, 30.0], native=FINE),
            "one-2": Pod([0.2, 30.0], native=CUSTOM, custom=True),
            "two-1": Pod([0.2, 30.0], native=FINE),
        }
    )
    decoded = queries(server).now()
    assert [sample.pod for sample in decoded.samples] == ["two-1"]
    assert decoded.problems.keys() == {"one-1", "one-2"}
    assert "pod greenlang/one-1 and its like cannot be added" in decoded.problems["one-1"]
    assert "select those of one kind" in decoded.problems["one-1"].partition(" — ")[2]


def test_names_are_matched_as_they_are() -> None:
    server = Histograms(
        {"a.b-1": Pod([0.2, 4.9], native=FINE), "axb-1": Pod([0.2, 4.9], native=CUSTOM, custom=True)}
    )
    assert read(queries(server)) == {"a.b-1": (2, 0, 1), "axb-1": (2, 0, 1)}
    server.pods["a.b-1"].took.append(2.6)
    server.pods["axb-1"].took.append(2.6)
    assert read(queries(server)) == {"a.b-1": (3, 0, 1), "axb-1": (3, 0, 2)}


def test_a_fleet_of_one_resolution_is_asked_for_by_one_query_without_names() -> None:
    """Those whose edges are not known yet are read at the others'."""
    seen: list[str] = []

    class Spied(Histograms):
        def instant(self, query: str) -> Answer:
            seen.append(query)
            return super().instant(query)

    read(queries(Spied({"a-1": Pod([0.2, 4.9, 30.0], native=FINE), "b-1": Pod([0.2, 9.0], native=FINE)})))
    assert "pod=~" not in seen[0]
