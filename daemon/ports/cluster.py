"""The workloads, the cases and the configuration of the cluster, and the writes to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from daemon.core.case.case import Case
from daemon.core.case.effect import EffectOutcome
from daemon.core.case.images import ImageChange
from daemon.core.case.outline import Outline
from daemon.core.case.steps.step import Right
from daemon.core.model import Revision, Workload, WorkloadRef
from daemon.core.rollout_facts.configuration import ObjectVersion, Reference
from daemon.core.rollout_facts.configuration_content import ConfigMapState, Drift
from daemon.core.rollout_facts.owners import Owner, Ownership
from daemon.core.rollout_facts.reconciling import OwnerStatus
from daemon.core.value import Value


class Clock(Protocol):
    def now(self) -> datetime:
        """The time of day, timezone-aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...


class Cluster(Protocol):
    """The guarded Deployments, kept current by the adapter."""

    def workloads(self) -> Sequence[Workload]:
        """All guarded Deployments that exist. Raises Unavailable while the first list is not complete."""
        ...

    def workload(self, ref: WorkloadRef) -> Workload | None:
        """One of them; ``None`` when it does not exist (any more). Raises as :meth:`workloads`."""
        ...

    def template(self, ref: WorkloadRef, revision: Revision) -> Mapping[str, Any] | None:
        """A revision's raw pod template, without the pod-template-hash label."""
        ...

    def fresh(self) -> bool:
        """Whether every watch has proven itself alive within its deadline."""
        ...

    def server_time(self) -> datetime | None:
        """The API server's time of day now, to a second or so; ``None`` while it is not known."""
        ...


class RollbackResult(Value, frozen=True):
    """How a rollback ended: done (with ``already`` when the world was there before), superseded, refused.

    ``generation`` is the Deployment's after the write, 0 where it is not known. ``review`` is where people
    have yet to decide on it, empty where they have; ``None``: as it was before.
    """

    outcome: EffectOutcome
    detail: str
    already: bool = False
    generation: int = 0
    review: str | None = None


class Actuator(Protocol):
    def undo(
        self, ref: WorkloadRef, uid: str, *, judged: Revision, target: Revision, token: str = ""
    ) -> RollbackResult:
        """Give the Deployment the target's template, if the judged rollout is still the current one.

        The write leaves ``token``, which is unique to the intent, on the Deployment. Idempotent: with the
        target's template in place, or with the token found, it reports done and writes nothing, whatever was
        applied since. A template that is neither, or a later rollout of the judged one, is superseded. It is
        refused while the emergency stop is set; that and the pause stay as they are. With a token it raises
        Unavailable while the controller has not seen the newest write, for then nobody can tell which rollout
        is current. Raises Unavailable, Denied.
        """
        ...

    def stop(self, ref: WorkloadRef) -> str | None:
        """The Deployment's emergency stop at this moment, and not as it was watched: its reason, which may be
        empty; ``None`` where none is set. Raises Unavailable, Denied.
        """
        ...

    def restart_target(
        self, ref: WorkloadRef, uid: str, *, target: Revision, at: str, token: str
    ) -> RollbackResult:
        """Have all pods started anew, as ``kubectl rollout restart`` does, if the target's template is there.

        ``at`` is the annotation's value, the same for the same intent. The write leaves ``token`` on the
        Deployment. Idempotent as :meth:`undo`; any other template than the target's is superseded. Raises
        Unavailable, Denied.
        """
        ...

    def set_images(self, ref: WorkloadRef, uid: str, changes: Sequence[ImageChange]) -> RollbackResult:
        """Give containers other images, all in one write, and leave the rest of the template as it is.

        Done already where all have them. A container that has neither the image before nor the one after is
        superseded; one that is gone, a paused Deployment and the emergency stop are refused. Raises
        Unavailable, Denied.
        """
        ...


class CaseStore(Protocol):
    def cases(self) -> Sequence[Case]:
        """All readable cases of the guarded namespaces, each of them whole: for who asks once. Raises
        Unavailable, Denied."""
        ...

    def outlines(self, ref: WorkloadRef | None = None) -> Sequence[Outline]:
        """The same, or those of one workload, for who asks again and again: no finished one is decoded.
        Raises as :meth:`cases`."""
        ...

    def of(self, ref: WorkloadRef) -> Sequence[Case]:
        """The readable cases of one workload, at a cost that other workloads' do not add to. Raises as
        :meth:`cases`."""
        ...

    def unfinished(self) -> Sequence[Case]:
        """Those that are active or have effects pending, at the same cost. Raises as :meth:`cases`."""
        ...

    def unreadable(self) -> Mapping[str, str]:
        """``namespace/name`` of stored cases that make no sense → what is wrong, as last seen."""
        ...

    def get(self, namespace: str, name: str) -> Case:
        """Raises Missing, Unavailable, Denied, Rejected (stored, and makes no sense)."""
        ...

    def create(self, case: Case) -> Case:
        """Store a new case with its status. Raises Conflict when the name exists, Unavailable, Denied."""
        ...

    def save(self, case: Case) -> Case:
        """Write the status. Raises Conflict when someone wrote since the read, Missing, Unavailable."""
        ...

    def instruct(self, case: Case) -> Case:
        """Write the spec's instruction. Raises as :meth:`save`."""
        ...

    def vouched(self, case: Case) -> bool:
        """Whether the name in the case's instruction is held to whoever wrote it, as far as can be found out.

        Raises nothing: where it cannot be found out, nobody vouches for it.
        """
        ...

    def delete(self, case: Case) -> None:
        """Remove a case; one that is gone already is fine."""
        ...


class Rights(Protocol):
    def may(self, namespace: str, right: Right) -> bool:
        """Whether the API server allows the daemon this. Answers within few seconds.

        Raises Denied (it may not even ask), Unavailable.
        """
        ...


class Configuration(Protocol):
    def version(self, namespace: str, reference: Reference) -> ObjectVersion:
        """The version of an object that a pod template names (a ConfigMap, Secret, ServiceAccount or
        PersistentVolumeClaim), never what it holds; ``ABSENT`` where it is not there.

        Answers within few seconds. Raises Denied, Unavailable.
        """
        ...


class ConfigurationCopies(Protocol):
    """What ConfigMaps hold, and the daemon's own copies of it. Of Secrets nothing is asked."""

    def look(self, namespace: str, name: str) -> ConfigMapState:
        """A ConfigMap as it is. Answers within few seconds. Raises Denied, Unavailable."""
        ...

    def keep(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> bool:
        """Have a copy of what the ConfigMap holds, while that is the content of this digest.

        The copy goes with the Deployment of this UID at the latest. ``False``: it holds something else by
        now, and nothing was kept. Harmless when repeated. Raises Rejected (more than ``LARGEST`` bytes),
        Denied, Unavailable.
        """
        ...

    def kept(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> bool:
        """Whether there is a copy, and it holds what it says. Raises Denied, Unavailable."""
        ...

    def compare(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> tuple[str, ...] | None:
        """Which keys of the ConfigMap differ now from the copy of this digest, in lines for people that tell
        no value; ``None`` where one of the two is not there. Raises Denied, Unavailable.
        """
        ...

    def drop(self, ref: WorkloadRef, uid: str, name: str, digest: str) -> None:
        """Delete a copy; one that is gone already is fine. Raises Denied, Unavailable."""
        ...


class ConfigurationRestorer(Protocol):
    def restore(self, ref: WorkloadRef, uid: str, drift: Drift, token: str) -> RollbackResult:
        """Give the ConfigMap the content of ``drift.digest``, if nobody wrote it since ``drift.seen``.

        One that is gone is made again. Idempotent: with that content in place it reports done and writes
        nothing. One that was written since, by whomever, is superseded, and so is one that was deleted or
        made since. The write leaves ``token`` on the ConfigMap, so that words can tell whose it was. No
        copy, an immutable ConfigMap, or what the API server does not accept, is refused. Raises Unavailable,
        Denied.
        """
        ...


class OwnerSwitch(Protocol):
    """Has whoever owns a Deployment leave it alone for a while."""

    def suspend(self, owner: Owner, token: str) -> RollbackResult:
        """Keep the owner from writing. The write leaves ``token`` on it, and what it takes to undo it.

        Idempotent: with the token found, or suspended by somebody else, it reports done and writes nothing.
        An owner that is gone, that another object makes and would set right, or that has the token of another
        case, is refused. Raises Unavailable, Denied.
        """
        ...

    def status(self, owner: Owner) -> OwnerStatus | None:
        """What the owner's object says of its controller's work; ``None`` where it is gone.

        Answers within few seconds. Raises Unavailable, Denied.
        """
        ...

    def resume(self, owner: Owner, token: str) -> RollbackResult:
        """Let it go on as it did before the suspension of this token; without that token nothing is done.

        Raises Unavailable, Denied.
        """
        ...


class Surveyor(Protocol):
    def around(self, ref: WorkloadRef) -> Ownership:
        """What other objects of its namespace stand over a Deployment: an autoscaler, a Rollout, a Canary.

        What may not be read, or not now, is a doubt. Answers within few seconds, and raises nothing.
        """
        ...


Notify = Callable[[WorkloadRef], None]
"""What the cluster adapter calls when something of a workload changed."""
