"""The contract of :class:`daemon.ports.HealthProbe`."""

from __future__ import annotations

from tests.contract.drivers import GOOD, UNREADY, ProbeDriver

PATHS = ("/health", "/ready")


def test_a_good_pod_answers_every_path(probing: ProbeDriver) -> None:
    workload = probing.deploy(GOOD)

    def answers() -> bool:
        return all(health.ok for health in probing.probe.probe(workload.pods, PATHS))

    probing.until("good health", answers)
    health = probing.probe.probe(workload.pods, PATHS)
    assert sorted((h.pod, h.path) for h in health) == [
        (pod.name, path) for pod in sorted(workload.pods, key=lambda pod: pod.name) for path in PATHS
    ]
    assert all(h.detail for h in health)


def test_a_pod_that_is_not_ready_says_so(probing: ProbeDriver) -> None:
    workload = probing.deploy(UNREADY)

    def healthy() -> bool:
        return all(health.ok for health in probing.probe.probe(workload.pods, ("/health",)))

    probing.until("it runs", healthy)
    for health in probing.probe.probe(workload.pods, ("/ready",)):
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
