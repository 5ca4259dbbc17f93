"""Workloads that are guarded, and alerts that may be about one of them."""

from __future__ import annotations

from datetime import UTC, datetime

from daemon.core.case.alerts import Mismatch, Naming, find
from daemon.core.model import Alert, Pod, Revision, RolloutStatus, Workload, WorkloadRef

T0 = datetime(2026, 1, 5, 9, tzinfo=UTC)
NAME = "gl-006-heatreclaim"
NAMING = Naming()


def workload(name: str = NAME, namespace: str = "greenlang", *, live: bool = True) -> Workload:
    """Two revisions, with a pod each: ``{name}-old1-aaaaa`` and ``{name}-new1-aaaaa``."""
    revisions = tuple(
        Revision(
            hash=f"{age}1",
            replica_set=f"{name}-{age}1",
            replica_set_uid=f"{name}-{age}",
            number=number,
            images=("i:1",),
            created_at=T0,
        )
        for number, age in enumerate(("old", "new"), 1)
    )
    pods = tuple(
        Pod(
            name=f"{f'{revision.replica_set}-'[:58]}aaaaa",
            uid=f"{revision.replica_set}-a",
            replica_set=revision.replica_set,
            replica_set_uid=revision.replica_set_uid,
            created_at=T0,
        )
        for revision in revisions
    )
    return Workload(
        ref=WorkloadRef(namespace=namespace, name=name),
        uid=f"{namespace}/{name}",
        resource_version="1",
        created_at=T0,
        labels={},
        current=revisions[1],
        revisions=revisions,
        pods=pods if live else (),
        status=RolloutStatus(
            generation=1, observed_generation=1, desired=1, replicas=1, updated=1, available=1
        ),
    )


GUARDED = (workload(), workload("cart", "shop"), workload("cart-api", "shop"), workload("web", "shop"))


def alert(labels: dict[str, str]) -> Alert:
    return Alert(fingerprint="f", name="A", starts_at=T0, status="firing", labels={"alertname": "A"} | labels)


def taken(labels: dict[str, str], guarded: tuple[Workload, ...] = GUARDED, naming: Naming = NAMING) -> str:
    """The workload that takes an alert with these labels, or nothing."""
    found = find(alert(labels), guarded, naming)
    if isinstance(found, Mismatch):
        assert found.reason
        return ""
    return str(found.ref)


OURS = f"greenlang/{NAME}"
