"""What may be run for a case, as a person would type it."""

from __future__ import annotations

import shlex
from typing import assert_never

from daemon.core.case.case import Case
from daemon.core.runs import HttpCall, JobCommand, PodCommand, Task


def typed_task(task: Task, *, job: str, image: str, body: str) -> str:
    """One command, with ``{workload}`` and ``{namespace}`` as in the settings; ``job`` names a Job.

    A body is not quoted, for it may hold a token; ``body`` says where it stands.
    """
    match task:
        case HttpCall():
            data = f" --data-binary @body  # {body}" if task.body else ""
            return f"curl -sS -X {task.method} {shlex.quote(task.url)}{data}"
        case JobCommand():
            made = f"kubectl create job {job} -n {{namespace}} --image={shlex.quote(image)}"
            return f"{made} -- {shlex.join(task.command)}"
        case PodCommand():
            inside = f" -c {task.container}" if task.container else ""
            pod = task.pod or "deployment/{workload}"
            return f"kubectl exec -n {{namespace}} {pod}{inside} -- {shlex.join(task.command)}"
    assert_never(task)


def filled(case: Case, command: str) -> str:
    """The command for one case; the address of a pod is left to the person."""
    values = {"{namespace}": case.namespace, "{workload}": case.spec.workload, "{pod}": "POD_IP"}
    for name, value in values.items():
        command = command.replace(name, value)
    return command
