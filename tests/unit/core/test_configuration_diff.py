"""Which keys of a ConfigMap changed, whatever they hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.rollout_facts.configuration_diff import (
    MOST_KEYS,
    ConfigMapData,
    configuration_diff,
)

DATA = st.dictionaries(st.text("ab.", min_size=1), st.text("xyz\n"), max_size=4)


@given(DATA, DATA)
def test_it_is_empty_where_nothing_changed_and_never_otherwise(
    before: dict[str, str], after: dict[str, str]
) -> None:
    found = configuration_diff("cart", ConfigMapData(text=before), ConfigMapData(text=after))
    assert bool(found) is (before != after)


def test_no_value_is_told() -> None:
    before = ConfigMapData(text={"PLAIN": "hunter2", "file": "a\nhunter2\n"}, binary={"ca": "aHVudGVyMg=="})
    after = ConfigMapData(text={"PLAIN": "hunter3", "file": "a\nhunter3\nhunter4\n"}, binary={"ca": "aHVu"})
    assert configuration_diff("cart", before, after) == (
        "ConfigMap cart, key PLAIN: changed",
        "ConfigMap cart, key ca: changed",
        "ConfigMap cart, key file: changed (lines gone: 1, lines new: 2)",
    )


def test_there_is_an_end_to_it() -> None:
    many = {f"key-{number:03}": "x" for number in range(MOST_KEYS + 5)}
    found = configuration_diff("cart", ConfigMapData(), ConfigMapData(text=many))
    assert len(found) == MOST_KEYS + 1
    assert found[-1] == "ConfigMap cart: 5 more keys"
