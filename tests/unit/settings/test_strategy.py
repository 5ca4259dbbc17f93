"""Which revision is returned to: one choice, and the way to the others for whoever looks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.core.model import WorkloadRef
from daemon.settings import SettingsError, load

CART = WorkloadRef(namespace="shop", name="cart")


def written(folder: Path, strategy: str, place: str) -> Path:
    path = folder / "rollbackd.yaml"
    own = f", strategy: {strategy}" if place == "workloads[0].strategy" else ""
    text = f"workloads: [{{namespace: shop, name: cart, signals: []{own}}}]\n"
    if place == "policy.strategy":
        text += f"policy: {{strategy: {strategy}}}\n"
    path.write_text(text)
    return path


@pytest.mark.parametrize("place", ["policy.strategy", "workloads[0].strategy"])
def test_the_previous_good_revision_may_be_written_down(tmp_path: Path, place: str) -> None:
    assert load(written(tmp_path, "previous", place), {}, {}).policy_for(CART, {}).strategy == "previous"


@pytest.mark.parametrize("place", ["policy.strategy", "workloads[0].strategy"])
@pytest.mark.parametrize(
    ("strategy", "remedy"),
    [
        ("revision", "rollbackd approve CASE --to-revision N"),
        ("image", "rollbackd rollback --to-image TAG"),
        ("newest", "previous"),
    ],
)
def test_others_are_refused_with_the_command(tmp_path: Path, strategy: str, remedy: str, place: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(written(tmp_path, strategy, place), {}, {})
    [problem] = caught.value.problems
    assert place in str(problem)
    assert remedy in str(problem)
