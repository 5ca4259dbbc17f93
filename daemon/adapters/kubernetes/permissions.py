"""What the daemon must be allowed to do, as data, and whether it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from daemon import ports
from daemon.adapters.kubernetes.client import READ_TIMEOUT, KubeClient
from daemon.adapters.kubernetes.errors import decode_answer
from daemon.core.case.steps.step import Right
from daemon.core.policy import OwnerKind
from daemon.core.runs import KINDS, Kind
from daemon.core.value import Value

NOBODY: Mapping[str, Sequence[str]] = {}
NOTHING: Mapping[str, Collection[Kind]] = {}
TIMEOUT = 2.0
"""Seconds for the answer to one question before a plan."""
NO_OWNERS: Mapping[str, Collection[OwnerKind]] = {}
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class Need(Value, frozen=True):
    """Verbs on one resource (``resource/subresource``) of an API group."""

    group: str
    resource: str
    verbs: tuple[str, ...]
    optional: bool = False
    """Whether the daemon does its work without it, only less well informed."""


NEEDED = (
    Need(group="apps", resource="deployments", verbs=("get", "list", "watch", "patch")),
    # Single ones are never asked for: what the watch told is known.
    Need(group="apps", resource="replicasets", verbs=("list", "watch")),
    Need(group="", resource="pods", verbs=("list", "watch")),
    Need(group="", resource="configmaps", verbs=("get",)),
    Need(group="", resource="secrets", verbs=("get",), optional=True),
    Need(group="", resource="events", verbs=("create",)),
    Need(group="", resource="events", verbs=("list",), optional=True),
    Need(group="autoscaling", resource="horizontalpodautoscalers", verbs=("list",), optional=True),
    Need(group="argoproj.io", resource="rollouts", verbs=("list",), optional=True),
    Need(group="flagger.app", resource="canaries", verbs=("list",), optional=True),
    Need(
        group="rollbackd.io",
        resource="rolloutcases",
        # Neither patch nor update: the instruction is people's, and the daemon must not approve itself.
        verbs=("get", "list", "watch", "create", "delete"),
    ),
    Need(group="rollbackd.io", resource="rolloutcases/status", verbs=("update",)),
)
"""Everything that the daemon's Role grants in each guarded namespace; nothing else is used."""
LOGS = Need(group="", resource="pods/log", verbs=("get",))
"""What it grants besides where the policy of a workload has logs read."""
"""Everything that the daemon's Role grants in each guarded namespace, beside what runs there."""
RUNNING: Mapping[Kind, Sequence[Need]] = {
    "http": (),
    "job": (
        Need(group="batch", resource="jobs", verbs=("create", "get", "delete")),
        Need(group="", resource="pods/log", verbs=("get",)),
    ),
    # A websocket is opened by a GET; from Kubernetes 1.35 on the API server asks for create as well.
    "exec": (Need(group="", resource="pods/exec", verbs=("create", "get")),),
}
"""What the Role grants besides where a task of the kind is configured, and nowhere else."""
RESTORING = (Need(group="", resource="configmaps", verbs=("create", "patch", "delete")),)
"""What it grants besides where a policy restores configuration: ``create`` for copies and for
what was deleted, ``patch`` for what was changed, ``delete`` for copies that no case needs any more."""
SUSPENDING: Mapping[OwnerKind, Need] = {
    OwnerKind.ARGO_CD: Need(group="argoproj.io", resource="applications", verbs=("get", "patch")),
    OwnerKind.FLUX_KUSTOMIZATION: Need(
        group="kustomize.toolkit.fluxcd.io", resource="kustomizations", verbs=("get", "patch")
    ),
    OwnerKind.FLUX_HELM_RELEASE: Need(
        group="helm.toolkit.fluxcd.io", resource="helmreleases", verbs=("get", "patch")
    ),
}
"""What it grants in the namespaces of owners that may be suspended, of the kinds that are."""
OPTIONAL = (Need(group="", resource="nodes", verbs=("get",), optional=True),)
"""What its ClusterRole grants. Without it a failure is judged without the nodes' conditions."""


GATES = (
    Need(group="", resource="serviceaccounts", verbs=("get",), optional=True),
    Need(group="", resource="persistentvolumeclaims", verbs=("get",), optional=True),
)
"""What it grants besides where a policy has checks before a plan. Without it these are not checked."""


LOGIN: Mapping[str, Sequence[Need]] = {
    "token": (
        Need(group="authentication.k8s.io", resource="tokenreviews", verbs=("create",)),
        Need(group="authorization.k8s.io", resource="subjectaccessreviews", verbs=("create",)),
    ),
    "proxy": (Need(group="authorization.k8s.io", resource="subjectaccessreviews", verbs=("create",)),),
    "none": (),
}
"""What its ClusterRole for the page's login grants, by its mode. Without it nobody is let in."""
WRITING_FOR_PEOPLE = Need(group="rollbackd.io", resource="rolloutcases", verbs=("patch",))
"""What its Roles grant besides where a proxy says who asks: the person has no token to write with."""
LEASE = Need(group="coordination.k8s.io", resource="leases", verbs=("get", "patch"))
"""What it grants on each Lease by which replicas agree who acts. The chart makes them; elsewhere the
daemon does, where it may."""


class Permission(Value, frozen=True):
    """One verb, asked of the API server; ``reason`` is the server's, where it gives one.

    ``namespace`` is empty for what belongs to the whole cluster.
    """

    verb: str
    resource: str
    namespace: str
    allowed: bool
    reason: str = ""
    optional: bool = False


class ReviewStatus(msgspec.Struct, rename="camel"):
    """``reason`` and ``evaluation_error`` are the server's words, where it gives any."""

    allowed: bool = False
    reason: str = ""
    evaluation_error: str = ""


class AccessReview(msgspec.Struct):
    status: ReviewStatus


def check(
    client: KubeClient,
    namespaces: Sequence[str],
    *,
    named: Mapping[str, Sequence[str]] = NOBODY,
    logged: Collection[str] = (),
    runs: Mapping[str, Collection[Kind]] = NOTHING,
    restoring: Collection[str] = (),
    gated: Collection[str] = (),
    suspending: Mapping[str, Collection[OwnerKind]] = NO_OWNERS,
    login: str = "none",
    leases: Sequence[tuple[str, str]] = (),
) -> list[Permission]:
    """Ask for every verb of ``NEEDED`` in each namespace, of ``RESTORING`` in those that restore, of
    ``GATES`` in those that are ``gated``, of ``OPTIONAL``, and of the page's ``login``. Raises Denied,
    Unavailable.

    ``named`` gives the Deployments of a namespace that is guarded by names alone: a Role may limit the patch
    to these, so it is asked for each of them. ``logged`` are the namespaces in which logs are read,
    ``runs`` gives the kinds of tasks that are configured in each, ``suspending`` the kinds of owners that are
    suspended in their own namespaces, ``leases`` the namespaces and names of the election's.
    """
    needed = [
        _ask(client, need, verb, namespace, name, optional=need.optional)
        for need, places in (
            *((need, namespaces) for need in NEEDED),
            (LOGS, [one for one in namespaces if one in logged]),
            *((need, [one for one in namespaces if one in restoring]) for need in RESTORING),
            *((need, [one for one in namespaces if one in gated]) for need in GATES),
            (WRITING_FOR_PEOPLE, namespaces if login == "proxy" else ()),
        )
        for namespace in places
        for verb in need.verbs
        for name in _names(need, verb, named.get(namespace, ()))
    ]
    needed += [
        _ask(client, need, verb, namespace, "")
        for namespace in namespaces
        for kind in KINDS
        if kind in runs.get(namespace, ())
        for need in RUNNING[kind]
        for verb in need.verbs
    ]
    needed += [
        _ask(client, SUSPENDING[kind], verb, namespace, "")
        for namespace, kinds in suspending.items()
        for kind in kinds
        for verb in SUSPENDING[kind].verbs
    ]
    needed += [_ask(client, LEASE, verb, *lease) for lease in leases for verb in LEASE.verbs]
    return needed + [
        _ask(client, need, verb, "", "", optional=need.optional)
        for need in (*OPTIONAL, *LOGIN[login])
        for verb in need.verbs
    ]


def _names(need: Need, verb: str, named: Sequence[str]) -> Sequence[str]:
    return named if named and (need.resource, verb) == ("deployments", "patch") else ("",)


def _ask(
    client: KubeClient, need: Need, verb: str, namespace: str, name: str, *, optional: bool = False
) -> Permission:
    status = review(client, namespace, Right(verb=verb, resource=need.resource, group=need.group, name=name))
    return Permission(
        verb=verb,
        resource=(f"{need.resource}.{need.group}" if need.group else need.resource)
        + (f"/{name}" if name else ""),
        namespace=namespace,
        allowed=status.allowed,
        reason=status.reason or status.evaluation_error,
        optional=optional,
    )


def attributes(namespace: str, right: Right) -> dict[str, str]:
    """A right as reviews of access name it; no namespace means all of them."""
    resource, _, subresource = right.resource.partition("/")
    found = {"namespace": namespace, "verb": right.verb, "group": right.group, "resource": resource}
    if right.name:
        found["name"] = right.name
    if subresource:
        found["subresource"] = subresource
    return found


def review(
    client: KubeClient, namespace: str, right: Right, *, timeout: float = READ_TIMEOUT
) -> ReviewStatus:
    """The API server's answer for one right. Raises Denied, Unavailable."""
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes(namespace, right)},
    }
    answer = client.request("POST", _REVIEWS, body=body, timeout=timeout)
    return decode_answer(answer, AccessReview, f"POST {_REVIEWS}").status


class KubeRights:
    """Implements :class:`daemon.ports.Rights`. A review is a question: nothing is stored of it."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    def may(self, namespace: str, right: Right) -> bool:
        found = review(self._client, namespace, right, timeout=TIMEOUT)
        if found.evaluation_error and not found.allowed:
            raise ports.Unavailable(f"whether the daemon may {right} is not known: {found.evaluation_error}")
        return found.allowed
