"""What a revision was found healthy with, and how what is there now differs from it."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.rollout_facts.configuration import ABSENT
from daemon.core.rollout_facts.configuration_content import (
    ConfigMapState,
    Content,
    confirmed,
    digest_of,
    drift,
)

NAME = "heat-config"
DATA = st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=3)
GONE = ConfigMapState(version=ABSENT)
STATES = st.one_of(
    st.just(GONE),
    st.builds(
        ConfigMapState,
        version=st.sampled_from(["u/1", "u/2", "u/3"]),
        digest=st.sampled_from(["one", "two"]),
        immutable=st.booleans(),
    ),
)


def content(state: ConfigMapState) -> Content:
    return Content(name=NAME, digest=state.digest, version=state.version)


@given(DATA, DATA)
def test_contents_are_told_apart_by_what_they_hold_and_not_by_its_order(
    one: Mapping[str, str], other: Mapping[str, str]
) -> None:
    turned = dict(reversed(tuple(one.items())))
    assert digest_of(one, {}) == digest_of(turned, {})
    assert (digest_of(one, {}) == digest_of(other, {})) == (one == other)
    assert (digest_of(one, {}) == digest_of({}, one)) == (not one)


@given(STATES, STATES)
def test_only_what_did_not_change_during_the_watch_is_known_to_be_good(
    before: ConfigMapState, after: ConfigMapState
) -> None:
    [found] = confirmed([content(before)], [content(after)])
    same = before.version == after.version or before.digest == after.digest
    assert bool(found.problem) is not same
    assert not found.problem or not found.digest


def test_what_could_not_be_read_at_the_beginning_is_not_known() -> None:
    unread = Content(name=NAME, problem="forbidden")
    [found] = confirmed([unread], [content(ConfigMapState(version="u/1", digest="one"))])
    assert "not known what ConfigMap heat-config held at the beginning" in found.problem


@given(STATES, STATES, st.booleans(), st.one_of(st.none(), STATES))
def test_what_is_restored_is_what_was_proven_or_a_backup_that_is_said_to_be_one(
    proven: ConfigMapState, now: ConfigMapState, kept: bool, backup: ConfigMapState | None
) -> None:
    found = drift(NAME, content(proven), now, kept=kept, backup=backup)
    if found is None:
        assert proven.version == now.version or proven.digest == now.digest
        return
    assert (found.certain, found.seen) == (True, now.version)
    if not found.restorable:
        return
    assert proven.digest, "nothing is deleted"
    assert not now.immutable
    if found.source == "copy":
        assert kept
        assert found.digest == proven.digest
    else:
        assert not kept
        assert backup is not None
        assert found.digest == backup.digest != now.digest


@given(STATES)
def test_of_what_was_never_seen_no_change_is_claimed(now: ConfigMapState) -> None:
    found = drift(NAME, None, now, kept=False, backup=None)
    assert found is not None
    assert (found.certain, found.restorable) == (False, False)
