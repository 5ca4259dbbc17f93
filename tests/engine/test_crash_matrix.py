"""Every kind of effect, each moment of it, all that may happen there: done once, and people hear of it.

An effect has three calls: the write of its intent, its act, the write of its outcome. Something happens at
one of them, before it has taken effect or after. Then the story goes on, by the same process or by another,
and must end as it ends undisturbed. Databases have a matrix of their own (``test_crashes_of_databases.py``),
for what was begun there and cannot be found again is held and not done twice.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Final, Literal, NamedTuple

import pytest

from daemon.core.case.case import Case, Phase
from daemon.core.policy import ConfigurationChoice
from daemon.engine.leading import Division
from daemon.engine.queue import WorkQueue
from daemon.ports import Conflict, PortError, Unavailable
from tests.engine import test_crashes, test_crashes_of_owners, test_overlays
from tests.engine.test_configuration import broken
from tests.engine.test_feature_flags import BAD as CRASHES
from tests.engine.test_feature_flags import world as flagged
from tests.engine.world import World
from tests.simulation.troubles import Killed, Troubles

LONG = 1200
ENDS: Final = frozenset({Phase.ROLLED_BACK, Phase.UNRECOVERED, Phase.HELD})
TAKES_OVER: Final = 10.0


class Switch:
    """A leadership that ends at a moment; without a number it has yet to begin."""

    def __init__(self, term: int = 0) -> None:
        self.term = f"{term}/replica-{term}" if term else ""
        self.follows = ""
        self.lost = not term

    def allowance(self) -> float:
        return 0.0 if self.lost else float("inf")


@dataclass(frozen=True)
class Play:
    """A story in which an effect of the kind is carried out; ``act`` is what goes wrong with it."""

    kind: str
    start: Callable[[], World]
    act: Callable[[World], Troubles]


def _flag() -> World:
    world = flagged("job")
    world.deploy(CRASHES)
    return world


PLAYS: Final = {
    play.kind: play
    for play in (
        Play("rollback", test_crashes.start, lambda world: world.cluster.undos),
        Play("publish", test_crashes.start, lambda world: world.sink.troubles),
        Play(
            "restore-configuration",
            partial(broken, ConfigurationChoice.RESTORE),
            lambda world: world.configuration.restores,
        ),
        Play("restart", partial(broken, ConfigurationChoice.RESTORE), lambda world: world.cluster.restarts),
        Play("suspend-owner", test_crashes_of_owners.well, lambda world: world.owners.suspending),
        Play("resume-owner", test_crashes_of_owners.stopped, lambda world: world.owners.resuming),
        Play("set-back-in-git", test_overlays.start, lambda world: world.overlays.committing),
        Play("feature-flag", _flag, lambda world: world.runners["job"].calls),
    )
}

# ------------------------------------------------------------ what happens

Where = Literal["intent", "act", "outcome"]
ERRORS: Final[dict[str, PortError]] = {
    "409": Conflict("the object has been modified"),
    "429": Unavailable("HTTP 429: too many requests; Retry-After: 1"),
    "500": Unavailable("HTTP 500: etcdserver: leader changed"),
    "timeout": Unavailable("read timed out"),
}


class Cell(NamedTuple):
    kind: str
    where: Where
    what: str
    made: bool

    def __str__(self) -> str:
        return f"{self.kind}: {self.what} {'after' if self.made else 'before'} the {self.where}"


def _cells() -> list[Cell]:
    """Both sides of each call where that makes a difference: what is refused was not done, and what is lost
    on the way back was."""
    sides = {"409": [False], "429": [False], "500": [False], "timeout": [True]}
    both = ["kill", "kill with a follower", "lease lost", "an hour ahead", "an hour back"]
    happenings = [(what, made) for what, found in sides.items() for made in found]
    happenings += [(what, made) for what in both for made in (False, True)]
    places: tuple[Where, ...] = ("intent", "act", "outcome")
    return [
        Cell(kind, where, what, made)
        for kind in PLAYS
        for where in places
        for what, made in happenings
        # Nobody writes an act's object against us but in tests of their own.
        if not (where == "act" and what == "409")
    ]


def _chosen() -> list[Cell]:
    """All of them; or who is killed at an act, and whose answer is lost, and of the rest each ninth."""
    cells = _cells()
    if os.environ.get("THOROUGH"):
        return cells
    always = [cell for cell in cells if cell.where == "act" and cell.what in ("kill", "timeout")]
    return [*always, *[cell for cell in cells if cell not in always][::9]]


# ------------------------------------------------------------ playing


class Ended(NamedTuple):
    """What must not depend on what happened."""

    phase: Phase
    effects: tuple[tuple[str, object], ...]
    tag: str
    generation: int
    """Of the Deployment: each patch is one."""
    revisions: int
    cases: int
    heard: tuple[tuple[str, object], ...]
    """What people were to be notified of, and how that ended; nothing of it was lost on the way."""
    incidents: int
    acts: tuple[int, ...]


def _ended(world: World, case: Case) -> Ended:
    workload = world.cluster.workload(world.ref)
    assert workload is not None
    intended = [e for e in case.status.effects if not e.is_step]
    arrived = {(i.key, i.stage, i.at) for i in world.sink.deliveries}
    assert arrived >= {(case.uid, e.stage, e.intended_at) for e in intended}
    return Ended(
        phase=case.phase,
        effects=tuple((e.kind, e.outcome) for e in case.status.effects if e.is_step),
        tag=world.tag(),
        generation=workload.status.generation,
        revisions=len(workload.revisions),
        cases=len(world.store.cases()),
        heard=tuple((e.id, e.outcome) for e in intended),
        incidents=len(world.sink.incidents),
        acts=(
            world.configuration.restored,
            world.owners.suspensions,
            len(world.overlays.commits),
            len(set(world.runners["job"].starts)),
            len(world.runners["job"].starts),
        ),
    )


class Stage:
    """A world whose daemon is started again when it is killed, and followed by another when it loses the
    lease."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.world = play.start()
        self.followed = False  # by a replica that has run since the beginning, and not by a new one
        self._following, self._queue = Switch(), WorkQueue(self.world.clock.monotonic)
        self._follower = self.world.assembled(self._queue, division=Division((self._following,)))
        self.terms = 0
        self.begun = (0, 0)
        self._follow()

    def _follow(self) -> None:
        self.terms += 1
        self.leadership = Switch(self.terms)
        self.world.leadership = self.leadership
        self.world.restart()

    def lose(self) -> None:
        self.leadership.lost = True
        self.begun = self._calls()

    def _take_over(self) -> None:
        self.world.kill()
        self.world.run(TAKES_OVER)
        self.followed, self._following.lost, self._following.term = False, False, "100/follower"
        self.leadership, self.world.daemon, self.world.queue = self._following, self._follower, self._queue
        self._follower.engine.lead()

    def _calls(self) -> tuple[int, int]:
        return self.play.act(self.world).calls, self.world.store.writes.calls

    def go_on(self) -> None:
        try:
            self.world.run(1)
            if not self.leadership.lost:
                return
            assert self._calls() == self.begun, "who has lost the lease begins nothing more"
            self.world.run(TAKES_OVER)
        except Killed:
            if self.followed:
                self._take_over()
                return
            self.world.kill()
            self.world.run(7)
        self._follow()

    def finish(self) -> Ended:
        """To the end of the story, with all that is pending done."""
        for _ in range(LONG):
            case = self.world.newest()
            if case is not None and case.phase in ENDS and not case.pending:
                return _ended(self.world, case)
            self.go_on()
        case = self.world.newest()
        raise AssertionError(f"no end: {case and (case.phase, case.status.reason, case.pending)}")


class Calls(NamedTuple):
    """The number of the call that is the write of the intent, the act, and the write of the outcome."""

    intent: int
    act: int
    outcome: int


@cache
def undisturbed(kind: str) -> tuple[Ended, Calls]:
    play = PLAYS[kind]
    stage = Stage(play)
    world, writes = stage.world, stage.world.store.writes
    begun = writes.calls
    found: dict[str, int] = {}
    acts = play.act(world)
    acted = acts.calls

    def wrote(_: object) -> None:
        for case in world.store.cases():
            for effect in case.status.effects:
                if effect.kind == kind:
                    found.setdefault("intent", writes.calls - begun)
                    if effect.outcome is not None:
                        found.setdefault("outcome", writes.calls - begun)

    world.store.watch(wrote)
    ended = stage.finish()
    assert acts.calls > acted
    return ended, Calls(intent=found["intent"], act=1, outcome=found["outcome"])


@pytest.mark.parametrize("cell", _chosen(), ids=str)
def test_each_effect_is_carried_out_once_whatever_happens(cell: Cell) -> None:
    expected, calls = undisturbed(cell.kind)
    stage = Stage(PLAYS[cell.kind])
    world = stage.world
    happened: list[str] = []

    def happen() -> None:
        happened.append(cell.what)
        match cell.what:
            case "kill" | "kill with a follower" as kill:
                stage.followed = kill != "kill"
                raise Killed(str(cell))
            case "lease lost":
                stage.lose()
            case "an hour ahead":
                world.machine.jump(3600)
            case "an hour back":
                world.machine.jump(-3600)
            case _:
                raise ERRORS[cell.what].with_traceback(None)

    troubles = stage.play.act(world) if cell.where == "act" else world.store.writes
    troubles.at_call(getattr(calls, cell.where), happen, made=cell.made)
    ended = stage.finish()
    assert happened, "the story never came there"
    assert ended == expected


def test_every_step_that_changes_something_is_in_a_matrix() -> None:
    from daemon.core.case.plan import STEPS

    read_only = {"gates", "check-database", "await-owner"}
    elsewhere = {"back-up-database", "downgrade-database"}
    assert {*PLAYS} == {*STEPS, "publish"} - read_only - elsewhere
