"""What the chart installs: valid, confined, and restarted when its settings change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from tests.chart import pod_security
from tests.chart.rendering import CHART, NAMESPACE, VALUES, HelmError, Rendered, helm, render

TOKEN = {"webhook": {"token": "0123456789abcdef"}}
# Not Kubernetes' own: no schema comes with it.
FOREIGN = {"ServiceMonitor", "PrometheusRule"}


def test_chart_passes_lint_without_a_warning(values_file: Path) -> None:
    said = helm("lint", "--strict", str(CHART), "-f", str(values_file))
    assert "WARNING" not in said


@pytest.mark.parametrize("version", ["1.27", kubernetes_validate.latest_version()])
def test_every_manifest_is_valid(rendered: Rendered, version: str) -> None:
    known = [manifest for manifest in rendered.manifests if manifest["kind"] not in FOREIGN]
    for manifest in known:
        kubernetes_validate.validate(manifest, version, strict=True)
    assert {"Deployment", "Role", "RoleBinding", "Service"} <= {manifest["kind"] for manifest in known}


def test_pods_keep_to_the_restricted_level(rendered: Rendered) -> None:
    assert pod_security.complaints(rendered.pod["spec"]) == []
    assert pod_security.complaints(rendered.one("Pod")["spec"]) == []


def test_security_check_notices_what_the_chart_leaves_out() -> None:
    bare = {"hostPID": True, "volumes": [{"name": "host", "hostPath": {}}], "containers": [{"name": "c"}]}
    said = pod_security.complaints(bare)
    assert "hostPID is set" in said
    assert "volume host is a hostPath" in said
    assert "container c: runAsNonRoot is not true" in said
    assert "container c: privileges may escalate" in said


def test_names_and_selectors_agree(rendered: Rendered) -> None:
    labels = rendered.pod["metadata"]["labels"].items()
    assert rendered.one("Deployment")["spec"]["selector"]["matchLabels"].items() <= labels
    service = rendered.one("Service")["spec"]
    assert service["selector"].items() <= labels
    ports = {port["name"] for port in rendered.container["ports"]}
    assert {port["targetPort"] for port in service["ports"]} == {"http"} <= ports
    probes = [
        rendered.container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")
    ]
    assert [probe["path"] for probe in probes] == ["/healthz", "/healthz", "/readyz"]
    assert {probe["port"] for probe in probes} == {"http"}
    account = rendered.one("ServiceAccount")["metadata"]["name"]
    assert rendered.pod["spec"]["serviceAccountName"] == account


def test_only_the_daemon_gets_the_accounts_token(rendered: Rendered) -> None:
    assert rendered.one("ServiceAccount")["automountServiceAccountToken"] is False
    assert rendered.pod["spec"]["automountServiceAccountToken"] is True
    assert rendered.one("Pod")["spec"]["automountServiceAccountToken"] is False


def test_everything_lives_in_the_release_or_beside_the_workloads(rendered: Rendered) -> None:
    elsewhere = {
        manifest["kind"]
        for manifest in rendered.manifests
        if manifest["metadata"].get("namespace") != NAMESPACE
    }
    assert elsewhere - {"Role", "RoleBinding"} == {"ClusterRole", "ClusterRoleBinding"}


def test_mounts_have_their_volumes(rendered: Rendered) -> None:
    volumes = {volume["name"] for volume in rendered.pod["spec"]["volumes"]}
    mounts = {mount["name"] for mount in rendered.container["volumeMounts"]}
    assert mounts == volumes


@pytest.mark.parametrize(
    "change",
    [
        {"config": {"policy": {"watch": "20m"}}},
        {"webhook": {"token": "another-token-of-16"}},
        {"sentry": {"dsn": "https://key@sentry.example.com/1"}},
    ],
)
def test_changed_settings_restart_the_daemon(change: dict[str, Any]) -> None:
    before = render(values=TOKEN).pod["metadata"]["annotations"]
    assert render(values=TOKEN | change).pod["metadata"]["annotations"] != before
    assert render(values=TOKEN).pod["metadata"]["annotations"] == before


def test_secrets_never_reach_the_settings_file() -> None:
    made = render(VALUES[[path.stem for path in VALUES].index("full")])
    secret = made.one("Secret")
    assert set(secret["data"]) == {"token", "sentry-dsn"}
    assert "5b0c7c5a7d4e4f0e9a53" not in made.text
    assert "key@sentry" not in made.text


def test_an_existing_secret_is_used_and_none_is_made() -> None:
    made = render(values={"webhook": {"existingSecret": "mine", "existingSecretKey": "bearer"}})
    assert made.of("Secret") == []
    (volume,) = [volume for volume in made.pod["spec"]["volumes"] if volume["name"] == "webhook"]
    assert volume["secret"]["secretName"] == "mine"
    assert volume["secret"]["items"] == [{"key": "bearer", "path": "token"}]


@pytest.mark.parametrize("switch", ["networkPolicy", "serviceMonitor"])
def test_extras_are_off_unless_asked_for(switch: str) -> None:
    kind = switch[0].upper() + switch[1:]
    assert render(values=TOKEN).of(kind) == []
    assert len(render(values=TOKEN | {switch: {"enabled": True}}).of(kind)) == 1


def test_image_by_digest_wins_over_its_tag() -> None:
    image = {"repository": "example.com/r", "tag": "1", "digest": "sha256:" + "0" * 64}
    assert render(values=TOKEN | {"image": image}).container["image"] == f"example.com/r@{image['digest']}"
    assert render(values=TOKEN | {"image": image | {"digest": ""}}).container["image"] == "example.com/r:1"


def test_no_account_is_made_where_one_is_named() -> None:
    made = render(values=TOKEN | {"serviceAccount": {"create": False, "name": "mine"}})
    assert made.of("ServiceAccount") == []
    assert made.pod["spec"]["serviceAccountName"] == "mine"
    assert {subject["name"] for binding in made.of("RoleBinding") for subject in binding["subjects"]} == {
        "mine"
    }
    with pytest.raises(HelmError, match=r"serviceAccount\.name must name an existing account"):
        render(values=TOKEN | {"serviceAccount": {"create": False}})


def test_release_called_like_the_chart_is_not_doubled() -> None:
    assert render(values=TOKEN).one("Deployment")["metadata"]["name"] == "rollbackd"
    assert render(values=TOKEN, release="a").one("Deployment")["metadata"]["name"] == "a-rollbackd"
