"""The contract of :class:`daemon.ports.ObjectEvents`."""

from __future__ import annotations

import pytest

from daemon.core.model import Pod
from daemon.ports import Unavailable
from tests.contract.drivers import GOOD, MISSING, UNREADY, EventDriver


def only(warned: EventDriver) -> Pod:
    """The one pod, once it is there."""

    def look() -> Pod | None:
        workload = warned.cluster.workload(warned.ref)
        return next(iter(workload.pods), None) if workload is not None else None

    return warned.until("a pod", look)


def until_warned(warned: EventDriver, uid: str, reason: str, words: str) -> None:
    def look() -> bool:
        found = warned.events.warnings(warned.ref.namespace, uid)
        return any(one.reason == reason and words in one.message and one.times >= 1 for one in found)

    warned.until(f"{reason}: {words}", look)


def test_an_image_that_is_not_there_is_told_in_the_registrys_words(warned: EventDriver) -> None:
    warned.deploy(MISSING, replicas=1)
    until_warned(warned, only(warned).uid, "Failed", MISSING)


def test_a_probe_that_fails_is_told_with_its_status(warned: EventDriver) -> None:
    warned.deploy(UNREADY, replicas=1)
    until_warned(warned, only(warned).uid, "Unhealthy", "503")


def test_pods_that_cannot_be_made_are_told_of_the_replica_set(warned: EventDriver) -> None:
    warned.deploy(GOOD, replicas=1)
    pod = only(warned)
    warned.refuse_pods()
    warned.scale(2)
    until_warned(warned, pod.replica_set_uid, "FailedCreate", "exceeded quota")


def test_of_an_object_that_nobody_knows_nothing_is_told(warned: EventDriver) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    assert warned.events.warnings(warned.ref.namespace, nobody) == ()


def test_a_server_that_does_not_answer_is_unavailable(warned: EventDriver) -> None:
    with pytest.raises(Unavailable):
        warned.blind().warnings(warned.ref.namespace, "x")
