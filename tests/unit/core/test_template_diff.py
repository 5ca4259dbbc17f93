"""What a release changed, for people: complete, in few lines, and without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.rollout_facts.template_diff import LONGEST_PATH, LONGEST_VALUE, MOST_LINES, template_diff

TEMPLATE: Mapping[str, Any] = {
    "metadata": {
        "labels": {"app": "cart", "pod-template-hash": "1"},
        "annotations": {"checksum/config": "a"},
    },
    "spec": {
        "nodeSelector": {"disk": "ssd"},
        "containers": [
            {
                "name": "app",
                "image": "cart:1",
                "args": ["--verbose"],
                "env": [{"name": "LOG", "value": "info"}, {"name": "API_TOKEN", "value": "s3cr3t-one"}],
                "resources": {"limits": {"memory": "256Mi", "cpu": 1}},
                "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 5},
                "volumeMounts": [{"name": "settings", "mountPath": "/etc/app"}],
            },
            {"name": "proxy", "image": "proxy:1"},
        ],
        "volumes": [{"name": "settings", "configMap": {"name": "cart-settings"}}],
    },
}

TMP = {"name": "tmp", "emptyDir": {}}


def changed(**parts: Any) -> Mapping[str, Any]:
    """The template with other parts of its first container."""
    first, second = TEMPLATE["spec"]["containers"]
    return {**TEMPLATE, "spec": {**TEMPLATE["spec"], "containers": [{**first, **parts}, second]}}


@pytest.mark.parametrize(
    ("after", "line"),
    [
        (changed(image="cart:2"), "container app, image: cart:1 → cart:2"),
        (changed(args=["--verbose", "--fast"]), "container app, args: --verbose → --verbose --fast"),
        (changed(args=[]), "container app, args: --verbose → not set"),
        (
            changed(resources={"limits": {"memory": "128Mi", "cpu": 1}}),
            "container app, resources.limits.memory: 256Mi → 128Mi",
        ),
        (
            changed(readinessProbe={"httpGet": {"path": "/up", "port": 8080}, "periodSeconds": 5}),
            "container app, readinessProbe.httpGet.path: /ready → /up",
        ),
        (
            changed(env=[{"name": "API_TOKEN", "value": "s3cr3t-two"}, {"name": "LOG", "value": "info"}]),
            "container app, env API_TOKEN: changed, and not shown",
        ),
        (
            changed(env=[{"name": "API_TOKEN", "value": "s3cr3t-one"}]),
            "container app, env LOG: info → not set",
        ),
        (
            {**TEMPLATE, "spec": {**TEMPLATE["spec"], "volumes": [*TEMPLATE["spec"]["volumes"], TMP]}},
            "volume tmp: not set → there",
        ),
        (
            {**TEMPLATE, "spec": {**TEMPLATE["spec"], "nodeSelector": {"disk": "hdd"}}},
            "nodeSelector.disk: ssd → hdd",
        ),
        (
            {**TEMPLATE, "metadata": {"labels": {"app": "cart"}, "annotations": {"checksum/config": "b"}}},
            "metadata.annotations.checksum/config: a → b",
        ),
    ],
)
def test_one_change_is_one_line(after: Mapping[str, Any], line: str) -> None:
    assert template_diff(7, TEMPLATE, after).lines == (line,)


def test_values_that_differ_beyond_what_is_shown_are_not_shown_as_alike() -> None:
    one, other = (changed(env=[{"name": "LOG", "value": "x" * 200 + end}]) for end in "ab")
    assert template_diff(7, one, other).lines == ("container app, env LOG: changed, and not shown",)


def test_order_in_lists_and_the_hash_are_no_changes() -> None:
    spec = TEMPLATE["spec"]
    other = {
        "metadata": {**TEMPLATE["metadata"], "labels": {"app": "cart", "pod-template-hash": "2"}},
        "spec": {**spec, "containers": spec["containers"][::-1]},
    }
    diff = template_diff(7, TEMPLATE, other)
    assert list(diff) == ["nothing in the pod template"]


def test_the_image_comes_first_and_a_container_that_is_new_is_named() -> None:
    spec = TEMPLATE["spec"]
    more = [*changed(image="cart:2", resources={})["spec"]["containers"], {"name": "side", "image": "side:1"}]
    lines = template_diff(7, TEMPLATE, {**TEMPLATE, "spec": {**spec, "containers": more}}).lines
    assert lines[:2] == (
        "container app, image: cart:1 → cart:2",
        "container side, image: not set → side:1",
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=30,
)
objects = st.dictionaries(
    st.sampled_from(["spec", "containers", "env", "name", "value", "image", "metadata"])
    | st.text(max_size=5),
    json_values,
    max_size=5,
)


@given(objects, objects)
def test_whatever_the_templates_hold_it_is_bounded_and_of_one_line_each(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    diff = template_diff(1, before, after)
    assert len(diff.lines) <= MOST_LINES
    assert all(len(line) <= LONGEST_PATH + 2 * LONGEST_VALUE + 10 for line in diff.lines)
    assert template_diff(1, before, before).lines == ()


def test_what_is_nested_deeper_than_any_template_is_left_out() -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"spec": deep}
    assert template_diff(1, {}, {"image": "cart:1", "spec": deep}).lines == ("image: not set → cart:1",)


@pytest.mark.parametrize("name", ["DB_PASSWORD", "API_TOKEN", "AUTH_SECRET"])
@given(
    old=st.none() | st.from_regex(r"[a-z0-9]{12,20}", fullmatch=True),
    new=st.from_regex(r"[a-z0-9]{12,20}", fullmatch=True),
)
def test_a_secret_is_in_no_line(name: str, old: str | None, new: str) -> None:
    before = changed(env=[{"name": name, "value": old}] if old is not None else [])
    after = changed(env=[{"name": name, "value": new}], args=[f"--password={new}"])
    text = "\n".join(template_diff(1, before, after))
    assert new not in text
    assert old is None or old not in text
