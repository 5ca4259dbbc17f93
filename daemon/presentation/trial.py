"""An incident that did not happen: by it people see whether they would be notified."""

from __future__ import annotations

from datetime import datetime

from daemon.core.case.case import Case, Phase, Spec, Status
from daemon.core.case.incident import Incident, Stage
from daemon.core.model import Change, Revision
from daemon.core.policy import Level

NAME = "rollbackd-test"
TITLE = "TEST of rollbackd's notifications: nothing has happened"
TEXT = "Somebody tries whether incidents arrive here (rollbackd notify test). There is nothing to do."


def trial(namespace: str, now: datetime, stage: Stage, *, channel: str = "", reference: str = "") -> Incident:
    """Marked as a test in its title, and of a case that is not there; each second's is one of its own."""
    revision = Revision(
        hash="test", replica_set=NAME, replica_set_uid=NAME, number=1, images=(f"{NAME}:1",), created_at=now
    )
    case = Case(
        namespace=namespace,
        name=NAME,
        spec=Spec(
            workload=NAME,
            workload_uid=NAME,
            revision=revision,
            change=Change.ADOPTED,
            opened_at=now,
            started_at=now,
        ),
        status=Status(phase=Phase.HEALTHY, reason=TEXT, finished_at=now if stage == "closed" else None),
        uid=f"{NAME}-{now:%Y%m%d%H%M%S}",
    )
    return Incident(
        key=case.uid,
        stage=stage,
        level=Level.INFO,
        title=TITLE,
        message=f"{TITLE}\nTime: {now:%Y-%m-%d %H:%M:%S} UTC\n{TEXT}",
        reason=TEXT,
        timeline=(),
        at=now,
        case=case,
        channel=channel,
        reference=reference,
    )
