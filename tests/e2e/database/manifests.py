"""PostgreSQL beside GL-006, and what a pipeline does to it, as text for ``kubectl apply``."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.app.manifests import Gl006

DATABASE, USER = "gl006_heatreclaim", "greenlang"
URL = f"postgresql+psycopg://{USER}@postgresql/{DATABASE}"
_START = f"""set -e
initdb -D /data/pg -U {USER} -A trust --no-sync --locale=C -E UTF8 >/dev/null
echo 'host all all all trust' >> /data/pg/pg_hba.conf
echo 'create database {DATABASE};' | postgres --single -D /data/pg -c fsync=off postgres >/dev/null
exec postgres -D /data/pg -k /tmp -c listen_addresses='*' -c fsync=off -c shared_buffers=16MB
"""
_POD = {
    "automountServiceAccountToken": False,
    "terminationGracePeriodSeconds": 1,
    "securityContext": {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "fsGroup": 10001,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
}
_CONTAINER = {
    "imagePullPolicy": "IfNotPresent",
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
}


def postgresql(app: Gl006) -> str:
    """``postgresql-0`` and its Service. It keeps nothing when it ends."""
    labels, name = {"app": "postgresql"}, {"name": "postgresql", "namespace": app.namespace}
    container = _CONTAINER | {
        "name": "postgresql",
        "image": f"{app.repository}:{app.tag}",
        "command": ["sh", "-c", _START],
        "env": [{"name": "PGHOST", "value": "/tmp"}],
        "readinessProbe": {"exec": {"command": ["pg_isready", "-q", "-h", "/tmp"]}, "periodSeconds": 2},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    pod = _POD | {"containers": [container], "volumes": [{"name": "data", "emptyDir": {}}]}
    spec = {
        "serviceName": "postgresql",
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    service = {"selector": labels, "ports": [{"port": 5432}]}
    items = [
        {"apiVersion": "v1", "kind": "Service", "metadata": name, "spec": service},
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": name, "spec": spec},
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def migrate(app: Gl006, tag: str) -> str:
    """What a pipeline runs for a release: ``alembic upgrade head`` with its image."""
    container: dict[str, Any] = _CONTAINER | {
        "name": "migrate",
        "image": f"{app.repository}:{tag}",
        "command": ["alembic", "upgrade", "head"],
        "env": [{"name": "DATABASE_URL", "value": URL}],
    }
    pod = _POD | {"restartPolicy": "Never", "containers": [container]}
    metadata = {"name": f"migrate-{tag}", "namespace": app.namespace}
    spec = {"backoffLimit": 3, "template": {"spec": pod}}
    return json.dumps({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec})


def migration(name: str, downgrade: str) -> dict[str, Any]:
    """The settings of the database."""
    psql = ["psql", "-U", USER, "-d", DATABASE, "-XtA", "-c", "select version_num from alembic_version"]
    dump = ["pg_dump", "-U", USER, "-Fc", "-f", "/data/before.dump", DATABASE]
    return {
        "name": name,
        "downgrade": downgrade,
        "version_command": {"exec": {"pod": "postgresql-0", "command": psql}},
        "backup_command": {"exec": {"pod": "postgresql-0", "command": dump}, "timeout": "2m"},
        "downgrade_command": {
            "job": {"command": ["alembic", "downgrade", "{revision}"]},
            "timeout": "5m",
        },
    }
