"""The cluster's certificate authority, the API server's certificate, and the administrator's credentials."""

from __future__ import annotations

import json
import secrets
import subprocess

from tests.e2e.cluster.state import API_SERVICE, API_URL, NODE_ADDRESS, State
from tests.e2e.cluster.waiting import ClusterError

# Clients that check strictly (Python 3.13) want these extensions.
_EXTENSIONS = f"""\
subjectAltName=IP:{NODE_ADDRESS},IP:127.0.0.1,IP:{API_SERVICE},DNS:kubernetes,DNS:kubernetes.default,\
DNS:kubernetes.default.svc,DNS:localhost
basicConstraints=CA:FALSE
keyUsage=digitalSignature,keyEncipherment
extendedKeyUsage=serverAuth
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
"""


def create(state: State) -> None:
    """Write all keys, certificates, the token file and the kubeconfig."""
    pki = state.pki
    (pki / "api.ext").write_text(_EXTENSIONS)
    ca = ["-keyout", f"{pki}/ca.key", "-out", str(state.ca), "-subj", "/CN=rollbackd-e2e-ca", "-days", "30"]
    _openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", *ca, "-addext", "keyUsage=critical,keyCertSign")
    request = ["-keyout", f"{pki}/api.key", "-out", f"{pki}/api.csr", "-subj", "/CN=kube-apiserver"]
    _openssl("req", "-newkey", "rsa:2048", "-nodes", *request)
    signer = ["-CA", str(state.ca), "-CAkey", f"{pki}/ca.key", "-CAcreateserial", "-days", "30"]
    files = ["-in", f"{pki}/api.csr", "-out", f"{pki}/api.crt", "-extfile", f"{pki}/api.ext"]
    _openssl("x509", "-req", *files, *signer)
    _openssl("genrsa", "-out", f"{pki}/sa.key", "2048")
    _credentials(state)


def _credentials(state: State) -> None:
    token = secrets.token_hex(16)
    state.token.touch(mode=0o600)
    state.token.write_text(token)
    tokens = state.pki / "tokens.csv"
    tokens.touch(mode=0o600)
    tokens.write_text(f"{token},admin,admin,system:masters\n")
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "e2e", "cluster": {"server": API_URL, "certificate-authority": str(state.ca)}}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": "admin"}}],
        "current-context": "e2e",
    }
    state.kubeconfig.touch(mode=0o600)
    state.kubeconfig.write_text(json.dumps(document, indent=1))


def _openssl(*arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(f"openssl {arguments[0]}: {done.stderr.strip()}")
