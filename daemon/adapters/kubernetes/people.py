"""Who somebody is and what they may, asked of the API server by reviews, which it keeps nothing of.

A token is asked about at the API server's own audience: what it is used for besides is to write with it. One
that was made for another audience is no login here, and must not become one.
"""

from __future__ import annotations

import msgspec

from daemon import ports
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.errors import decode_answer
from daemon.adapters.kubernetes.permissions import AccessReview, attributes
from daemon.core.case.steps.step import Right
from daemon.ports import Person, Stranger

TIMEOUT = 3.0
"""Seconds for the answer to one review: somebody is waiting at the page."""
_TOKENS = "/apis/authentication.k8s.io/v1/tokenreviews"
_ACCESS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
_WHY = (
    ("token has expired", "the token has expired"),
    ("is invalid for the target audiences", "the token was made for another audience than the API server's"),
)
"""What the API server's words hold → what is wrong. It has no reasons for machines here."""
REMEDY = "make one with: kubectl create token NAME -n NAMESPACE"


class _User(msgspec.Struct, frozen=True):
    username: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: dict[str, tuple[str, ...]] = {}


class _TokenStatus(msgspec.Struct):
    authenticated: bool = False
    user: _User = _User()
    error: str = ""


class _TokenReview(msgspec.Struct):
    status: _TokenStatus


class _SelfStatus(msgspec.Struct):
    user_info: _User = msgspec.field(name="userInfo", default=_User())


class _SelfReview(msgspec.Struct):
    status: _SelfStatus


def whoami(client: KubeClient) -> str:
    """Whom the API server knows the client as; empty where it does not say (before Kubernetes 1.28)."""
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        answer = client.request("POST", _SELF, body=body, timeout=TIMEOUT)
        return decode_answer(answer, _SelfReview, f"POST {_SELF}").status.user_info.username
    except ports.PortError:
        return ""


class KubeAccess:
    """Implements :class:`daemon.ports.Access`."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    def who(self, token: str) -> Person | Stranger:
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": {"token": token},
        }
        answer = self._client.request("POST", _TOKENS, body=body, timeout=TIMEOUT)
        status = decode_answer(answer, _TokenReview, f"POST {_TOKENS}").status
        if not status.authenticated or not status.user.username:
            return Stranger(reason=_why(status.error))
        user = status.user
        return Person(name=user.username, groups=user.groups, uid=user.uid, extra=user.extra)

    def may(self, person: Person, namespace: str, right: Right) -> bool:
        spec = {
            "user": person.name,
            "groups": list(person.groups),
            "uid": person.uid,
            "extra": {key: list(values) for key, values in person.extra.items()},
            "resourceAttributes": attributes(namespace, right),
        }
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
        answer = self._client.request("POST", _ACCESS, body=body, timeout=TIMEOUT)
        status = decode_answer(answer, AccessReview, f"POST {_ACCESS}").status
        if status.evaluation_error and not status.allowed:
            raise ports.Unavailable(
                f"whether {person.name} may {right} is not known: {status.evaluation_error}"
            )
        return status.allowed


def _why(error: str) -> str:
    known = next((words for mark, words in _WHY if mark in error), "the API server does not know this token")
    return f"{known}: {REMEDY}"
