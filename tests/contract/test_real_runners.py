"""What only a real cluster does to a runner: exact rights, pods that go, images that are not there."""

from __future__ import annotations

import threading
import time
import uuid

import pytest
from msgspec.structs import replace

from daemon.adapters.kubernetes.permissions import NEEDED, RUNNING
from daemon.core.runs import Ending, JobCommand, Kind, PodCommand
from daemon.ports import Denied, Missing, Order, Rejected
from tests.contract.runner_driver import Does

pytestmark = pytest.mark.e2e


def rights(kind: Kind, *, without: str = "") -> dict[str, str]:
    """What the chart grants where the kind is configured, as resource → verbs."""
    needs = [*RUNNING[kind], *(need for need in NEEDED if need.resource == "pods")]
    found = {
        need.resource + (f".{need.group}" if need.group else ""): [v for v in need.verbs if v != without]
        for need in needs
    }
    return {resource: ",".join(verbs) for resource, verbs in found.items() if verbs}


@pytest.mark.parametrize("kind", ["job", "exec"])
def test_the_rights_that_the_chart_grants_are_enough(kind: Kind) -> None:
    from tests.contract.real_runners import Real

    driver = Real(kind)
    runner = driver.with_rights(rights(kind))
    order = driver.order(Does.PASSES)
    found = runner.run(order)
    assert (found.passed, found.output) == (True, "all well"), found


@pytest.mark.parametrize(("kind", "verb"), [("job", "create"), ("exec", "create"), ("exec", "get")])
def test_each_of_these_rights_is_needed(kind: Kind, verb: str) -> None:
    from tests.contract.real_runners import Real

    driver = Real(kind)
    with pytest.raises(Denied, match="grant"):
        driver.with_rights(rights(kind, without=verb)).run(driver.order(Does.PASSES))


def test_a_pod_that_goes_while_the_command_runs_leaves_its_end_unknown() -> None:
    from tests.contract.real_runners import PROGRAMS, Real, stage

    driver = Real("exec")
    name = f"victim-{uuid.uuid4().hex[:6]}"
    image = stage().pods()[0].images[0]
    kubectl = stage().deployed.kubectl
    kubectl("run", name, f"--image={image}", "--restart=Never", "--command", "--", "sleep", "600")
    kubectl("wait", f"pod/{name}", "--for=condition=Ready", "--timeout=60s")
    command = ("python3", "-c", PROGRAMS[Does.HANGS])
    order = replace(driver.order(Does.HANGS, timeout=60.0), task=PodCommand(command=command, pod=name))
    killer = threading.Timer(
        3.0, lambda: kubectl("delete", "pod", name, "--grace-period=0", "--force", "--wait=false")
    )
    killer.start()
    began = time.monotonic()
    found = driver.runner.run(order)
    killer.join()
    assert not found.passed
    assert found.ending in (Ending.LOST, Ending.FINISHED), found
    assert found.code != 0
    assert time.monotonic() - began < 50


def test_a_pod_that_is_not_there_is_missing() -> None:
    from tests.contract.real_runners import Real

    driver = Real("exec")
    order = driver.order(Does.PASSES)
    assert isinstance(order.task, PodCommand)
    with pytest.raises(Missing, match="not found"):
        driver.runner.run(replace(order, task=replace(order.task, pod="nobody-0")))


def test_a_command_that_is_not_there_did_not_pass() -> None:
    from tests.contract.real_runners import Real

    driver = Real("exec")
    found = driver.runner.run(replace(driver.order(Does.PASSES), task=PodCommand(command=("no-such",))))
    assert not found.passed
    assert "no-such" in str(found)


def of_image(order: Order, image: str) -> Order:
    spec = order.template["spec"]
    container = spec["containers"][0] | {"image": image}
    return replace(order, template={**order.template, "spec": spec | {"containers": [container]}})


def test_an_image_that_is_not_there_is_told() -> None:
    from tests.contract.real_runners import Real

    driver = Real("job")
    order = of_image(driver.order(Does.PASSES, timeout=8.0), "127.0.0.1:5000/no/such:v1")
    found = driver.runner.run(order)
    driver.sweep(order)
    assert (found.ending, found.passed) == (Ending.TIMED_OUT, False), found
    assert "Pull" in str(found), found


def test_a_job_that_runs_is_found_by_the_next_process_and_not_begun_again() -> None:
    from tests.contract.real_runners import Real, stage

    driver = Real("job")
    order = driver.order(Does.PASSES)
    slow = ("python3", "-c", "import time; time.sleep(5); print('all well')")
    order = replace(order, task=JobCommand(command=slow))
    first = threading.Thread(target=lambda: driver.runner.run(order))
    first.start()
    time.sleep(2)
    found = driver.again().run(order)
    first.join(60)
    assert found.passed
    pods = stage().deployed.kubectl(
        "get", "pods", "-o", "name", "-l", "app.kubernetes.io/managed-by=rollbackd,rollbackd.io/order"
    )
    jobs = stage().deployed.kubectl("get", "jobs", "-o", "name")
    assert len(pods.split()) == len(jobs.split())
    driver.sweep(order)


def test_a_job_of_its_name_that_is_somebody_elses_is_left_alone() -> None:
    from daemon.adapters.kubernetes.job_manifest import job_name
    from tests.contract.real_runners import Real, stage

    driver = Real("job")
    order = driver.order(Does.PASSES)
    image = stage().pods()[0].images[0]
    stage().deployed.kubectl("create", "job", job_name(order), f"--image={image}", "--", "true")
    with pytest.raises(Rejected, match="is not the daemon's"):
        driver.runner.run(order)
