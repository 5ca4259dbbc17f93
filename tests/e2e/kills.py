"""The writes of a plan at which a daemon is killed, and how it is killed at each of them in turn."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.e2e.api_proxy import ApiProxy, Trap, Write
from tests.e2e.daemon import ProcessDaemon

Matches = Callable[[Write], bool]
Kill = tuple[str, Matches, bool]
"""What is written, how it is known, and whether the API server has carried it out by then."""


def kill_at(
    kills: Sequence[Kill],
    daemon: ProcessDaemon,
    proxy: ApiProxy,
    begin: Callable[[], None],
    *,
    within: float,
) -> None:
    """Kill the daemon at each write in turn, and start it again; ``begin`` has it begin.

    Raises AssertionError where it never comes to one of them.
    """
    before = ""
    for what, matches, made in kills:
        proxy.set(Trap(matches=matches, made=made, end=daemon.kill))
        if before:
            daemon.launch()
        else:
            begin()
        name = f"{what}, {'after' if made else 'before'} it was made"
        assert proxy.sprung(within), f"{name}: the daemon was never there; it was at {before or 'none'}"
        before = name
    daemon.start()


def effects_in(write: Write, kind: str) -> list[Mapping[str, Any]]:
    """The effects of a kind in a case's status as it is being written."""
    if write.method != "PUT" or not write.path.endswith("/status"):
        return []
    return [effect for effect in write.body["status"].get("effects", ()) if effect["kind"] == kind]


def intent(kind: str) -> Matches:
    return lambda write: bool(effects_in(write, kind))


def begun(kind: str) -> Matches:
    """That a step which must not be begun twice is about to be."""
    return lambda write: any(effect.get("begunAt") for effect in effects_in(write, kind))


def act(kind: str) -> Matches:
    """The step's own write, which bears the step's token."""
    return lambda write: write.method == "PATCH" and f"/{kind}/1" in json.dumps(write.body)


def outcome(kind: str) -> Matches:
    return lambda write: any(effect.get("outcome") for effect in effects_in(write, kind))


def job_made(write: Write) -> bool:
    return write.method == "POST" and write.path.endswith("/jobs")


def job_of(order: str) -> Matches:
    """The Job of an order whose id ends so."""
    return lambda write: job_made(write) and order in json.dumps(write.body["metadata"]["annotations"])


def job_ended(write: Write) -> bool:
    if write.method != "PUT" or not write.path.endswith("/status"):
        return False
    return any(run.get("result") for run in write.body["status"].get("smokeTests", ()))
