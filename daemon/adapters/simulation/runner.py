"""Commands and requests in memory: :class:`daemon.ports.Runner`, and what they do."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.core.runs import Ending, HttpCall, JobCommand, Kind, RunResult, Task, tail
from daemon.core.value import Value
from daemon.ports import Missing, Order, Rejected


class Program(Value, frozen=True):
    """What a command or a URL does: it writes ``output``, and ends with ``code`` after ``seconds``."""

    code: int = 0
    output: bytes = b""
    seconds: float = 0.1
    location: str = ""
    """Where an answer redirects to."""


class MemoryRunner:
    """Runs nothing: each command (its words joined by spaces) and each URL is a program of that name.

    A program that takes longer than the order's timeout is given up at once. A Job is found again by its
    order's id, and never started twice, until it is swept.
    """

    def __init__(self, kind: Kind, programs: Mapping[str, Program] | None = None) -> None:
        self._kind = kind
        self.programs = dict(programs or {})
        self.starts: list[str] = []
        """The orders' ids, as they were started."""
        self._ended: dict[str, RunResult] = {}

    def repeatable(self, task: Task) -> bool:
        match task:
            case HttpCall(method=method):
                return method in ("GET", "HEAD")
            case _:
                return isinstance(task, JobCommand)

    def run(self, order: Order) -> RunResult:
        if order.id in self._ended:
            return self._ended[order.id]
        program = self._program(order)
        self.starts.append(order.id)
        result = _result(order, program)
        if self._kind == "job":
            self._ended[order.id] = result
        return result

    def sweep(self, order: Order) -> None:
        self._ended.pop(order.id, None)

    @property
    def left(self) -> tuple[str, ...]:
        """Jobs that nobody has swept."""
        return tuple(self._ended)

    def _program(self, order: Order) -> Program:
        task = order.task
        if isinstance(task, HttpCall):
            if "{pod}" in task.url and not order.pods:
                raise Missing("no ready pod can be asked")
            return self.programs[task.url]
        if not task.command:
            raise Rejected("there is no command: say what is to be run")
        if not isinstance(task, JobCommand) and not task.pod and not order.pods:
            raise Missing("no ready pod can run it")
        return self.programs[" ".join(task.command)]


def _result(order: Order, program: Program) -> RunResult:
    output = tail(program.output)
    if program.seconds > order.timeout:
        return RunResult(ending=Ending.TIMED_OUT, output=output, seconds=order.timeout)
    wanted = order.task.status if isinstance(order.task, HttpCall) else 0
    detail = f"status {program.code}" if isinstance(order.task, HttpCall) else f"exit code {program.code}"
    return RunResult(
        ending=Ending.FINISHED,
        passed=program.code == wanted,
        code=program.code,
        output=output,
        seconds=program.seconds,
        detail=detail,
        location=program.location,
    )
