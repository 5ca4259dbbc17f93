"""The happenings that can be recorded, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tests.traces.scene import Scene

Play = Callable[[Scene], None]


class Lane(StrEnum):
    """What may run side by side."""

    SHARED = "shared"
    ALONE = "alone"
    """It touches what all namespaces share, so it runs when nothing else does."""


@dataclass(frozen=True, kw_only=True)
class Happening:
    """``play`` sets up, calls ``scene.record()``, and does what is to be seen. ``complete`` and ``ready`` say
    what it has to end in; a recording that ends otherwise is thrown away.
    """

    name: str
    shows: str
    play: Play
    ready: int
    complete: bool
    simulated: bool
    lane: Lane
    deployment: str


HAPPENINGS: dict[str, Happening] = {}


def add(
    name: str,
    shows: str,
    play: Play,
    *,
    ready: int = 2,
    complete: bool = True,
    simulated: bool = False,
    lane: Lane = Lane.SHARED,
    deployment: str = "web",
) -> None:
    if name in HAPPENINGS:
        raise ValueError(f"two happenings are named {name}")
    HAPPENINGS[name] = Happening(
        name=name,
        shows=shows,
        play=play,
        ready=ready,
        complete=complete,
        simulated=simulated,
        lane=lane,
        deployment=deployment,
    )


def happening(
    name: str,
    shows: str,
    *,
    ready: int = 2,
    complete: bool = True,
    simulated: bool = False,
    lane: Lane = Lane.SHARED,
    deployment: str = "web",
) -> Callable[[Play], Play]:
    """Registers the function that plays it."""

    def register(play: Play) -> Play:
        add(
            name,
            shows,
            play,
            ready=ready,
            complete=complete,
            simulated=simulated,
            lane=lane,
            deployment=deployment,
        )
        return play

    return register
