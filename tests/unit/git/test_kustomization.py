"""Setting images back in a kustomization: the pins change, and not another byte."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from daemon.adapters.git.kustomization import changes, set_back
from daemon.core.case.images import ImageReference
from daemon.ports import Rejected

HEAT = "gcr.io/greenlang/gl-006-heatreclaim"
PROXY = "registry:5000/proxy"
DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
OVERLAY = f"""# production: ask platform-team before you touch this
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
    - ../../base   # odd indentation, kept
images:
- name: {HEAT}
  newTag: v1.1.0   # pinned by the pipeline
-   name: proxy
    newName: {PROXY}
    newTag: "2.10"
commonLabels: {{env: production,   tier: 'backend'}}
"""


def back(text: str, judged: str, target: str) -> str:
    return set_back(text, changes([judged], [target]), "overlay")


def test_the_tag_alone_is_changed() -> None:
    assert back(OVERLAY, f"{HEAT}:v1.1.0", f"{HEAT}:v1.0.0") == OVERLAY.replace("v1.1.0 ", "v1.0.0 ")


def test_what_has_the_target_already_is_the_same_text() -> None:
    assert back(OVERLAY, f"{HEAT}:v1.2.0", f"{HEAT}:v1.1.0") == OVERLAY


def test_an_image_is_known_by_the_name_that_it_is_given() -> None:
    assert back(OVERLAY, f"{PROXY}:2.10", f"{PROXY}:2.9") == OVERLAY.replace('"2.10"', '"2.9"')


def test_several_images_are_set_back_together() -> None:
    wanted = changes([f"{HEAT}:v1.1.0", f"{PROXY}:2.10"], [f"{HEAT}:v1.0.0", f"{PROXY}:2.9"])
    after = set_back(OVERLAY, wanted, "overlay")
    assert after == OVERLAY.replace("v1.1.0 ", "v1.0.0 ").replace('"2.10"', '"2.9"')


@pytest.mark.parametrize(
    ("before", "judged", "target", "after"),
    [
        ("newTag: v2", ":v2", f"@{DIGEST}", f"digest: {DIGEST}"),
        (f"digest: {DIGEST}", f"@{DIGEST}", f"@{OTHER}", f"digest: {OTHER}"),
        (f"digest: {DIGEST} # why", f"@{DIGEST}", ":v1", "newTag: v1 # why"),
        ("newTag: v2", ":v2", ":1.10", 'newTag: "1.10"'),
        ("newTag: '2'", ":2", ":1", "newTag: '1'"),
        ("newTag:   v2", ":v2", ":v1", "newTag:   v1"),
    ],
)
def test_pins_of_each_form(before: str, judged: str, target: str, after: str) -> None:
    text = f"images:\n- name: heat\n  {before}\n"
    assert back(text, f"heat{judged}", f"heat{target}") == f"images:\n- name: heat\n  {after}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("images: []\n", "no entry for heat"),
        ("images:\n- {name: heat, newTag: v2}\n- {name: heat, newTag: v2}\n", "2 entries for heat"),
        ("images:\n- name: heat\n  newTag: v3\n", "somebody wrote it since"),
        ("images:\n- name: heat\n", "pin it there"),
        ("b: &b {newTag: v2}\nimages:\n- name: heat\n  <<: *b\n", "do it by hand"),
        ("- a list\n", "it is not a map"),
        ("images: [\n", "is not YAML"),
        ("", "it is not a map"),
    ],
)
def test_what_cannot_be_set_back_is_one_clear_sentence(text: str, said: str) -> None:
    with pytest.raises(Rejected, match=said):
        back(text, "heat:v2", "heat:v1")


def test_images_that_cannot_be_paired_are_not_guessed_at() -> None:
    with pytest.raises(Rejected, match="other containers"):
        changes(["heat:v2", "proxy:v1"], ["heat:v1"])
    with pytest.raises(Rejected, match="another image"):
        changes(["heat:v2"], ["cold:v2"])


TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,12}", fullmatch=True)


@given(TAGS, TAGS, st.sampled_from(["", '"', "'"]))
def test_any_tag_comes_back_as_text(before: str, after: str, quote: str) -> None:
    here = f'"{before}"' if not quote else f"{quote}{before}{quote}"
    text = f"# kept\nimages:\n- name: heat\n  newTag: {here} # and this\nnamespace: shop\n"
    made = back(text, f"heat:{before}", f"heat:{after}")
    document = YAML(typ="safe").load(made)
    assert document == {"images": [{"name": "heat", "newTag": after}], "namespace": "shop"}
    assert made.startswith("# kept\n")
    assert "# and this" in made


@given(TAGS, st.none() | st.just(DIGEST))
def test_an_image_is_its_parts(tag: str, digest: str | None) -> None:
    image = f"registry:5000/team/heat@{digest}" if digest else f"registry:5000/team/heat:{tag}"
    assert str(ImageReference.of(image)) == image


@pytest.mark.skipif(
    shutil.which("kubectl") is None, reason="kubectl kustomize is the truth where it is there"
)
def test_kustomize_makes_of_it_what_is_rolled_back_to(tmp_path: Path) -> None:
    (tmp_path / "deployment.yaml").write_text(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: heat}\n"
        f"spec: {{template: {{spec: {{containers: [{{name: heat, image: {HEAT}}}]}}}}}}\n"
    )
    text = f"resources: [deployment.yaml]\nimages:\n- name: {HEAT}\n  newTag: v1.1.0 # pinned\n"
    for target in (f"{HEAT}:v1.0.0", f"{HEAT}@{DIGEST}"):
        (tmp_path / "kustomization.yaml").write_text(back(text, f"{HEAT}:v1.1.0", target))
        made = subprocess.run(
            ["kubectl", "kustomize", str(tmp_path)], capture_output=True, text=True, check=True
        )
        assert f"image: {target}" in made.stdout
