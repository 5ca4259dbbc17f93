"""A workload's samples out of the whole fleet's: none is missed, and none is another's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.model import LONGEST_PREFIX
from daemon.core.rollout_facts.fleet_samples import FleetSamples
from daemon.core.rollout_facts.pod_owner import PodOwners
from daemon.core.signals.sample import Sample
from tests.unit.core.made import pod, revision, workload

NAMESPACES = ("greenlang", "shop")
NAMES = ("heat", "heat-api", "h" * 60)


def generated(prefix: str, end: str) -> str:
    return f"{prefix}-"[:LONGEST_PREFIX] + end


PODS = st.builds(
    generated,
    st.builds(lambda name, number: f"{name}-h{number}", st.sampled_from(NAMES), st.integers(1, 3)),
    st.sampled_from(("aaaaa", "bbbbb", "ccccc")),
) | st.sampled_from(("", "x", "heat", "heat-h1", "strange-name"))
SAMPLES = st.builds(
    lambda namespace, pod, at: Sample(namespace=namespace, pod=pod, at=at, bad=0.0, total=1.0),
    st.sampled_from(NAMESPACES),
    PODS,
    st.integers(0, 5).map(float),
)


@given(samples=st.lists(SAMPLES, max_size=30), name=st.sampled_from(NAMES), seen=st.sets(PODS, max_size=4))
def test_a_workloads_samples_are_those_that_a_search_finds(
    samples: list[Sample], name: str, seen: set[str]
) -> None:
    one, two = revision(1, name=name), revision(2, name=name)
    ours = workload(
        pod("a", one), revisions=(one, two), current=two, departed=dict.fromkeys(seen, one.replica_set_uid)
    )
    owners = PodOwners(ours)
    found = FleetSamples(samples).of("greenlang", owners)
    expected = [s for s in samples if s.namespace == "greenlang" and owners.of(s.pod)]
    assert found == sorted(expected, key=lambda sample: (sample.at, sample.pod))
