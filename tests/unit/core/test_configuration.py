"""What a pod reads at its start, and whether that is still what is there."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.rollout_facts.configuration import ABSENT, Reference, Sighting, doubts, references
from tests.unit.core.made import at, pod

CONFIG = Reference(kind="ConfigMap", name="heat-config")
SECRET = Reference(kind="Secret", name="heat-secrets")


def test_every_way_in_which_a_template_names_them_is_known() -> None:
    template = {
        "spec": {
            "volumes": [
                {"name": "a", "configMap": {"name": "of-volume"}},
                {"name": "b", "secret": {"secretName": "of-secret-volume"}},
                {
                    "name": "c",
                    "projected": {
                        "sources": [
                            {"configMap": {"name": "projected"}},
                            {"secret": {"name": "projected-secret"}},
                            {"serviceAccountToken": {"path": "token"}},
                        ]
                    },
                },
                {"name": "d", "emptyDir": {}},
                {"name": "e", "csi": {"driver": "x", "nodePublishSecretRef": {"name": "of-driver"}}},
                {"name": "f", "azureFile": {"secretName": "of-share", "shareName": "s"}},
                {"name": "g", "persistentVolumeClaim": {"claimName": "c"}},
            ],
            "imagePullSecrets": [{"name": "of-registry"}],
            "initContainers": [{"name": "i", "envFrom": [{"configMapRef": {"name": "of-init"}}]}],
            "containers": [
                {
                    "name": "heat",
                    "envFrom": [{"secretRef": {"name": "whole-secret"}}, {"prefix": "X_"}],
                    "env": [
                        {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "by-key", "key": "a"}}},
                        {"name": "B", "valueFrom": {"secretKeyRef": {"name": "by-secret-key", "key": "b"}}},
                        {"name": "C", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                        {"name": "D", "value": "plain"},
                    ],
                },
                {
                    "name": "again",
                    "env": [{"valueFrom": {"configMapKeyRef": {"name": "by-key", "key": "z"}}}],
                },
            ],
        }
    }
    assert [str(found) for found in references(template)] == [
        "ConfigMap by-key",
        "ConfigMap of-init",
        "ConfigMap of-volume",
        "ConfigMap projected",
        "Secret by-secret-key",
        "Secret of-driver",
        "Secret of-registry",
        "Secret of-secret-volume",
        "Secret of-share",
        "Secret projected-secret",
        "Secret whole-secret",
    ]


@pytest.mark.parametrize("template", [{}, {"spec": None}, {"spec": {"containers": None, "volumes": None}}])
def test_a_template_that_names_none_has_none(template: dict[str, object]) -> None:
    assert references(template) == ()


def seen(version: str, seconds: float, *, written: float | None = None, **fields: str) -> Sighting:
    moment: datetime | None = at(written) if written is not None else None
    return Sighting(reference=CONFIG, at=at(seconds), version=version, written_at=moment, **fields)


STANDING = [pod("a", born=-600, ready=True)]


def test_a_version_that_was_seen_before_the_pod_started_and_still_is_there_has_not_changed() -> None:
    assert doubts(STANDING, [seen("1", 60)], [seen("1", -700)]) == ()


def test_another_version_that_was_seen_after_the_pod_started_is_a_change() -> None:
    [said] = doubts(STANDING, [seen("2", 60, written=-900)], [seen("1", -500)])
    assert "ConfigMap heat-config was changed" in said


def test_where_nothing_was_seen_in_time_the_objects_own_account_counts() -> None:
    assert doubts(STANDING, [seen("1", 60, written=-600)], [seen("1", -10)]) == ()
    [said] = doubts(STANDING, [seen("1", 60, written=-5)], [seen("1", -4)])
    assert said.startswith(
        "ConfigMap heat-config was changed at 2026-11-24 02:59:55, after heat-h2-a started"
    )
    assert doubts(STANDING, [seen("1", 60)], []) != ()


def test_what_cannot_be_read_is_not_known() -> None:
    denied = Sighting(reference=SECRET, at=at(60), problem="secrets is forbidden")
    [said] = doubts(STANDING, [denied], [])
    assert said == "whether Secret heat-secrets has changed is not known: secrets is forbidden"
    assert doubts(STANDING, [seen("1", 60, written=-900)], [seen("", -650, problem="no answer")]) == ()


def test_an_object_that_was_deleted_is_gone_and_one_that_never_was_is_optional() -> None:
    [said] = doubts(STANDING, [seen(ABSENT, 60)], [seen("1", -100)])
    assert "is gone" in said
    assert doubts(STANDING, [seen(ABSENT, 60)], []) == ()
    assert doubts(STANDING, [seen(ABSENT, 60)], [seen(ABSENT, -100)]) == ()


MOMENTS = st.integers(min_value=-1000, max_value=-1)


@given(
    writes=st.lists(MOMENTS, min_size=1, max_size=6, unique=True),
    looks=st.lists(MOMENTS, max_size=6),
    born=MOMENTS,
)
def test_a_pod_older_than_the_last_write_is_never_taken_for_up_to_date(
    writes: list[int], looks: list[int], born: int
) -> None:
    """Whatever was seen in between, and also where the object's own account is right or missing."""
    writes.sort()

    def version(moment: float) -> str:
        return str(sum(write <= moment for write in writes))

    before = [seen(version(look), look) for look in looks]
    standing = [pod("a", born=born, ready=True)]
    told = bool(doubts(standing, [seen(version(0), 0, written=writes[-1])], before))
    assert told is (writes[-1] > born)
    if writes[-1] > born:
        assert doubts(standing, [seen(version(0), 0)], before)
