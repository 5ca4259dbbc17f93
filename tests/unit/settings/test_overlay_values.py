"""A values file that says the images: its keys are named, and what cannot be meant is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.core.model import WorkloadRef
from daemon.settings import SettingsError, load

BASE = """
workloads:
  - {namespace: shop, name: cart, signals: [], owner: git, overlay: production}
overlays:
  - {name: production, url: 'https://host/infra.git', path: charts/cart, values: VALUES}
"""
GOOD = "{images: [{repository: 'registry:5000/cart', tag: image.tag, digest: image.digest}]}"


def written(folder: Path, values: str = GOOD) -> Path:
    path = folder / "rollbackd.yaml"
    path.write_text(BASE.replace("VALUES", values))
    return path


def test_what_a_person_types_follows_from_it(tmp_path: Path) -> None:
    settings = load(written(tmp_path), {}, {})
    cart = settings.policy_for(WorkloadRef(namespace="shop", name="cart"), {}).owners
    assert cart.overlay_by_hand == "$EDITOR charts/cart/values.yaml  # image.tag, image.digest"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ("{images: []}", "overlays[0].values.images"),
        ("{images: [{repository: cart}]}", "nothing says where its version stands"),
        ("{images: [{repository: 'cart:v1', tag: image.tag}]}", "without tag and digest"),
        ("{images: [{repository: cart, tag: 'image..tag'}]}", "is no key"),
        ("{file: ../values.yaml, images: [{repository: cart, tag: tag}]}", "its folder as path"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(tmp_path: Path, values: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(written(tmp_path, values), {}, {})
    assert said in "\n".join(map(str, caught.value.problems))
