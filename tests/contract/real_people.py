"""Accounts of the cluster, with tokens of its own making and some that it should not take."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.people import KubeAccess
from daemon.core.case.steps.step import Right
from daemon.ports import Access, Person
from tests.contract.real import client_of, namespace, running
from tests.e2e.cluster.cluster import Cluster

ACCOUNT = "anna"


class RealPeople:
    def __init__(self, cluster: Cluster, home: str, client: KubeClient, dead: KubeClient) -> None:
        self._cluster = cluster
        self._dead = dead
        self.namespace = home
        self.access: Access = KubeAccess(client)

    def token(self) -> str:
        return self._made()

    def elsewhere(self) -> str:
        return self._made("--audience=elsewhere")

    def expired(self) -> str:
        """One of the API server's own, an hour older: nobody waits for ten minutes, the least there is."""
        claims = claims_of(self._made())
        hour_ago = int(time.time()) - 3600
        return signed(self._cluster, claims | {"iat": hour_ago, "nbf": hour_ago, "exp": hour_ago + 600})

    def grant(self, person: Person, right: Right) -> None:
        here = ("-n", self.namespace)
        resource = f"{right.resource}.{right.group}"
        name = f"may-{right.verb}"
        self._cluster.kubectl(*here, "create", "role", name, f"--verb={right.verb}", f"--resource={resource}")
        self._cluster.kubectl(*here, "create", "rolebinding", name, f"--role={name}", f"--user={person.name}")

    def cut_off(self) -> Access:
        return KubeAccess(self._dead)

    def _made(self, *options: str) -> str:
        return self._cluster.kubectl("-n", self.namespace, "create", "token", ACCOUNT, *options).strip()


def claims_of(token: str) -> dict[str, Any]:
    middle = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return found


def signed(cluster: Cluster, claims: dict[str, Any]) -> str:
    """A token with these claims, by the key that the cluster signs its accounts' tokens with."""
    key = load_pem_private_key((cluster.state.pki / "sa.key").read_bytes(), password=None)
    assert isinstance(key, RSAPrivateKey)
    head = _part(b'{"alg":"RS256","typ":"JWT"}') + b"." + _part(json.dumps(claims).encode())
    return (head + b"." + _part(key.sign(head, PKCS1v15(), SHA256()))).decode()


def _part(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


@contextmanager
def people_driver() -> Iterator[RealPeople]:
    cluster = running()
    with namespace(cluster) as home, client_of(cluster) as client, client_of(cluster, dead=True) as dead:
        cluster.kubectl("-n", home, "create", "serviceaccount", ACCOUNT)
        yield RealPeople(cluster, home, client, dead)
