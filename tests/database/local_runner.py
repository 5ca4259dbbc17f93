"""Commands as processes of this machine, in the files of their orders' images; found as the twin's are."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from daemon.adapters.simulation.runner import Program, Start
from daemon.core.runs import HttpCall, Kind
from daemon.ports import Order, Rejected
from tests.simulation.faulty import FaultyRunner


class LocalRunner(FaultyRunner):
    """``images`` gives the folder of each tag, ``environment`` what containers have in theirs."""

    def __init__(self, kind: Kind, images: Mapping[str, Path], environment: Mapping[str, str]) -> None:
        super().__init__(kind)
        self._images = images
        self._environment = environment
        self.ran: list[tuple[str, tuple[str, ...]]] = []
        """The tags of the images, and the commands that were run in them."""

    def _program(self, order: Order) -> Program | Start:
        if isinstance(order.task, HttpCall):
            raise Rejected("no server is here to be asked")
        tag = order.template["spec"]["containers"][0]["image"].rpartition(":")[2]
        command = order.task.command
        self.ran.append((tag, command))
        return lambda: self._run(command, self._images[tag], order.timeout)

    def _run(self, command: tuple[str, ...], folder: Path, timeout: float) -> Program:
        began = time.monotonic()
        done = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | dict(self._environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            check=False,
        )
        return Program(code=done.returncode, output=done.stdout, seconds=time.monotonic() - began)
