"""Raw pod templates: how they are made, told apart and changed."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

HASH_LABEL = "pod-template-hash"
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"

Template = dict[str, Any]

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""Kubernetes' own, which spells no words."""


def simple_template(name: str, image: str) -> Template:
    """The smallest template that a Deployment of this name and image can have."""
    return {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": name, "image": image}]},
    }


def bare(template: Mapping[str, Any]) -> Template:
    """A deep copy without the pod-template-hash label: what a person wrote."""
    own = copy.deepcopy(dict(template))
    own.get("metadata", {}).get("labels", {}).pop(HASH_LABEL, None)
    return own


def template_hash(template: Mapping[str, Any]) -> str:
    """Equal for equal templates, whatever the order of their keys and whether or not they bear the hash."""
    return word(msgspec.json.encode(bare(template), order="sorted").decode(), 10)


def word(seed: str, length: int) -> str:
    """``length`` letters of the kind that Kubernetes puts in generated names, the same for the same seed."""
    digest = hashlib.sha256(seed.encode()).digest()
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:length])


def containers_of(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    containers: list[dict[str, Any]] = template["spec"]["containers"]
    return containers


def inits_of(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Its init containers, sidecars among them."""
    inits: list[dict[str, Any]] = template["spec"].get("initContainers") or []
    return inits


def images_of(template: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(container["image"] for container in containers_of(template))


def tag_of(image: str) -> str:
    """The tag of an image reference; ``latest`` where it names none."""
    name = image.rpartition("/")[2]
    return name.partition(":")[2] or "latest"


def with_image(template: Mapping[str, Any], image: str) -> Template:
    """The template with another image in its first container."""
    changed = bare(template)
    containers_of(changed)[0]["image"] = image
    return changed


def with_images(template: Mapping[str, Any], images: Mapping[str, str]) -> Template:
    """The template with other images in the containers of these names."""
    changed = bare(template)
    for container in (*containers_of(changed), *inits_of(changed)):
        container["image"] = images.get(container["name"], container["image"])
    return changed


def with_annotation(template: Mapping[str, Any], name: str, value: str) -> Template:
    changed = bare(template)
    changed.setdefault("metadata", {}).setdefault("annotations", {})[name] = value
    return changed
