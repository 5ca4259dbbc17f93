"""What a person would type to see that the service has recovered, as the verification sees it."""

from __future__ import annotations

import shlex

from daemon.core.case.case import Case
from daemon.core.case.runbook_line import Line
from daemon.core.case.task_by_hand import filled, typed_task
from daemon.core.policy import Policy
from daemon.core.runs import Ingress, SmokeTest


def checks_after(case: Case, policy: Policy) -> tuple[Line, ...]:
    """The ingress, the smoke tests and the logs, where they are configured."""
    ingress = (_ingress(case, policy.ingress),) if policy.ingress is not None else ()
    return (*ingress, *(_smoke_test(case, test) for test in policy.smoke_tests), *_logs(case, policy))


def _ingress(case: Case, check: Ingress) -> Line:
    call = check.call
    # Other headers than the name may hold a token.
    hosts = [value for name, value in call.headers if name.lower() == "host"]
    words = ["curl", "-sS", "-X", call.method, "-o", "/dev/null", "-w", r"%{http_code} %{redirect_url}\n"]
    command = shlex.join([*words, *(word for host in hosts for word in ("-H", f"Host: {host}")), call.url])
    text = f"see that the ingress answers with {call.status}, and with no login page"
    return Line(text=text, state=_state(case, f"ingress {call.url}"), commands=(filled(case, command),))


def _smoke_test(case: Case, test: SmokeTest) -> Line:
    target = case.status.target or case.spec.revision
    made = typed_task(
        test.task, job=f"{test.name}-by-hand", image=target.image, body=f"smoke_tests, {test.name}"
    )
    command = filled(case, made)
    addresses = (f"kubectl get pods -n {case.namespace} -o wide",) if "POD_IP" in command else ()
    name = f"smoke test {test.name}"
    return Line(text=f"run {name}", state=_state(case, name), commands=(*addresses, command))


def _logs(case: Case, policy: Policy) -> tuple[Line, ...]:
    if not policy.logs:
        return ()
    read = f"kubectl logs -n {case.namespace} deployment/{case.spec.workload} --all-containers --since=10m"
    return (
        Line(
            text="look for errors in the logs of the last 10 minutes",
            state="to do",
            commands=(f"{read} | grep -iE 'error|exception|fatal'",),
        ),
    )


def _state(case: Case, condition: str) -> str:
    found = case.status.verification
    holds = next((c.holds for c in found.conditions if c.name == condition), None) if found else None
    return {True: "done", False: "failed", None: "to do"}[holds]
