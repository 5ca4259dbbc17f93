"""Workloads made by hand: a Deployment with an old and a new revision, seen a number of seconds in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from daemon.core.model import Container, Pod, Revision, RolloutStatus, Workload, WorkloadRef

START = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
"""When the new revision's rollout began."""
REF = WorkloadRef(namespace="greenlang", name="heat")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def revision(number: int, *, name: str = REF.name, uid: str = "") -> Revision:
    return Revision(
        hash=f"h{number}",
        replica_set=f"{name}-h{number}",
        replica_set_uid=uid or f"rs-{number}",
        number=number,
        images=(f"registry.example.com/heat:v{number}",),
        created_at=START if number > 1 else at(-86_400),
    )


OLD, NEW = revision(1), revision(2)


def container(name: str = "heat", **fields: object) -> Container:
    return Container(name=name, **fields)  # type: ignore[arg-type]


def pod(name: str = "a", of: Revision = NEW, *, born: float = 1.0, **fields: object) -> Pod:
    given = {"containers": (container(ready=bool(fields.get("ready"))),), **fields}
    return Pod(
        name=f"{of.replica_set}-{name}",
        uid=f"{of.replica_set_uid}/{name}",
        replica_set=of.replica_set,
        replica_set_uid=of.replica_set_uid,
        created_at=at(born),
        images=of.images,
        **given,  # type: ignore[arg-type]
    )


def status(pods: Sequence[Pod], of: Revision, *, desired: int, **fields: object) -> RolloutStatus:
    live = [one for one in pods if not one.deleting]
    numbers = {
        "generation": 2,
        "observed_generation": 2,
        "desired": desired,
        "replicas": len(live),
        "updated": sum(one.replica_set_uid == of.replica_set_uid for one in live),
        "available": sum(one.ready for one in live),
    }
    return RolloutStatus(**(numbers | fields))  # type: ignore[arg-type]


def workload(
    *pods: Pod,
    current: Revision = NEW,
    revisions: tuple[Revision, ...] = (OLD, NEW),
    desired: int = 3,
    rollout: dict[str, object] | None = None,
    **fields: object,
) -> Workload:
    return Workload(
        ref=REF,
        uid="d",
        resource_version="1",
        created_at=at(-86_400),
        labels={},
        current=current,
        revisions=revisions,
        pods=pods,
        status=status(pods, current, desired=desired, **(rollout or {})),
        **fields,  # type: ignore[arg-type]
    )
