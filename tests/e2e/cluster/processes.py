"""Starts the cluster's processes in its namespaces and stops exactly those, by recorded pid.

A pid alone may have been given to somebody else since, so its start time is recorded with it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.e2e.cluster.state import State
from tests.e2e.cluster.waiting import ClusterError, tail, wait_for

WORLD = "world"

# The shell exits at once, so that the process belongs to init and leaves no zombie in a test run.
_LAUNCH = 'log=$1; shift; exec 3>&1 >>"$log" 2>&1 </dev/null; setsid "$@" 3>&- & echo $! >&3'


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One process of ours; ``started`` is the kernel's start time in ticks."""

    name: str
    pid: int
    started: int

    @property
    def alive(self) -> bool:
        return _started(self.pid) == self.started

    def send(self, number: signal.Signals) -> None:
        if self.alive:
            os.kill(self.pid, number)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, which may itself hold spaces; empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _started(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[19]) if fields and fields[0] not in "ZX" else None


def _child_of(pid: int) -> int | None:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields and fields[0] not in "ZX" and int(fields[1]) == pid:
                return int(entry.name)
    return None


class Processes:
    """The processes of one cluster, in the order of their start."""

    def __init__(self, state: State) -> None:
        self._state = state

    def recorded(self) -> list[Recorded]:
        try:
            return [Recorded(**entry) for entry in json.loads(self._state.processes.read_text())]
        except FileNotFoundError:
            return []

    def find(self, name: str) -> Recorded | None:
        """The living process of that name."""
        return next((entry for entry in self.recorded() if entry.name == name and entry.alive), None)

    def inside(self, *command: str) -> list[str]:
        """The command line that runs ``command`` in the cluster's namespaces (absolute paths: / is there)."""
        world = self.find(WORLD)
        if world is None:
            raise ClusterError("no cluster is running: python -m tests.e2e.cluster up")
        return ["nsenter", "-t", str(world.pid), "-m", "-n", "-C", "-p", "--", *command]

    def start(self, name: str, *command: str) -> Recorded:
        """Start a component inside the namespaces."""
        return self.spawn(name, self.inside(*command))

    def spawn(self, name: str, command: Sequence[str]) -> Recorded:
        """Start a command that forks once, as nsenter and unshare do here, and record its child."""
        log = self._state.log(name)
        launched = subprocess.run(
            ["sh", "-c", _LAUNCH, "launch", str(log), *command], stdout=subprocess.PIPE, text=True, check=True
        )
        entry = self._await_child(name, int(launched.stdout), log)
        kept = [other for other in self.recorded() if other.name != name]
        self._write([*kept, entry])
        return entry

    def _await_child(self, name: str, parent: int, log: Path) -> Recorded:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            child = _child_of(parent)
            started = _started(child) if child is not None else None
            if child is not None and started is not None:
                return Recorded(name=name, pid=child, started=started)
            if _started(parent) is None:
                break
            time.sleep(0.02)
        raise ClusterError(f"{name} ended as soon as it was started\n{tail(log)}")

    def stop(self, name: str, *, seconds: float = 10) -> None:
        """Ask one process to end, and end it where it will not."""
        entry = self.find(name)
        if entry is not None:
            entry.send(signal.SIGTERM)
            if not _gone(entry, seconds):
                entry.send(signal.SIGKILL)
                wait_for(f"end of {name} (pid {entry.pid})", lambda: not entry.alive, seconds=5)
        self._write([other for other in self.recorded() if other.name != name])

    def freeze(self, name: str) -> None:
        """Stop the process where it stands: its connections stay open and nothing answers."""
        entry = self.find(name)
        if entry is not None:
            entry.send(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        entry = self.find(name)
        if entry is not None:
            # nsenter stopped when it saw its child stop, and would never reap it.
            os.kill(int(_stat(entry.pid)[1]), signal.SIGCONT)
            entry.send(signal.SIGCONT)

    def end_world(self) -> None:
        """Kill the namespaces' first process: the kernel ends whatever still runs in them, pods included."""
        entry = self.find(WORLD)
        if entry is not None:
            for other in self.recorded():
                # A test may have been cut off while one was frozen.
                self.thaw(other.name)
            entry.send(signal.SIGKILL)
            wait_for("end of the cluster's namespaces", lambda: not entry.alive, seconds=30)

    def _write(self, entries: Sequence[Recorded]) -> None:
        partial = self._state.processes.with_suffix(".partial")
        partial.write_text(json.dumps([asdict(entry) for entry in entries], indent=1))
        partial.rename(self._state.processes)


def _gone(entry: Recorded, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while entry.alive and time.monotonic() < deadline:
        time.sleep(0.05)
    return not entry.alive
