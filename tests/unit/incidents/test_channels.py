"""A channel that the settings no longer have, while a notification that is stored names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.adapters.incidents.outlet import place_of
from daemon.ports import Rejected

FILES = {"ops": Path("/ops"), "shop": Path("/shop")}


@pytest.mark.parametrize(("channel", "name"), [("", "ops"), ("shop", "shop")])
def test_the_first_channel_is_the_usual_one(channel: str, name: str) -> None:
    assert place_of(FILES, channel) == (name, FILES[name])


def test_one_that_is_gone_is_refused_by_name() -> None:
    with pytest.raises(Rejected, match=r"no channel old any more \(configured: ops, shop\)"):
        place_of(FILES, "old")
