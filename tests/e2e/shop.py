"""The tutorial's shop in a namespace of one's own, run by the Python that is in the stand-in's image."""

from __future__ import annotations

import json
from pathlib import Path

from ruamel.yaml import YAML

from tests.e2e.app import build
from tests.e2e.app.manifests import namespace as made_namespace

NAME = "cart"
SHOP = Path(__file__).parents[2] / "docs" / "tutorial" / "shop.yaml"


def everything(namespace: str) -> str:
    """Namespace, the application as a ConfigMap, and the Deployment."""
    items = [json.loads(made_namespace(namespace))]
    for item in YAML(typ="safe").load_all(SHOP):
        if item["kind"] == "Namespace":
            continue
        item["metadata"]["namespace"] = namespace
        if item["kind"] == "Deployment":
            item["spec"]["template"]["spec"]["containers"][0]["image"] = build.image("v1.0.0")
        items.append(item)
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
