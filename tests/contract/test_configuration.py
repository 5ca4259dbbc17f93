"""The contract of :class:`daemon.ports.Configuration`."""

from __future__ import annotations

from datetime import timedelta

import pytest

from daemon.core.rollout_facts.configuration import ABSENT, Reference
from daemon.ports import Unavailable
from tests.contract.drivers import ConfigurationDriver

KINDS = ["ConfigMap", "Secret", "ServiceAccount", "PersistentVolumeClaim"]
REFERENCES = [Reference(kind=kind, name="heat") for kind in KINDS]
either = pytest.mark.parametrize("reference", REFERENCES, ids=lambda reference: reference.kind)


@either
def test_what_is_not_there_is_absent(configured: ConfigurationDriver, reference: Reference) -> None:
    assert configured.configuration.version(configured.namespace, reference).version == ABSENT


@either
def test_each_write_is_another_version(configured: ConfigurationDriver, reference: Reference) -> None:
    look = configured.configuration.version
    configured.write(reference, "one")
    first = look(configured.namespace, reference)
    assert look(configured.namespace, reference) == first
    configured.wait(1.5)
    before = configured.now()
    configured.write(reference, "two")
    second = look(configured.namespace, reference)
    assert second.version not in {first.version, ABSENT}
    assert first.written_at is not None
    assert second.written_at is not None
    assert first.written_at < second.written_at
    assert abs(second.written_at - before) < timedelta(seconds=3)


@either
def test_objects_of_one_name_are_two(configured: ConfigurationDriver, reference: Reference) -> None:
    configured.write(reference, "one")
    there = [
        one.kind
        for one in REFERENCES
        if configured.configuration.version(configured.namespace, one).version != ABSENT
    ]
    assert there == [reference.kind]


@either
def test_what_was_removed_is_absent(configured: ConfigurationDriver, reference: Reference) -> None:
    configured.write(reference, "one")
    configured.remove(reference)
    assert configured.configuration.version(configured.namespace, reference).version == ABSENT


def test_a_server_that_does_not_answer_is_unavailable(configured: ConfigurationDriver) -> None:
    with pytest.raises(Unavailable):
        configured.cut_off().version(configured.namespace, REFERENCES[0])
