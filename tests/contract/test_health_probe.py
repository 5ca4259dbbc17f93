"""The contract of :class:`daemon.ports.HealthProbe`."""

from __future__ import annotations

from daemon.core.rollout_facts.endpoints import Endpoint, of_template
from tests.contract.drivers import GOOD, UNREADY, ProbeDriver

HEALTH, READY = Endpoint(path="/health", port=8000), Endpoint(path="/ready", port=8000)
PATHS = (HEALTH, READY)


def test_a_good_pod_answers_every_path(probing: ProbeDriver) -> None:
    workload = probing.deploy(GOOD)

    def answers() -> bool:
        return all(health.ok for health in probing.probe.probe(workload.pods, PATHS))

    probing.until("good health", answers)
    health = probing.probe.probe(workload.pods, PATHS)
    assert sorted((h.pod, h.path) for h in health) == [
        (pod.name, str(path)) for pod in sorted(workload.pods, key=lambda pod: pod.name) for path in PATHS
    ]
    assert all(h.detail for h in health)


def test_a_pod_that_is_not_ready_says_so(probing: ProbeDriver) -> None:
    workload = probing.deploy(UNREADY)

    def healthy() -> bool:
        return all(health.ok for health in probing.probe.probe(workload.pods, (HEALTH,)))

    probing.until("it runs", healthy)
    for health in probing.probe.probe(workload.pods, (READY,)):
        assert not health.ok
        assert "503" in health.detail


def test_a_pod_that_is_gone_does_not_answer(probing: ProbeDriver) -> None:
    workload = probing.deploy(GOOD)
    probing.delete()

    def silent() -> bool:
        return not any(health.ok for health in probing.probe.probe(workload.pods, PATHS))

    probing.until("silence", silent)
    health = probing.probe.probe(workload.pods, PATHS)
    assert len(health) == len(workload.pods) * len(PATHS)
    assert all(h.detail for h in health)


def test_nobody_to_ask(probing: ProbeDriver) -> None:
    workload = probing.deploy(GOOD)
    assert probing.probe.probe((), PATHS) == ()
    assert probing.probe.probe(workload.pods, ()) == ()


def test_what_the_pods_own_probes_ask_is_answered(probing: ProbeDriver) -> None:
    """The ports' names are resolved as the kubelet resolves them: else no ready pod would answer."""
    workload = probing.deploy(GOOD)
    assert workload.current is not None
    template = probing.cluster.template(workload.ref, workload.current)
    assert template is not None
    endpoints = of_template(template)
    assert {endpoint.path for endpoint in endpoints.asked} == {"/health", "/ready"}
    probing.until(
        "good health", lambda: all(h.ok for h in probing.probe.probe(workload.pods, endpoints.asked))
    )
