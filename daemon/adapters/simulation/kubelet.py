"""What becomes of a pod: its containers' state as a function of its age and of what is wrong with its image.

Nothing here is remembered, so a pod looks the same however often and whenever one looks. Ages in seconds.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from enum import StrEnum

from msgspec.structs import replace

from daemon.core.model import Container
from daemon.core.value import Value

EPSILON = 1e-6
"""Ages are differences of floats: what is due within a microsecond is due."""


class FaultKind(StrEnum):
    CRASH = "crash"
    """Ends with exit code 1 again and again."""
    OOM = "oom"
    """Is killed for its memory again and again."""
    IMAGE_MISSING = "image-missing"
    UNREADY = "unready"
    """Runs and never passes its readiness probe."""
    LOSES_READINESS = "loses-readiness"
    """Runs, is ready, and ``after`` seconds from its start fails its readiness probe for good."""
    CONFIG_ERROR = "config-error"
    """Names a ConfigMap that does not exist."""
    UNSCHEDULABLE = "unschedulable"
    WAITS = "waits"
    """Cannot be started for ``after`` seconds, in the kubelet's ``words``, and then runs."""
    STARTS_AGAIN = "starts-again"
    """Ends ``times`` times while it starts, and then runs for good."""
    BLINKS = "blinks"
    """Runs, is ready, and ``after`` seconds from its start fails its probe for ``lasts`` seconds."""


class Fault(Value, frozen=True):
    """What is wrong with an image; ``after`` is how long each run lasts until it shows."""

    kind: FaultKind
    after: float = 1.0
    words: tuple[str, str] = ("", "")
    """Reason and message of a container that waits."""
    times: int = 1
    lasts: float = 5.0


class Pace(Value, frozen=True):
    """How long it takes from creation to running, from there to ready, and from deletion to gone."""

    start: float = 1.0
    ready: float = 2.0
    stop: float = 1.0


class Look(Value, frozen=True):
    """One container at one age; ``until`` is the age at which it next changes by itself."""

    container: Container
    running: bool
    until: float


def look(name: str, image: str, fault: Fault | None, pace: Pace, age: float) -> Look:
    if fault is not None and fault.kind is FaultKind.UNSCHEDULABLE:
        return Look(container=Container(name=name), running=False, until=math.inf)
    if age + EPSILON < pace.start:
        container = Container(name=name, waiting_reason="ContainerCreating")
        return Look(container=container, running=False, until=pace.start)
    if fault is None:
        return _pulled(image, _running(name, pace, since=pace.start, age=age))
    return _pulled(image, _FAULTY[fault.kind](name, image, fault, pace, age))


def _pulled(image: str, one: Look) -> Look:
    """With the image's digest, once it ran: here a tag never comes to name another image."""
    if not (one.running or one.container.restarts or one.container.exit_code is not None):
        return one
    digest = f"sha256:{hashlib.sha256(image.encode()).hexdigest()}"
    return replace(one, container=replace(one.container, digest=digest))


def _running(
    name: str, pace: Pace, *, since: float, age: float, end: float = math.inf, last: Container | None = None
) -> Look:
    """Running from ``since`` until ``end``; ``last`` is what the runs before left behind."""
    before = last or Container(name=name)
    ready = age + EPSILON >= since + pace.ready
    container = Container(
        name=name,
        ready=ready,
        restarts=before.restarts,
        exit_code=before.exit_code,
        exit_reason=before.exit_reason,
    )
    return Look(container=container, running=True, until=end if ready else min(end, since + pace.ready))


def _crashing(name: str, _image: str, fault: Fault, pace: Pace, age: float) -> Look:
    """The kubelet restarts at once, then waits 10, 20, 40 … 300 s between the runs."""
    code, reason = (137, "OOMKilled") if fault.kind is FaultKind.OOM else (1, "Error")
    since, runs = pace.start, 0
    while True:
        last = Container(name=name, restarts=runs, exit_code=code, exit_reason=reason) if runs else None
        end = since + max(fault.after, 0.1)
        if age + EPSILON < end:
            return _running(name, pace, since=since, age=age, end=end, last=last)
        wait = _back_off(runs)
        if age + EPSILON < end + wait:
            break
        since, runs = end + wait, runs + 1
    container = Container(
        name=name,
        restarts=runs,
        waiting_reason="CrashLoopBackOff" if runs else "",
        waiting_message=f"back-off {wait:.0f}s restarting failed container={name}" if runs else "",
        exit_code=code,
        exit_reason=reason,
    )
    return Look(container=container, running=False, until=end + wait)


def _back_off(runs: int) -> float:
    return 1.0 if runs == 0 else min(10.0 * 2.0 ** min(runs - 1, 10), 300.0)


def _image_missing(name: str, image: str, _fault: Fault, pace: Pace, age: float) -> Look:
    """Each pull fails within a second, then the kubelet backs off 10, 20, 40 … 300 s."""
    missing = f'failed to resolve reference "{image}": {image}: not found'
    message = f'failed to pull and unpack image "{image}": {missing}'
    pulled, tries = pace.start + 1.0, 1
    while pulled + _back_off(tries) <= age + EPSILON:
        pulled, tries = pulled + _back_off(tries) + 1.0, tries + 1
    if age + EPSILON < pulled:
        container = Container(name=name, waiting_reason="ErrImagePull", waiting_message=message)
        return Look(container=container, running=False, until=pulled)
    container = Container(
        name=name,
        waiting_reason="ImagePullBackOff",
        waiting_message=f'Back-off pulling image "{image}": ErrImagePull: {message}',
    )
    return Look(container=container, running=False, until=pulled + _back_off(tries))


def _unready(name: str, _image: str, _fault: Fault, _pace: Pace, _age: float) -> Look:
    return Look(container=Container(name=name), running=True, until=math.inf)


def _losing_readiness(name: str, image: str, fault: Fault, pace: Pace, age: float) -> Look:
    end = pace.start + fault.after
    if age + EPSILON < end:
        return _running(name, pace, since=pace.start, age=age, end=end)
    return _unready(name, image, fault, pace, age)


def _config_error(name: str, _image: str, _fault: Fault, _pace: Pace, _age: float) -> Look:
    container = Container(
        name=name,
        waiting_reason="CreateContainerConfigError",
        waiting_message=f'configmap "{name}-forgotten" not found',
    )
    return Look(container=container, running=False, until=math.inf)


def _waiting(name: str, _image: str, fault: Fault, pace: Pace, age: float) -> Look:
    end = pace.start + fault.after
    if age + EPSILON < end:
        reason, message = fault.words
        container = Container(name=name, waiting_reason=reason, waiting_message=message)
        return Look(container=container, running=False, until=end)
    return _running(name, pace, since=end, age=age)


def starts_for_good(fault: Fault, pace: Pace) -> float:
    """The age at which a container that ends while it starts begins the run that lasts."""
    return pace.start + sum(max(fault.after, 0.1) + _back_off(runs) for runs in range(fault.times))


def _starting_again(name: str, image: str, fault: Fault, pace: Pace, age: float) -> Look:
    """As one that crashes, until it has ended often enough."""
    since = starts_for_good(fault, pace)
    if age + EPSILON < since:
        return _crashing(name, image, fault, pace, age)
    last = Container(name=name, restarts=fault.times, exit_code=1, exit_reason="Error")
    return _running(name, pace, since=since, age=age, last=last)


def _blinking(name: str, _image: str, fault: Fault, pace: Pace, age: float) -> Look:
    begin = pace.start + fault.after
    end = begin + fault.lasts
    if begin <= age + EPSILON < end:
        return Look(container=Container(name=name), running=True, until=end)
    return _running(name, pace, since=pace.start, age=age, end=begin if age < begin else math.inf)


_FAULTY: dict[FaultKind, Callable[[str, str, Fault, Pace, float], Look]] = {
    FaultKind.CRASH: _crashing,
    FaultKind.OOM: _crashing,
    FaultKind.IMAGE_MISSING: _image_missing,
    FaultKind.UNREADY: _unready,
    FaultKind.LOSES_READINESS: _losing_readiness,
    FaultKind.CONFIG_ERROR: _config_error,
    FaultKind.WAITS: _waiting,
    FaultKind.STARTS_AGAIN: _starting_again,
    FaultKind.BLINKS: _blinking,
}
