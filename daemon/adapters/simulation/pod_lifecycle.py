"""What a pod looks like at an age: its init containers, what kept it from starting, and what befell it.

The kubelet's part (:mod:`daemon.adapters.simulation.kubelet`) is what an image does by itself. Here is the
order in which containers start, and what comes from outside. Nothing is remembered; ages in seconds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec.structs import replace

from daemon.adapters.simulation.kubelet import EPSILON, Fault, FaultKind, Look, Pace, look, starts_for_good
from daemon.core.model import Container, Role
from daemon.core.value import Value

RUNS = 1.0
"""Seconds that an init container runs until it has done its work."""

Main = tuple[str, str, Fault | None]
"""Name, image and fault of one of a pod's own containers."""


class Init(Value, frozen=True):
    """An init container; a sidecar is one that does not end."""

    name: str
    image: str
    role: Role = Role.INIT
    fault: Fault | None = None


class Late(Value, frozen=True):
    """Pods cannot start until a moment (seconds of the simulation), in the kubelet's reason and message."""

    words: tuple[str, str]
    until: float


class Spell(Value, frozen=True):
    """The pod is not ready from ``begin`` to ``end`` (ages). ``ended``: one of its containers ends then, with
    its place, exit code and reason, and starts again at once."""

    begin: float
    end: float
    ended: tuple[int, int, str] | None = None
    running: bool = True
    """Whether anybody can reach the pod meanwhile."""


def course(
    inits: Sequence[Init],
    mains: Sequence[Main],
    pace: Pace,
    age: float,
    *,
    late: float | None = None,
    words: tuple[str, str] = ("", ""),
    spells: Sequence[Spell] = (),
) -> tuple[Look, ...]:
    """Its containers, the initial ones first. ``late`` is the age until which ``words`` keep it waiting."""
    started = pace.start
    if late is not None and late > started + EPSILON and age + EPSILON >= started:
        if age + EPSILON < late:
            return tuple(_kept(name, role, words, late) for name, role in _names(inits, mains))
        looks = course(inits, mains, pace, age - (late - started))
        looks = tuple(replace(one, until=one.until + late - started) for one in looks)
    else:
        looks = (*_initial(inits, pace, age), *_own(inits, mains, pace, age))
    for spell in spells:
        looks = tuple(_befallen(one, place, spell, age) for place, one in enumerate(looks))
    return looks


def _names(inits: Sequence[Init], mains: Sequence[Main]) -> list[tuple[str, Role]]:
    return [*((init.name, init.role) for init in inits), *((name, Role.MAIN) for name, _, _ in mains)]


def _kept(name: str, role: Role, words: tuple[str, str], until: float) -> Look:
    container = Container(name=name, role=role, waiting_reason=words[0], waiting_message=words[1])
    return Look(container=container, running=False, until=until)


def _done(init: Init, pace: Pace) -> float:
    """Seconds that an init container takes from its turn; a sidecar lets the next one start at once."""
    if init.role is Role.SIDECAR:
        return 0.0
    if init.fault is None:
        return RUNS
    if init.fault.kind is FaultKind.STARTS_AGAIN:
        return starts_for_good(init.fault, pace) - pace.start + RUNS
    return math.inf


def _initial(inits: Sequence[Init], pace: Pace, age: float) -> list[Look]:
    found, turn = [], 0.0
    for init in inits:
        found.append(_init(init, pace, age, turn))
        turn += _done(init, pace)
    return found


def _init(init: Init, pace: Pace, age: float, turn: float) -> Look:
    """``turn`` is how much later than the first container it starts."""
    if age + EPSILON < pace.start + turn:
        return _kept(init.name, init.role, ("PodInitializing", ""), pace.start + turn)
    done = pace.start + turn + _done(init, pace)
    one = look(init.name, init.image, init.fault, pace, age - turn)
    if init.role is Role.INIT and age + EPSILON >= done:
        ended = Container(
            name=init.name, role=init.role, ready=True, restarts=one.container.restarts, exit_code=0
        )
        return Look(container=ended, running=False, until=math.inf)
    until = one.until + turn if init.role is Role.SIDECAR else min(one.until + turn, done)
    return replace(one, container=replace(one.container, role=init.role), until=until)


def _own(inits: Sequence[Init], mains: Sequence[Main], pace: Pace, age: float) -> list[Look]:
    turn = sum(_done(init, pace) for init in inits)
    if turn and pace.start <= age + EPSILON < pace.start + turn:
        return [_kept(name, Role.MAIN, ("PodInitializing", ""), pace.start + turn) for name, _, _ in mains]
    if turn and age + EPSILON >= pace.start:
        looks = [look(name, image, fault, pace, age - turn) for name, image, fault in mains]
        return [replace(one, until=one.until + turn) for one in looks]
    return [look(name, image, fault, pace, age) for name, image, fault in mains]


def _befallen(one: Look, place: int, spell: Spell, age: float) -> Look:
    if age + EPSILON < spell.begin:
        return replace(one, until=min(one.until, spell.begin))
    container = one.container
    if spell.ended is not None and spell.ended[0] == place:
        _, code, reason = spell.ended
        container = replace(container, restarts=container.restarts + 1, exit_code=code, exit_reason=reason)
    if age + EPSILON >= spell.end:
        return replace(one, container=container)
    hit = spell.ended is None or spell.ended[0] == place
    return replace(
        one,
        container=replace(container, ready=container.ready and not hit),
        running=one.running and spell.running,
        until=min(one.until, spell.end),
    )
