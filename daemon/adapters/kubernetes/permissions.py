"""What the daemon must be allowed to do, as data, and whether it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from daemon.adapters.kubernetes.client import KubeClient, decode
from daemon.core.value import Value

NOBODY: Mapping[str, Sequence[str]] = {}
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
    Need(group="apps", resource="replicasets", verbs=("get", "list", "watch")),
    Need(group="", resource="pods", verbs=("get", "list", "watch")),
    Need(group="", resource="configmaps", verbs=("get",)),
    Need(group="", resource="secrets", verbs=("get",), optional=True),
    Need(group="", resource="events", verbs=("create",)),
    Need(
        group="rollbackd.io",
        resource="rolloutcases",
        # Neither patch nor update: the instruction is people's, and the daemon must not approve itself.
        verbs=("get", "list", "watch", "create", "delete"),
    ),
    Need(group="rollbackd.io", resource="rolloutcases/status", verbs=("update",)),
)
"""Everything that the daemon's Role grants in each guarded namespace; nothing else is used."""
RESTORING = (Need(group="", resource="configmaps", verbs=("create", "patch", "delete")),)
"""What it grants besides where a policy restores configuration: ``create`` for copies and for
what was deleted, ``patch`` for what was changed, ``delete`` for copies that no case needs any more."""
OPTIONAL = (Need(group="", resource="nodes", verbs=("get",), optional=True),)
"""What its ClusterRole grants. Without it a failure is judged without the nodes' conditions."""


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


class _ReviewStatus(msgspec.Struct, rename="camel"):
    allowed: bool = False
    reason: str = ""
    evaluation_error: str = ""


class _Review(msgspec.Struct):
    status: _ReviewStatus


def check(
    client: KubeClient,
    namespaces: Sequence[str],
    *,
    named: Mapping[str, Sequence[str]] = NOBODY,
    restoring: Collection[str] = (),
) -> list[Permission]:
    """Ask for every verb of ``NEEDED`` in each namespace, of ``RESTORING`` in those that restore, and of
    ``OPTIONAL``. Raises Denied, Unavailable.

    ``named`` gives the Deployments of a namespace that is guarded by names alone: a Role may limit the patch
    to these, so it is asked for each of them.
    """
    needed = [
        _ask(client, need, verb, namespace, name, optional=need.optional)
        for needs, places in (
            (NEEDED, namespaces),
            (RESTORING, [namespace for namespace in namespaces if namespace in restoring]),
        )
        for need in needs
        for namespace in places
        for verb in need.verbs
        for name in _names(need, verb, named.get(namespace, ()))
    ]
    return needed + [
        _ask(client, need, verb, "", "", optional=need.optional) for need in OPTIONAL for verb in need.verbs
    ]


def _names(need: Need, verb: str, named: Sequence[str]) -> Sequence[str]:
    return named if named and (need.resource, verb) == ("deployments", "patch") else ("",)


def _ask(
    client: KubeClient, need: Need, verb: str, namespace: str, name: str, *, optional: bool = False
) -> Permission:
    resource, _, subresource = need.resource.partition("/")
    attributes = {"namespace": namespace, "verb": verb, "group": need.group, "resource": resource}
    if name:
        attributes["name"] = name
    if subresource:
        attributes["subresource"] = subresource
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    status = decode(client.request("POST", _REVIEWS, body=review), _Review, f"POST {_REVIEWS}").status
    return Permission(
        verb=verb,
        resource=(f"{need.resource}.{need.group}" if need.group else need.resource)
        + (f"/{name}" if name else ""),
        namespace=namespace,
        allowed=status.allowed,
        reason=status.reason or status.evaluation_error,
        optional=optional,
    )
