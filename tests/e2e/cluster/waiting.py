"""Progress lines, deadlines, and the error of a cluster that did not come up."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

TAIL_LINES = 25


class ClusterError(RuntimeError):
    """The cluster, or a command against it, failed; the message carries what there is to read."""


class Progress:
    """Prints what was reached and after how many seconds: a slow start shows where it is slow."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def __call__(self, text: str) -> None:
        print(f"cluster: {time.monotonic() - self._started:6.1f} s  {text}", flush=True)


def tail(log: Path) -> str:
    """The end of a log, under its name."""
    if not log.exists():
        return f"--- {log}: not written"
    lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    return "\n".join([f"--- end of {log}", *lines])


def wait_for(
    what: str, probe: Callable[[], bool], *, seconds: float, log: Path | None = None, pause: float = 0.1
) -> None:
    """Ask ``probe`` until it says yes.

    Raises:
        ClusterError: it did not within ``seconds``; the end of ``log`` is in the message.
    """
    deadline = time.monotonic() + seconds
    while not probe():
        if time.monotonic() > deadline:
            ending = f"\n{tail(log)}" if log else ""
            raise ClusterError(f"no {what} within {seconds:g} s{ending}")
        time.sleep(pause)
