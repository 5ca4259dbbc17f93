from __future__ import annotations

import socket
from pathlib import Path
from typing import Any, cast

import pytest
from kubernetes.client import Configuration
from kubernetes.config.incluster_config import InClusterConfigLoader
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from daemon import ports
from daemon.adapters.kubernetes.access import load
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.errors import Expired, uninstalled
from daemon.adapters.kubernetes.resources import CASES, DEPLOYMENTS, PODS
from tests.unit.kubernetes import fake_api
from tests.unit.kubernetes.fake_api import FakeApi

PODS_PATH = "/api/v1/namespaces/greenlang/pods"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, ports.Rejected),
        (401, ports.Unavailable),
        (403, ports.Denied),
        (404, ports.Missing),
        (405, ports.Rejected),
        (409, ports.Conflict),
        (410, Expired),
        (413, ports.Rejected),
        (422, ports.Rejected),
        (429, ports.Unavailable),
        (500, ports.Unavailable),
        (503, ports.Unavailable),
        (504, ports.Unavailable),
    ],
)
def test_each_refusal_becomes_the_ports_error_with_the_servers_words_and_is_not_retried(
    api: FakeApi, client: KubeClient, code: int, error: type[Exception]
) -> None:
    api.answers["GET"] = [fake_api.status(code, "the server's own words")]
    with pytest.raises(error, match="the server's own words") as caught:
        client.request("GET", PODS_PATH)
    assert type(caught.value) is error
    assert len(api.requests) == 1


def test_a_refusal_by_rbac_names_the_remedy(api: FakeApi, client: KubeClient) -> None:
    words = 'pods is forbidden: User "x" cannot list resource "pods" in the namespace "greenlang"'
    api.answers["GET"] = [fake_api.status(403, words)]
    with pytest.raises(ports.Denied, match="grant this in the Role"):
        client.request("GET", PODS_PATH)


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ('admission webhook "policy" denied the request: no', "webhook's decision"),
        ("ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no", "admission policy's decision"),
        ("pods is forbidden: exceeded quota: q, requested: pods=1", "ResourceQuota"),
        ("unable to create: namespace greenlang is being terminated", "being deleted"),
    ],
)
def test_what_else_forbids_is_told_apart(api: FakeApi, client: KubeClient, words: str, remedy: str) -> None:
    api.answers["PATCH"] = [fake_api.status(403, words)]
    with pytest.raises(ports.Denied, match=remedy) as caught:
        client.request("PATCH", PODS_PATH, body=[], content_type="application/json-patch+json")
    assert "Role" not in str(caught.value)


def test_a_webhooks_refusal_is_not_blamed_on_rbac(api: FakeApi, client: KubeClient) -> None:
    api.answers["PATCH"] = [fake_api.status(403, 'admission webhook "policy" denied the request')]
    with pytest.raises(ports.Denied) as caught:
        client.request("PATCH", PODS_PATH, body=[], content_type="application/json-patch+json")
    assert "Role" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [("<html>login</html>", "text/html", 200), ("<html>bad gateway</html>", "text/html", 502)],
)
def test_what_is_no_api_server_is_unavailable(
    api: FakeApi, client: KubeClient, body: str, kind: str, code: int
) -> None:
    api.answers["GET"] = [Response(body, status=code, content_type=kind)]
    with pytest.raises(ports.Unavailable):
        client.request("GET", PODS_PATH)


def test_an_answer_cut_short_is_unavailable(api: FakeApi, client: KubeClient) -> None:
    api.answers["GET"] = [fake_api.broken()]
    with pytest.raises(ports.Unavailable):
        client.request("GET", PODS_PATH)


def test_json_that_is_no_list_is_unavailable(api: FakeApi, client: KubeClient) -> None:
    api.answers["GET"] = [fake_api.answer({"items": []})]
    with pytest.raises(ports.Unavailable, match="makes no sense"):
        client.list(PODS, "greenlang")


def test_a_redirect_is_not_followed(api: FakeApi, client: KubeClient) -> None:
    api.answers["GET"] = [Response(status=302, headers={"Location": "/elsewhere"})]
    with pytest.raises(ports.Unavailable):
        client.request("GET", PODS_PATH)
    assert len(api.requests) == 1


def test_a_server_that_is_gone_is_unavailable_in_one_line() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    client = KubeClient(Configuration(host=f"http://127.0.0.1:{port}"))
    with pytest.raises(ports.Unavailable, match="refuses connections") as caught:
        client.request("GET", PODS_PATH)
    assert "\n" not in str(caught.value)
    assert "0x" not in str(caught.value)


def test_a_list_is_read_page_by_page(api: FakeApi, client: KubeClient) -> None:
    api.page = 2
    for index in range(5):
        api.put(f"{PODS_PATH}/p{index}", {"metadata": {"name": f"p{index}"}})
    listing = client.list(PODS, "greenlang")
    assert len(listing.items) == 5
    assert listing.resource_version == str(api.version)
    assert len(api.requests) == 3


def test_a_token_that_was_renewed_on_disk_is_used(tmp_path: Path, server: HTTPServer) -> None:
    token, certificate = tmp_path / "token", tmp_path / "ca.crt"
    token.write_text("old")
    certificate.write_text("unused: the test server speaks plain HTTP")
    environment = {"KUBERNETES_SERVICE_HOST": "x", "KUBERNETES_SERVICE_PORT": "1"}
    loader = cast("Any", InClusterConfigLoader)(str(token), str(certificate), environ=environment)
    configuration = Configuration()
    loader.load_and_set(configuration)
    loader.host = configuration.host = server.url_for("").rstrip("/")
    said: list[str] = []

    def answer(request: Request) -> Response:
        said.append(request.headers["Authorization"])
        return fake_api.answer({})

    server.expect_request("/api").respond_with_handler(answer)
    client = KubeClient(configuration)
    client.request("GET", "/api")
    token.write_text("new")
    loader.token_expires_at = loader.token_expires_at.min
    client.request("GET", "/api")
    client.close()
    assert said == ["bearer old", "bearer new"]


def test_who_is_not_known_reads_the_token_again(tmp_path: Path, server: HTTPServer) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    file = tmp_path / "kubeconfig"
    file.write_text(
        f"""
apiVersion: v1
kind: Config
current-context: one
clusters: [{{name: c, cluster: {{server: "{server.url_for("").rstrip("/")}"}}}}]
users: [{{name: u, user: {{tokenFile: {token}}}}}]
contexts: [{{name: one, context: {{cluster: c, user: u}}}}]
"""
    )

    def answer(request: Request) -> Response:
        known = request.headers["Authorization"].endswith(" new")
        return fake_api.answer({}) if known else fake_api.status(401, "Unauthorized")

    server.expect_request("/api").respond_with_handler(answer)
    client = load(file)
    token.write_text("new")
    with pytest.raises(ports.Unavailable, match="does not know us"):
        client.request("GET", "/api")
    client.request("GET", "/api")
    client.close()


def test_a_kubeconfig_gives_the_server_the_user_and_the_namespace(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(
        """
apiVersion: v1
kind: Config
current-context: one
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: u, user: {token: t}}]
contexts:
- {name: one, context: {cluster: c, user: u, namespace: greenlang}}
- {name: two, context: {cluster: c, user: u}}
"""
    )
    assert (load(file).host, load(file).namespace) == ("http://127.0.0.1:1", "greenlang")
    assert load(file, "two").namespace == "default"
    with pytest.raises(ports.Rejected, match=f"there is no context three in {file}: it has one, two"):
        load(file, "three")
    with pytest.raises(ports.Unavailable, match=r"127.0.0.1:1 refuses connections \(context two\)"):
        load(file, "two").request("GET", PODS_PATH)


def test_a_kubeconfig_that_is_missing_or_has_no_such_context_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ports.Rejected, match="no usable Kubernetes configuration"):
        load(tmp_path / "none")


def test_paths_quote_what_they_are_given() -> None:
    assert DEPLOYMENTS.path("a", "b/../c") == "/apis/apps/v1/namespaces/a/deployments/b%2F..%2Fc"
    assert CASES.path("a", "b", "status").endswith("/namespaces/a/rolloutcases/b/status")
    assert PODS.path() == "/api/v1/pods"


def test_an_unknown_resource_is_told_from_a_missing_object(api: FakeApi, client: KubeClient) -> None:
    api.answers["GET"] = [
        Response("404 page not found\n", status=404, content_type="text/plain"),
        fake_api.status(404, "the server could not find the requested resource"),
        fake_api.status(404, 'rolloutcases.rollbackd.io "x" not found'),
    ]
    told = []
    for _ in range(3):
        with pytest.raises(ports.Missing) as caught:
            client.request("GET", CASES.path("greenlang", "x"))
        told.append(uninstalled(caught.value))
    assert told == [True, True, False]
