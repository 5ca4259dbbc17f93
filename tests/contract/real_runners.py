"""The drivers of the runners that work in the cluster, over one Deployment for all of their tests."""

from __future__ import annotations

import atexit
import json
import time
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from ruamel.yaml import YAML

from daemon.adapters.clock import SystemClock
from daemon.adapters.kubernetes.access import load
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.exec_runner import KubeExecRunner
from daemon.adapters.kubernetes.job_manifest import job_name
from daemon.adapters.kubernetes.job_runner import KubeJobRunner
from daemon.core.model import Pod, Workload
from daemon.core.runs import JobCommand, Kind, PodCommand, Task
from daemon.ports import Order, Runner
from tests.contract.drivers import GOOD
from tests.contract.real import Deployed, client_of, namespace, running
from tests.contract.runner_driver import Does
from tests.e2e.cluster.cluster import Cluster

PROGRAMS: Mapping[Does, str] = {
    Does.PASSES: "print('all well')",
    Does.FAILS: "import sys; print('the plan is empty'); sys.exit(3)",
    Does.HANGS: "import time; time.sleep(600)",
    Does.FLOODS: "import sys; sys.stdout.write('x' * 10_000_000)",
    Does.GARBLES: r"import sys; sys.stdout.buffer.write(b'caf\xe9 \x00\x1b[31m')",
    Does.TELLS: "print('password=hunter2')",
}


class Stage:
    """A Deployment whose pod is ready."""

    def __init__(self, cluster: Cluster, home: str, client: KubeClient, dead: KubeClient) -> None:
        self.home, self.client, self.dead, self.machine = home, client, dead, cluster
        self.deployed = Deployed(cluster, home, client)
        self.deployed.deploy(GOOD, replicas=1)
        self.deployed.until("a ready pod", self.pods)
        self.workload: Workload = self.deployed.until("it is current", self._current)
        assert self.workload.current is not None
        self.template = self.deployed.cluster.template(self.deployed.ref, self.workload.current) or {}

    def pods(self) -> tuple[Pod, ...]:
        workload = self.deployed.cluster.workload(self.deployed.ref)
        return tuple(pod for pod in workload.live if pod.ready) if workload is not None else ()

    def _current(self) -> Workload | None:
        workload = self.deployed.cluster.workload(self.deployed.ref)
        return workload if workload is not None and workload.current is not None else None

    def account(self, verbs: Mapping[str, str] | None = None) -> KubeClient:
        """A client with a ServiceAccount that has only these rights in the namespace: resource → verbs."""
        name = f"account-{uuid.uuid4().hex[:6]}"
        kubectl = self.deployed.kubectl
        kubectl("create", "serviceaccount", name)
        for resource, words in (verbs or {}).items():
            role = f"{name}-{resource.replace('/', '-').replace('.', '-')}"
            kubectl("create", "role", role, f"--resource={resource}", f"--verb={words}")
            kubectl("create", "rolebinding", role, f"--role={role}", f"--serviceaccount={self.home}:{name}")
        token = kubectl("create", "token", name).strip()
        yaml = YAML(typ="safe")
        config: dict[str, Any] = yaml.load(self.machine.kubeconfig.read_text())
        for user in config["users"]:
            user["user"] = {"token": token}
        file = Path(mkdtemp()) / "kubeconfig"
        file.write_text(json.dumps(config))
        return load(file)


@cache
def stage() -> Stage:
    cluster = running()
    stack = ExitStack()
    home = stack.enter_context(namespace(cluster))
    client = stack.enter_context(client_of(cluster))
    dead = stack.enter_context(client_of(cluster, dead=True))
    made = Stage(cluster, home, client, dead)
    stack.callback(made.deployed.stop)
    atexit.register(stack.close)
    return made


class Real:
    failure = 3

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._stage = stage()
        self.runner = self._make(self._stage.client)

    def order(self, does: Does, *, timeout: float = 30.0) -> Order:
        command = ("python3", "-c", PROGRAMS[does])
        task: Task = JobCommand(command=command) if self.kind == "job" else PodCommand(command=command)
        return Order(
            id=f"{uuid.uuid4()}/rollback/1/smoke-test/plan",
            ref=self._stage.deployed.ref,
            task=task,
            timeout=timeout,
            template=self._stage.template,
            pods=self._stage.pods(),
        )

    def again(self) -> Runner:
        return self._make(self._stage.client)

    def sweep(self, order: Order) -> None:
        if self.kind == "job":
            KubeJobRunner(self._stage.client, SystemClock(), pause=_pause).sweep(order)

    def left(self, order: Order) -> bool:
        return job_name(order) in self._stage.deployed.kubectl("get", "jobs", "-o", "name")

    def without_rights(self) -> Runner:
        return self._make(self._stage.account())

    def cut_off(self) -> Runner:
        return self._make(self._stage.dead)

    def with_rights(self, verbs: Mapping[str, str]) -> Runner:
        return self._make(self._stage.account(verbs))

    def _make(self, client: KubeClient) -> Runner:
        if self.kind == "job":
            return KubeJobRunner(client, SystemClock(), pause=_pause)
        return KubeExecRunner(client, SystemClock(), stopping=lambda: False)


def _pause(seconds: float) -> bool:
    time.sleep(seconds)
    return False


def driver(kind: Kind) -> Real:
    return Real(kind)
