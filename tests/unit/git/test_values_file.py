"""Setting images back in a values file: the named keys change, and not another byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from daemon.adapters.git.kustomization import changes
from daemon.adapters.git.values_file import ImageKeys, set_values_back
from daemon.ports import Rejected

HEAT, PROXY = "gcr.io/greenlang/heat", "registry:5000/proxy"
OLD, NEW = "sha256:" + "a" * 64, "sha256:" + "b" * 64
KEYS = {
    HEAT: ImageKeys(repository=HEAT, tag="image.tag", digest="image.digest"),
    PROXY: ImageKeys(repository=PROXY, tag="sidecars.proxy.tag"),
}
VALUES = """# ask platform-team before you touch this
replicaCount:   3
image:
    repository: gcr.io/greenlang/heat   # odd indentation, kept
    tag: v1.1.0   # pinned by the pipeline
sidecars: {proxy: {tag: "2.10", pullPolicy: 'Always'}}
other: {tag: v1.1.0}
"""


def back(text: str, judged: list[str], target: list[str]) -> str:
    return set_values_back(text, changes(judged, target), KEYS, "values.yaml")


def test_the_named_keys_alone_are_changed() -> None:
    after = back(VALUES, [f"{HEAT}:v1.1.0", f"{PROXY}:2.10"], [f"{HEAT}:v1.0.0", f"{PROXY}:2.9"])
    assert after == VALUES.replace("v1.1.0   #", "v1.0.0   #").replace('"2.10"', '"2.9"')


def test_what_has_the_target_already_is_the_same_text() -> None:
    assert back(VALUES, [f"{HEAT}:v1.2.0"], [f"{HEAT}:v1.1.0"]) == VALUES


def test_tag_and_digest_go_back_together_in_one_line_as_well() -> None:
    text = f"image: {{tag: v2, digest: {NEW}}} # both\n"
    after = back(text, [f"{HEAT}:v2@{NEW}"], [f"{HEAT}:v1@{OLD}"])
    assert after == f"image: {{tag: v1, digest: {OLD}}} # both\n"


def test_a_manifest_of_a_helm_release_is_a_values_file_as_well() -> None:
    keys = {HEAT: ImageKeys(repository=HEAT, tag="spec.values.image.tag")}
    text = "kind: HelmRelease\nspec:\n  interval: 5m\n  values:\n    image:\n      tag: v2\n"
    after = set_values_back(text, changes([f"{HEAT}:v2"], [f"{HEAT}:v1"]), keys, "release.yaml")
    assert after == text.replace("v2", "v1")


@pytest.mark.parametrize(
    ("text", "judged", "target", "said"),
    [
        ("image: {tag: v3}\n", f"{HEAT}:v2", f"{HEAT}:v1", "has v3 at image.tag, which is neither v2 nor v1"),
        ("image: {tag: }\n", f"{HEAT}:v2", f"{HEAT}:v1", "has nothing at image.tag"),
        ("image: {}\n", f"{HEAT}:v2", f"{HEAT}:v1", "has nothing at image.tag"),
        ("image: text\n", f"{HEAT}:v2", f"{HEAT}:v1", "has nothing at image.tag"),
        ("image: {tag: v2}\n", f"{HEAT}:v2", f"{HEAT}@{OLD}", "is pinned by its digest"),
        ("image: {tag: v2}\n", f"{HEAT}@{NEW}", f"{HEAT}:v1", "is pinned by its digest"),
        ("image: {tag: v2}\n", "cold:v2", "cold:v1", "nothing says where values.yaml has cold"),
        ("image: {tag: v2}\n", f"{PROXY}@{NEW}", f"{PROXY}@{OLD}", "no key is named for it"),
        ("v: &v v2\nimage: {tag: *v}\n", f"{HEAT}:v2", f"{HEAT}:v1", "do it by hand"),
        ("image: &i {tag: v2}\nother: *i\n", f"{HEAT}:v2", f"{HEAT}:v1", ""),
        ("base: &b {tag: v2}\nimage: {<<: *b}\n", f"{HEAT}:v2", f"{HEAT}:v1", "do it by hand"),
        ("image:\n  <<: {tag: v2}\n", f"{HEAT}:v2", f"{HEAT}:v1", "do it by hand"),
        ("---\na: 1\n---\nb: 2\n", f"{HEAT}:v2", f"{HEAT}:v1", "is not YAML"),
        ("- a list\n", f"{HEAT}:v2", f"{HEAT}:v1", "it is not a map"),
    ],
)
def test_what_cannot_be_set_back_is_one_clear_sentence(
    text: str, judged: str, target: str, said: str
) -> None:
    if not said:
        assert back(text, [judged], [target]) == text.replace("v2", "v1")
        return
    with pytest.raises(Rejected) as caught:
        back(text, [judged], [target])
    assert said in str(caught.value)


TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,12}", fullmatch=True)


@given(TAGS, TAGS, st.sampled_from(["image: {tag: TAG}", "image:\n  tag: TAG # why", "image:\n  tag:   TAG"]))
def test_any_tag_comes_back_as_text(before: str, after: str, form: str) -> None:
    text = f"# kept\n{form.replace('TAG', repr(before))}\nreplicas: 3\n"
    made = back(text, [f"{HEAT}:{before}"], [f"{HEAT}:{after}"])
    assert YAML(typ="safe").load(made) == {"image": {"tag": after}, "replicas": 3}
    assert made.startswith("# kept\n")
