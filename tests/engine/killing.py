"""Kill −9 in the middle of a story: how often the story writes, and its daemon killed and started again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.engine.world import World
from tests.simulation.troubles import Killed

Story = Callable[[], object]


def writes_during(world: World, story: Story) -> int:
    """How often the daemon writes a case while the story goes on, and so where it can be killed."""
    before = world.store.writes.calls
    story()
    return world.store.writes.calls - before


def kill_during(world: World, story: Story, *, gap: float) -> None:
    """Play the story until a trap kills the daemon, and start it again ``gap`` seconds later."""
    with pytest.raises(Killed):
        story()
    world.kill()
    world.run(gap)
    world.start()
