"""What is said of owners: safe by default, the workload has the last word, a suspension has a place."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.core.model import WorkloadRef
from daemon.core.policy import OwnerChoice, OwnerKind
from daemon.settings import SettingsError, load

BASE = """
workloads:
  - {namespace: shop, name: cart, signals: []}
  - {namespace: shop, name: portal, signals: [], owner: OWN}
"""


def written(folder: Path, more: str = "", own: str = "act") -> Path:
    path = folder / "rollbackd.yaml"
    path.write_text(BASE.replace("OWN", own) + more)
    return path


def test_what_heals_by_itself_is_not_acted_against_unless_somebody_says_so(tmp_path: Path) -> None:
    settings = load(written(tmp_path), {}, {})
    cart = settings.policy_for(WorkloadRef(namespace="shop", name="cart"), {}).owners
    for kind in (OwnerKind.ARGO_CD, OwnerKind.FLUX_KUSTOMIZATION, OwnerKind.CONTROLLER, OwnerKind.CANARY):
        assert cart.choice(kind) is OwnerChoice.ADVISE
    portal = settings.policy_for(WorkloadRef(namespace="shop", name="portal"), {}).owners
    assert {portal.choice(kind) for kind in OwnerKind} == {OwnerChoice.ACT}
    assert settings.suspending == {}


def test_rights_are_asked_for_where_something_is_suspended_and_of_that_alone(tmp_path: Path) -> None:
    more = "owners: {flux_kustomization: suspend, namespaces: [flux-system]}\n"
    settings = load(written(tmp_path, more), {}, {})
    assert settings.suspending == {"flux-system": (OwnerKind.FLUX_KUSTOMIZATION,)}


@pytest.mark.parametrize(
    ("more", "own", "field", "remedy"),
    [
        ("owners: {flux_kustomization: suspend}\n", "act", "owners.flux_kustomization", "owners.namespaces"),
        ("", "suspend", "workloads[1].owner", "owners.namespaces"),
        ("owners: {argocd: suspend, namespaces: [flux]}\n", "act", "owners.argocd_namespace", "add it there"),
        ("owners: {helm: suspend}\n", "act", "owners.helm", "act"),
        ("owners: {other: git}\n", "act", "owners.other", "act"),
        ("", "git", "workloads[1].owner", "add 'overlay:'"),
        ("", "act, overlay: nowhere", "workloads[1].overlay", "add it to overlays"),
        ("overlays: [{name: a, url: 'git@host:x'}]\n", "act", "overlays[0].url", "https://"),
        ("overlays: [{name: a, url: 'https://u:p@host/x'}]\n", "act", "overlays[0].url", "password_file"),
        (
            "overlays: [{name: a, url: 'https://host/x', path: ../y}]\n",
            "act",
            "overlays[0].path",
            "leave out",
        ),
        ("overlays: [{name: a, url: 'https://host/x', username: u}]\n", "act", "overlays[0]", "set both"),
    ],
)
def test_a_choice_that_cannot_be_carried_out_is_refused(
    tmp_path: Path, more: str, own: str, field: str, remedy: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(written(tmp_path, more, own), {}, {})
    [problem] = caught.value.problems
    assert field in str(problem)
    assert remedy in str(problem)


def test_a_workload_has_its_overlay(tmp_path: Path) -> None:
    more = "overlays: [{name: production, url: 'https://host/infra.git', path: overlays/production}]\n"
    settings = load(written(tmp_path, more, "git, overlay: production"), {}, {})
    portal = settings.policy_for(WorkloadRef(namespace="shop", name="portal"), {}).owners
    assert portal.choice(OwnerKind.FLUX_KUSTOMIZATION) is OwnerChoice.GIT
    assert portal.overlay == "production"
    assert portal.choice(OwnerKind.FLUX_HELM_RELEASE) is OwnerChoice.GIT
    assert portal.choice(OwnerKind.CONTROLLER) is OwnerChoice.ADVISE
