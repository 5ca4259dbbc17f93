"""The release that the stories are about: it fails as soon as it serves."""

from __future__ import annotations

from tests.engine.world import World

BAD = "v1.1.0-bad"


def bad_release(rate: float = 0.2, **world: object) -> World:
    """A world in which a release with this error rate was just deployed."""
    made = World(errors={BAD: rate}, **world).settled()  # type: ignore[arg-type]
    made.deploy(BAD)
    return made
