"""Owners may be suspended only where the settings say so, and only of the kinds that they name."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.adapters.kubernetes.permissions import SUSPENDING
from daemon.core.policy import OwnerKind
from tests.chart.rendering import Manifest, render

FLUX, HELM, ARGO = OwnerKind.FLUX_KUSTOMIZATION, OwnerKind.FLUX_HELM_RELEASE, OwnerKind.ARGO_CD


def _roles(owners: dict[str, Any], *chosen: str) -> list[Manifest]:
    entries = [{"owner": one} if one else {} for one in chosen or ("",)]
    workloads = [
        {"namespace": "shop", "name": f"w{index}", "signals": [], **entry}
        for index, entry in enumerate(entries)
    ]
    made = render(
        values={"webhook": {"enabled": False}, "config": {"workloads": workloads, "owners": owners}}
    )
    return [role for role in made.roles if role["metadata"]["name"].endswith("-owners")]


@pytest.mark.parametrize(
    ("owners", "chosen", "kinds"),
    [
        ({}, (), set()),
        ({"namespaces": ["flux-system"]}, (), set()),
        ({"namespaces": ["flux-system"], "flux_kustomization": "suspend"}, (), {FLUX}),
        ({"namespaces": ["flux-system"], "flux_kustomization": "suspend"}, ("act",), set()),
        ({"namespaces": ["flux-system", "argocd"]}, ("", "suspend"), {FLUX, HELM, ARGO}),
    ],
)
def test_rights_on_owners(owners: dict[str, Any], chosen: tuple[str, ...], kinds: set[OwnerKind]) -> None:
    roles = _roles(owners, *chosen)
    places = owners.get("namespaces", []) if kinds else []
    assert sorted(role["metadata"]["namespace"] for role in roles) == sorted(places)
    wanted = {(SUSPENDING[kind].group, SUSPENDING[kind].resource) for kind in kinds}
    for role in roles:
        assert {(r["apiGroups"][0], r["resources"][0]) for r in role["rules"]} == wanted
        assert all(rule["verbs"] == ["get", "patch"] for rule in role["rules"])
