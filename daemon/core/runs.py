"""Things that are run for a case: what they are, and how a run of one ended."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, assert_never

from daemon.core.masking import mask
from daemon.core.text import printable
from daemon.core.value import Instant, Value

SHOWN = 300
"""Characters of an output that a sentence quotes."""


class HttpCall(Value, frozen=True, tag="http"):
    """One request. ``url`` may hold ``{pod}`` (the address of a ready pod), ``{workload}`` (the Deployment's
    name) and ``{namespace}``. Redirects are not followed: a login page is another status."""

    url: str
    method: str = "GET"
    body: str = ""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


class JobCommand(Value, frozen=True, tag="job"):
    """A command in a Job of its own, with the image, environment and volumes of a container of the revision.

    ``container`` is the pod template's main one where empty. ``labels`` are put on the Job's pod.
    """

    command: tuple[str, ...]
    container: str = ""
    labels: tuple[tuple[str, str], ...] = ()


class PodCommand(Value, frozen=True, tag="exec"):
    """A command in a container of a running pod: of ``pod`` where it is named, else of a ready pod of the
    revision; in the pod's main container where ``container`` is empty."""

    command: tuple[str, ...]
    container: str = ""
    pod: str = ""


Task = HttpCall | JobCommand | PodCommand
Kind = Literal["http", "job", "exec"]
KINDS: tuple[Kind, ...] = ("http", "job", "exec")


def kind_of(task: Task) -> Kind:
    match task:
        case HttpCall():
            return "http"
        case JobCommand():
            return "job"
        case PodCommand():
            return "exec"
    assert_never(task)


class SmokeTest(Value, frozen=True):
    """A task that must end well before a recovery may be called proven. ``timeout`` in seconds."""

    name: str
    task: Task
    timeout: float = 30.0


class FeatureFlag(Value, frozen=True):
    """A task that switches a feature off before a rollback. ``timeout`` in seconds."""

    name: str
    task: Task
    timeout: float = 5.0


class Ingress(Value, frozen=True):
    """Where users come in; it must answer well before a recovery may be called proven. ``timeout`` in
    seconds."""

    call: HttpCall
    timeout: float = 5.0


class Ending(StrEnum):
    FINISHED = "finished"
    """It came to an end of its own, and ``code`` is known."""
    TIMED_OUT = "timedOut"
    """It was given up at its timeout. A command in a pod may go on there."""
    LOST = "lost"
    """It was begun, and how it ended is not known."""


class RunResult(Value, frozen=True, omit_defaults=True):
    """How a run ended. ``code`` is the exit code or the HTTP status, ``seconds`` how long it took.

    ``location`` is where an HTTP answer redirects to. ``output`` is the end of what it wrote: short, valid
    text, with secrets masked. ``detail`` is what the other side says of the ending.
    """

    ending: Ending
    passed: bool = False
    code: int | None = None
    output: str = ""
    seconds: float = 0.0
    detail: str = ""
    location: str = ""

    def __str__(self) -> str:
        """One sentence's worth: ``exit code 3 after 1.2 s: …``."""
        match self.ending:
            case Ending.FINISHED:
                code = self.detail or f"code {self.code}"
                text = code if self.code is None else f"{code} after {self.seconds:.1f} s"
            case Ending.TIMED_OUT:
                text = f"no end within {self.seconds:.0f} s"
            case Ending.LOST:
                text = "how it ended is not known"
        if self.detail and self.ending is not Ending.FINISHED:
            text = f"{text} ({self.detail})"
        said = " ".join(self.output.split())[-SHOWN:]
        return f"{text}: {said}" if said and not self.passed else text


class SmokeRun(Value, frozen=True, omit_defaults=True):
    """A smoke test of one attempt at a recovery: written down before it is begun, and with its result after.

    ``problem`` is why it cannot be begun for now.
    """

    name: str
    begun_at: Instant
    result: RunResult | None = None
    problem: str = ""


def lost_proof(tests: tuple[SmokeTest, ...], runs: tuple[SmokeRun, ...]) -> str:
    """Which tests did not pass, where no look can show any more that all do; else nothing.

    Each has one run. While one is still to end nothing is lost by waiting for it, and what it says helps
    people.
    """
    known = {run.name: run.result for run in runs}
    results = {test.name: known.get(test.name) for test in tests}
    if None in results.values():
        return ""
    return "; ".join(
        f"smoke test {name}: {r}" for name, r in results.items() if r is not None and not r.passed
    )


LOOKED_AT = 65_536
"""Bytes of an output, at its end."""
KEPT = 2000
"""Characters of an output that a case keeps."""


def tail(data: bytes, *, cut: bool = False) -> str:
    """The end of an output as a case may keep it. ``cut``: bytes before these are missing already.

    Nothing before its last ``LOOKED_AT`` bytes is looked at: whoever writes much gets no more of our time.
    """
    cut = cut or len(data) > LOOKED_AT
    text = mask(printable(data[-LOOKED_AT:].decode("utf-8", "replace"))).strip()
    return f"…{text[-KEPT:]}" if cut or len(text) > KEPT else text
