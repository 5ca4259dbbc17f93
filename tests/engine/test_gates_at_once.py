"""The checks before a plan are asked at once, and whoever does not answer holds nobody up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from prometheus_client import CollectorRegistry

from daemon.core.case.case import Case, Phase
from daemon.core.case.effect import Effect
from daemon.core.rollout_facts.configuration import ObjectVersion, Reference
from daemon.engine.defects import Defects, LogOnly
from daemon.engine.gates import Asking, GateLook
from daemon.ports import Configuration, Unavailable
from tests.engine.test_gates import ACCOUNT, BAD, CONFIG, NEEDED, PULL, world
from tests.engine.world import World
from tests.simulation.troubles import Killed

ENOUGH = 30.0
"""Seconds that nobody comes near."""


class Meeting:
    """Answers when as many have asked as are expected, and not before."""

    def __init__(self, inner: Configuration, expected: int) -> None:
        self._inner = inner
        self._barrier = threading.Barrier(expected)

    def version(self, namespace: str, reference: Reference) -> ObjectVersion:
        self._barrier.wait(ENOUGH)
        return self._inner.version(namespace, reference)


class Silent:
    """One object is never answered for until the test is over."""

    def __init__(self, inner: Configuration, silent: Reference) -> None:
        self._inner = inner
        self._silent = silent
        self.over = threading.Event()

    def version(self, namespace: str, reference: Reference) -> ObjectVersion:
        if reference == self._silent:
            self.over.wait(ENOUGH)
        return self._inner.version(namespace, reference)


def intended(made: World) -> tuple[Case, Effect]:
    """The world just as the daemon is about to look, which is killed there."""
    made.rights.reads.crash_after(1, made=False)
    made.deploy(BAD)
    with pytest.raises(Killed):
        made.run_until(Phase.ROLLED_BACK, within=300)
    made.kill()
    [case] = [one for one in made.store.cases() if one.phase is Phase.ROLLING_BACK]
    step = case.pending_step
    assert step is not None
    return case, step


@contextmanager
def looking(made: World, configuration: Configuration, budget: float) -> Iterator[GateLook]:
    with ThreadPoolExecutor(8) as pool:
        asking = Asking(rights=made.rights, run=pool.submit, budget=budget)
        defects = Defects(LogOnly(), lambda job: job(), CollectorRegistry())
        # The intent was now: the wall's clock would take it for an old one.
        yield GateLook(
            asking, made.cluster, configuration, made.configuration, made.events, made.clock, defects
        )


def test_all_are_asked_before_any_has_answered() -> None:
    made = world()
    case, step = intended(made)
    with looking(made, Meeting(made.configuration, len(NEEDED) + 1), ENOUGH) as look:
        found = look.look(case, step)
    assert set(found.state.present) == {str(one) for one in [*NEEDED, PULL]}


def test_who_is_silent_is_late_and_asked_again_and_the_others_count() -> None:
    made = world()
    case, step = intended(made)
    silent = Silent(made.configuration, CONFIG)
    with looking(made, silent, 0.05) as look:
        with pytest.raises(Unavailable, match="no answer within"):
            look.look(case, step)
        made.clock.advance(5)
        found = look.look(case, step)
        silent.over.set()
    assert found.state.unchecked == (f"{CONFIG} (no answer within 0.05 s)",)
    assert str(ACCOUNT) in found.state.present
    assert f"not checked: {CONFIG}" in found.said


def test_what_is_known_to_be_gone_holds_at_once_whoever_else_is_silent() -> None:
    made = world()
    case, step = intended(made)
    made.configuration.remove(case.namespace, ACCOUNT)
    silent = Silent(made.configuration, CONFIG)
    with looking(made, silent, 0.05) as look:
        found = look.look(case, step)
        silent.over.set()
    assert f"{ACCOUNT} is gone" in found.refused
