"""What counts as a change in place, and who sees it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from daemon.core.attribution.configuration_change import Reach, of_change
from daemon.core.attribution.finding import Finding, Witness
from daemon.core.case.case import Case, Phase, Spec, name_of
from daemon.core.case.in_place_words import HEADLINES
from daemon.core.rollout_facts.configuration import ABSENT
from daemon.core.rollout_facts.configuration_change import ConfigurationChange, changes, is_mounted
from daemon.core.rollout_facts.configuration_content import ConfigMapState, Content

NAME = "settings"
GOOD = Content(name=NAME, digest="good", version="u/1")


def template(source: dict[str, Any], mount: dict[str, Any] | None = None) -> dict[str, Any]:
    volume = {"name": "v", **source}
    mounts = [{"name": "v", "mountPath": "/etc/app", **(mount or {})}]
    return {"spec": {"volumes": [volume], "containers": [{"name": "app", "volumeMounts": mounts}]}}


MOUNTED = template({"configMap": {"name": NAME}})
PROJECTED = template({"projected": {"sources": [{"secret": {}}, {"configMap": {"name": NAME}}]}})
ENVIRONMENT = {"spec": {"containers": [{"name": "app", "envFrom": [{"configMapRef": {"name": NAME}}]}]}}
SUB_PATH = template({"configMap": {"name": NAME}}, {"subPath": "a.json"})
SUB_PATH_EXPR = template({"configMap": {"name": NAME}}, {"subPathExpr": "$(POD)"})
INITIAL = {"spec": {**MOUNTED["spec"], "containers": [], "initContainers": MOUNTED["spec"]["containers"]}}
SIDECAR = {
    "spec": {
        **INITIAL["spec"],
        "initContainers": [{**MOUNTED["spec"]["containers"][0], "restartPolicy": "Always"}],
    }
}
UNUSED = template({"configMap": {"name": NAME}}, {"name": "other"})


@pytest.mark.parametrize(
    ("made", "seen"),
    [
        (MOUNTED, True),
        (PROJECTED, True),
        (ENVIRONMENT, False),
        (SIDECAR, True),
        (INITIAL, False),
        (SUB_PATH, False),
        (SUB_PATH_EXPR, False),
        (UNUSED, False),
        ({}, False),
    ],
)
def test_running_pods_see_what_is_mounted_whole(made: dict[str, Any], seen: bool) -> None:
    assert is_mounted(made, NAME) is seen


def found(
    state: ConfigMapState, *, known: Content = GOOD, proven: tuple[Content, ...] = (GOOD,)
) -> tuple[ConfigurationChange, ...]:
    return changes(MOUNTED, [known], proven, {NAME: state})


def test_another_content_is_a_change_with_its_hashes() -> None:
    [change] = found(ConfigMapState(version="u/2", digest="bad", changed_by=" by kubectl at 10:00:00"))
    assert (change.uid, change.before, change.after, change.mounted) == ("u", "good", "bad", True)
    assert str(change) == "ConfigMap settings was changed by kubectl at 10:00:00"


def test_a_deletion_is_a_change_that_running_pods_do_not_see() -> None:
    [change] = found(ConfigMapState(version=ABSENT))
    assert (change.gone, change.mounted, change.before, change.after) == (True, False, "good", "")


def test_what_is_immutable_by_now_is_not_followed_by_running_pods() -> None:
    [change] = found(ConfigMapState(version="w/1", digest="bad", immutable=True))
    assert not change.mounted


def test_one_that_comes_to_be_is_a_change() -> None:
    absent = Content(name=NAME, version=ABSENT)
    [change] = found(ConfigMapState(version="u/2", digest="new"), known=absent, proven=(absent,))
    assert (change.before, change.after) == ("", "new")


contents = st.builds(
    Content,
    name=st.just(NAME),
    digest=st.sampled_from(["", "a", "b"]),
    version=st.sampled_from(["", "u/1", "u/2", ABSENT]),
    found=st.sampled_from(["", "a"]),
)


@given(contents, st.lists(contents, max_size=1), st.sampled_from(["u/1", "u/2"]))
def test_what_holds_what_was_known_is_no_change(known: Content, proven: list[Content], version: str) -> None:
    assume(known.held and known.version != ABSENT)
    state = ConfigMapState(version=version, digest=known.held)
    assert changes(MOUNTED, [known], proven, {NAME: state}) == ()


@given(contents, st.sampled_from(["u/1", "u/2"]))
def test_what_the_revision_was_found_healthy_with_is_no_change(known: Content, version: str) -> None:
    assert found(ConfigMapState(version=version, digest="good"), known=known) == ()


@given(st.sampled_from(["u/1", "u/2", "u/3"]), st.sampled_from(["a", "b"]))
def test_where_nobody_knows_what_it_held_nothing_is_said(version: str, digest: str) -> None:
    unknown = Content(name=NAME, version="u/1", problem="it could not be read")
    assert found(ConfigMapState(version=version, digest=digest), known=unknown, proven=()) == ()


def test_a_config_map_that_no_template_names_any_more_is_nobodys() -> None:
    states = {"other": ConfigMapState(version="u/9", digest="bad")}
    assert changes(MOUNTED, [GOOD], [GOOD], states) == ()


def test_an_edit_that_proved_nothing_is_judged_with_the_next_one() -> None:
    other = Content(name="other", digest="edited", version="w/2")
    proven = (GOOD, Content(name="other", digest="original", version="w/1"))
    states = {NAME: ConfigMapState(version="u/2", digest="bad")}
    first, second = changes(MOUNTED, [GOOD, other], proven, states)
    assert (first.name, first.before, first.after) == ("other", "original", "edited")
    assert second.name == NAME


def test_every_phase_has_its_headline() -> None:
    assert set(HEADLINES) == set(Phase)


# ------------------------------------------------------------ the case's identity

SPEC = {
    "workload": "cart",
    "workloadUid": "d",
    "revision": {
        "hash": "h",
        "replicaSet": "cart-h",
        "replicaSetUid": "rs",
        "number": 8,
        "images": ["cart:v8"],
        "createdAt": "2026-11-24T10:00:00Z",
    },
    "change": "image",
    "openedAt": "2026-11-24T10:00:00Z",
    "startedAt": "2026-11-24T10:00:00Z",
}


def spec(**more: Any) -> Spec:
    return msgspec.convert(SPEC | more, Spec)


def change(version: str) -> dict[str, Any]:
    return {"name": NAME, "uid": "u", "version": version}


def test_a_case_that_was_stored_before_there_were_changes_in_place_keeps_its_name() -> None:
    old = spec()
    assert not old.in_place
    assert Case(namespace="shop", name="cart-r8-b55a1fd3", spec=old).genuine


def test_each_write_has_a_case_of_its_own_beside_the_rollouts() -> None:
    names = {name_of(spec(configuration=each)) for each in ([], [change("u/2")], [change("u/3")])}
    assert len(names) == 3
    assert name_of(spec(configuration=[change("u/2")])).startswith("cart-r8-config-")


def test_one_that_bears_another_name_is_not_the_daemons() -> None:
    assert not Case(namespace="shop", name=name_of(spec()), spec=spec(configuration=[change("u/2")])).genuine


def test_what_began_before_the_change_is_said_of_the_change() -> None:
    """The witness that found it speaks of a rollout and of old pods, and neither is there."""
    of_rollout = Finding(witness=Witness.BEFORE_ROLLOUT, reason="90 s before the rollout, with the old pods")
    reach = Reach(changed_at=100.0, seen_by=200.0, mounted=True)
    found = of_change(of_rollout, (), (), reach)
    assert found.witness is Witness.BEFORE_CHANGE
    assert found.reason == "the failure began before the configuration was changed"
