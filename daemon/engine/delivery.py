"""A delivery of alerts on its way to the cases: recorded step by step, in the worker's turns."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout

from daemon.core.model import WorkloadRef
from daemon.ports import PortError, Unavailable

Steps = Generator[WorkloadRef | None, None, int]
"""Yields what its next step works on; returns how many alerts concerned a workload."""


class Delivery:
    """A job of the queue's: :meth:`wait` is the sender's, :meth:`step` the worker's.

    Either it is recorded as a whole and the sender learns so, or the sender is asked to deliver again: no
    result is given for what was dropped, and nothing is dropped that a result was given for.
    """

    def __init__(
        self,
        steps: Steps,
        finished: Callable[[int], None],
        broke: Callable[[Exception], None],
    ) -> None:
        """``finished`` hears how many were recorded, ``broke`` of what is a defect of ours."""
        self.about: WorkloadRef | None = None
        self._steps = steps
        self._finished = finished
        self._broke = broke
        self._result: Future[int] = Future()

    @property
    def recorded(self) -> bool:
        return self._result.done() and not self._result.cancelled() and self._result.exception() is None

    def wait(self, timeout: float) -> int:
        """How many alerts concerned a workload.

        Raises Unavailable after ``timeout`` seconds, and drops what is left then; else what went wrong.
        """
        try:
            return self._result.result(timeout)
        except FutureTimeout as error:
            if self._result.cancel():
                raise Unavailable(f"they were not stored within {timeout:g} s") from error
            # The last step was just being done.
            return self._result.result()

    def step(self) -> bool:
        """Do one step; whether there is another. What nobody waits for any more is dropped."""
        if self._result.cancelled():
            self._steps.close()
            return False
        try:
            self.about = next(self._steps)
        except StopIteration as end:
            self._succeed(end.value)
            return False
        except Exception as error:
            # Whatever it is, the waiting sender must hear of it, or it would never send again.
            self._fail(error)
            if not isinstance(error, PortError):
                self._broke(error)
            return False
        return True

    def _succeed(self, recorded: int) -> None:
        if self._result.set_running_or_notify_cancel():
            self._result.set_result(recorded)
        self._finished(recorded)

    def _fail(self, error: Exception) -> None:
        self._steps.close()
        if self._result.set_running_or_notify_cancel():
            self._result.set_exception(error)
