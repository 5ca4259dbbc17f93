"""What is run after a rollback, and must pass before it may be called a recovery."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from daemon.core.runs import HttpCall, JobCommand, PodCommand, SmokeTest, Task
from daemon.settings.problems import complaint, instead
from daemon.settings.types import Duration, Group, Line, SignalName

PLACEHOLDERS = ("pod", "workload", "namespace")
_LABEL_KEY = re.compile(r"(?:[a-z0-9][-a-z0-9.]{0,252}/)?[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?)?")
_POD_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?")


def _url(value: str) -> str:
    for name in re.findall(r"\{([^}]*)\}", value):
        if name not in PLACEHOLDERS:
            raise complaint(f"there is no placeholder {{{name}}}", instead(name, PLACEHOLDERS))
    try:
        parts = urlsplit(re.sub(r"\{[a-z]*\}", "x", value))
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
        parts = urlsplit("")
    bare = not re.search(r"[\s{}]", re.sub(r"\{[a-z]*\}", "x", value))
    if parts.scheme not in {"http", "https"} or not host or port == 0 or not bare or not value.isascii():
        raise complaint(
            "this is not an HTTP address", "write it as http://{pod}:8000/path or https://host/path"
        )
    if "@" in parts.netloc:
        raise complaint("an address must not carry a password, for it is printed", "take it out")
    if parts.fragment:
        raise complaint("a fragment never reaches a server", "cut it off before '#'")
    return value


def _command(words: tuple[str, ...]) -> tuple[str, ...]:
    if not words or not words[0].strip():
        raise complaint("there is no command", "write its words as a list, such as [python, -m, smoke]")
    return words


def _labels(labels: Mapping[str, str]) -> Mapping[str, str]:
    for key, value in labels.items():
        if not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value):
            raise complaint(
                f"{key}={value} cannot be a label", "write a name and a value of 63 letters at most"
            )
    return labels


def _pod(value: str) -> str:
    if not value or _POD_NAME.fullmatch(value):
        return value
    raise complaint(f"{value!r} cannot be a pod's name", "write its metadata.name, such as database-0")


Url = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_url)]
Word = Annotated[str, StringConstraints(max_length=10_000)]
Command = Annotated[tuple[Word, ...], AfterValidator(_command)]


class HttpTest(Group):
    """One request; the answer's status decides. Redirects are not followed."""

    url: Url = Field(
        description=(
            "The address. `{pod}` stands for the address of a ready pod of the revision, `{workload}` for "
            "the Deployment's name, `{namespace}` for its namespace"
        )
    )
    method: Literal["GET", "HEAD", "POST", "PUT"] = Field(
        default="GET",
        description="A request that the daemon's restart interrupts is asked again only if GET or HEAD",
    )
    body: str = Field(default="", max_length=10_000, description="What is sent with it")
    status: int = Field(default=200, ge=100, le=599, description="The status of an answer that passes")


class JobTest(Group):
    """A command in a Job, with image, environment, volumes and account of the revision's container."""

    command: Command = Field(description="The command and its arguments, a list; no shell is around it")
    container: Line = Field(
        default="", description="The pod template's container whose image it has; the main one where empty"
    )
    labels: Annotated[Mapping[str, str], AfterValidator(_labels)] = Field(
        default={},
        description=(
            "Labels of its pod, such as a NetworkPolicy asks for. It has none of the workload's: a Service "
            "must not select it"
        ),
    )


class ExecTest(Group):
    """A command in a running container. One that is given up at its timeout may go on there."""

    command: Command = Field(description="The command and its arguments, a list; no shell is around it")
    container: Line = Field(default="", description="The pod's container; the main one where empty")
    pod: Annotated[str, AfterValidator(_pod)] = Field(
        default="", description="A pod of the namespace by its name; a ready pod of the revision where empty"
    )


class SmokeTestSettings(Group):
    """A test that must pass after a rollback before it may be called a recovery.

    It is exactly one of `http`, `job` and `exec`, and is run at most once for a rollback, when the
    rollback's rollout is complete. See [Smoke tests](smoke-tests.md).
    """

    name: SignalName = Field(description="Short name, unique among the smoke tests; reasons name it.")
    http: HttpTest | None = Field(default=None, description="A request.")
    job: JobTest | None = Field(default=None, description="A command in a Job of its own.")
    exec: ExecTest | None = Field(default=None, description="A command in a running pod.")
    timeout: Duration = Field(
        default=30.0,
        ge=1,
        le=3600,
        description=(
            "Seconds until it is given up, and has not passed. For a Job the time to pull its image counts."
        ),
    )

    @property
    def forms(self) -> tuple[str, ...]:
        """Which of the three it has; one where the settings were checked."""
        return tuple(name for name in ("http", "job", "exec") if getattr(self, name) is not None)

    @property
    def test(self) -> SmokeTest:
        return SmokeTest(name=self.name, task=self._task(), timeout=self.timeout)

    def _task(self) -> Task:
        if self.http is not None:
            return HttpCall(**self.http.model_dump())
        if self.job is not None:
            labels = tuple(sorted(self.job.labels.items()))
            return JobCommand(command=self.job.command, container=self.job.container, labels=labels)
        if self.exec is not None:
            return PodCommand(**self.exec.model_dump())
        raise ValueError(f"smoke test {self.name} says nothing to run")
