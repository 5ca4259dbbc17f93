"""The database's commands as a person would type them."""

from __future__ import annotations

import json
import shlex

from daemon.core.case.case import Case
from daemon.core.migration import DatabaseCommand
from daemon.core.model import Revision

_BARE = "del(.args, .livenessProbe, .readinessProbe, .startupProbe, .lifecycle, .ports)"


def typed(case: Case, command: DatabaseCommand, *, of: Revision | None = None) -> tuple[str, ...]:
    """The command line; a Job's has image, environment and volumes of ``of``, else of the case's target."""
    if command.kind == "exec":
        where = command.pod or f"deployment/{case.spec.workload}"
        container = f" -c {command.container}" if command.container else ""
        return (f"kubectl exec -n {case.namespace} {where}{container} -- {command}",)
    revision = of or case.status.target or case.spec.revision
    return (_job(case.namespace, revision.replica_set, command),)


def _job(namespace: str, replica_set: str, command: DatabaseCommand) -> str:
    chosen = f"map(select(.name == {json.dumps(command.container)}))" if command.container else ".[:1]"
    metadata = f"metadata: {{labels: {json.dumps(dict(command.labels))}}}, " if command.labels else ""
    containers = f"[.containers | {chosen} | .[] | .command = $command | {_BARE}]"
    bare = '.spec.template.spec | del(.initContainers) | .restartPolicy = "Never"'
    pod = f"({bare} | .containers = {containers})"
    job = (
        '{apiVersion: "batch/v1", kind: "Job", metadata: {generateName: "by-hand-"}, '
        f"spec: {{backoffLimit: 0, template: {{{metadata}spec: {pod}}}}}}}"
    )
    words = shlex.quote(json.dumps(list(command.command)))
    read = f"kubectl get replicaset {replica_set} -n {namespace} -o json"
    return f"{read} | jq --argjson command {words} {shlex.quote(job)} | kubectl create -n {namespace} -f -"
