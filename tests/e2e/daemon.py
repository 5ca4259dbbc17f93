"""The daemon under test: as a pod that the chart installed, or, for the inner loop, as a process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from tests.e2e import account
from tests.e2e.app.build import PRODUCT, load_product
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.cluster.state import AUDITED

CHART = Path(__file__).parents[2] / "helm" / "rollbackd"
TOKEN = "e2e-token-0123456789abcdef"
READY_WITHIN = 60.0


class Daemon(ABC):
    """How a test starts, kills and asks the daemon."""

    url: str
    login: str
    """A token that the page and the API let in."""

    @abstractmethod
    def start(self) -> None: ...

    @abstractmethod
    def kill(self) -> None:
        """SIGKILL, nothing less."""

    @abstractmethod
    def stop(self) -> None: ...

    @abstractmethod
    def log(self) -> str: ...

    @abstractmethod
    def resident(self) -> int:
        """Resident memory in bytes."""

    @abstractmethod
    def cpu_seconds(self) -> float: ...

    def ended(self) -> str:
        """How the daemon ended, where nothing starts it again; empty while it may become ready."""
        return ""

    def get(self, path: str) -> Any:
        return self._ask(urllib.request.Request(f"{self.url}{path}"), within=5)

    def post(self, path: str) -> Any:
        """What an order without particulars is answered. Raises HTTPError where it is refused."""
        return self._ask(urllib.request.Request(f"{self.url}{path}", data=b"{}"), within=30)

    def _ask(self, request: urllib.request.Request, *, within: float) -> Any:
        request.add_header("Authorization", f"Bearer {self.login}")
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=within) as answer:
            return json.load(answer)

    def wait_ready(self) -> float:
        """Seconds until /readyz says yes. Raises AssertionError, at once when the daemon has ended."""
        started = time.monotonic()
        while time.monotonic() - started < READY_WITHIN:
            if how := self.ended():
                raise AssertionError(f"the daemon {how} before it was ready:\n{self.log()[-4000:]}")
            try:
                if self.get("/readyz")["ready"]:
                    return time.monotonic() - started
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"the daemon is not ready after {READY_WITHIN:g} s:\n{self.log()[-4000:]}")


class ProcessDaemon(Daemon):
    """`rollbackd run` on this machine against the cluster, with the rights that the chart grants it.

    ``server`` is where it reaches the API server, if not directly. A ``kubeconfig`` is taken instead, with
    whatever rights it gives.
    """

    def __init__(
        self,
        cluster: Cluster,
        folder: Path,
        settings: dict[str, Any],
        dsn: str,
        *,
        server: str = "",
        kubeconfig: Path | None = None,
    ) -> None:
        self._cluster = cluster
        self._server = server or cluster.api_url
        self._kubeconfig = kubeconfig or folder / "kubeconfig"
        self._config = folder / "rollbackd.yaml"
        self._log = folder / "daemon.log"
        self.login = cluster.token
        port = _free_port(cluster.host_address)
        self.url = f"http://{cluster.host_address}:{port}"
        # Alone by default: several stories run daemons of their own at the same time.
        self._settings = {"election": {"enabled": False}} | settings
        full = self._settings | {
            "kubernetes": {"kubeconfig": str(self._kubeconfig)},
            "web": {"host": cluster.host_address, "port": port},
        }
        if full["election"].get("enabled", True):
            # As the chart says it in the daemon's environment.
            full["election"] = full["election"] | {"name": account.NAME, "namespace": AUDITED}
        self._config.write_text(json.dumps(full))
        # The harness's own variables are no settings, and the daemon would rightly say so.
        # As in the image, bytecode is compiled once.
        dropped = ("ROLLBACKD_", "PYTHONDONTWRITEBYTECODE")
        foreign = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
        self._environment = foreign | {
            "ROLLBACKD_WEB__TOKEN": TOKEN,
            "ROLLBACKD_INCIDENTS__SENTRY_DSN": dsn,
            "MALLOC_ARENA_MAX": "2",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start it and wait for nothing: it may be meant to end before it is ready."""
        if not self._kubeconfig.exists():
            # As late as this: the namespaces that it guards are there now. And once: a right that a story
            # takes away stays away.
            made = account.kubeconfig(self._cluster, self._settings, self._server)
            self._kubeconfig.write_text(json.dumps(made))
        command = [sys.executable, "-m", "daemon", "--config", str(self._config), "run"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, env=self._environment, cwd=CHART.parents[1]
            )

    def start(self) -> None:
        self.launch()
        try:
            self.wait_ready()
        except AssertionError:
            self.stop()
            raise

    def command(self, *arguments: str) -> str:
        """What one of the program's commands prints, with the daemon's own settings."""
        words = [sys.executable, "-m", "daemon", "--config", str(self._config), *arguments]
        done = subprocess.run(
            words, capture_output=True, text=True, env=self._environment, cwd=CHART.parents[1], check=False
        )
        assert done.returncode == 0, f"{' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def ended(self) -> str:
        code = self._process.poll() if self._process is not None else None
        return "" if code is None else f"exited with code {code}"

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(40)

    def log(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def _status(self, key: str) -> int:
        assert self._process is not None
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(key))

    def resident(self) -> int:
        return self._status("VmRSS") * 1024

    def cpu_seconds(self) -> float:
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class PodDaemon(Daemon):
    """Installed by the real helm from the chart, with the image of the project's Dockerfile."""

    def __init__(
        self,
        cluster: Cluster,
        folder: Path,
        settings: dict[str, Any],
        dsn: str,
        *,
        release: str = AUDITED,
        replicas: int = 1,
    ) -> None:
        """``release`` is the namespace's name as well. What asks of *the* pod needs one replica."""
        self._cluster = cluster
        self.release = release
        self.login = cluster.token
        repository, tag = PRODUCT.rsplit(":", 1)
        self._values = folder / "values.json"
        values = {
            "config": settings,
            "image": {"repository": repository, "tag": tag},
            "webhook": {"token": TOKEN},
            "sentry": {"dsn": dsn},
            "replicas": replicas,
        }
        self._values.write_text(json.dumps(values))
        self.url = ""

    def helm(self, *arguments: str) -> str:
        command = [str(Path(sys.executable).with_name("helm")), *arguments, "--namespace", self.release]
        environment = os.environ | {"KUBECONFIG": str(self._cluster.kubeconfig)}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
        return done.stdout

    def start(self) -> None:
        if not self.url:
            load_product(self._cluster)
            self._cluster.apply(json.dumps(account.home(self.release)))
            self._cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CHART / "crds"))
            self.helm("upgrade", "--install", self.release, str(CHART), "-f", str(self._values), "--wait")
            if self.release == AUDITED:
                account.note(self.helm("get", "manifest", self.release))
            address = self._cluster.kubectl(
                "-n", self.release, "get", "service", self.release, "-o", "jsonpath={.spec.clusterIP}"
            )
            self.url = f"http://{address}"
        self.wait_ready()

    def kill(self) -> None:
        """Kill the container's process on the node; the kubelet starts it again, as it would anywhere."""
        status = self.pods()[0]["status"]["containerStatuses"][0]
        container = status["containerID"].removeprefix("containerd://")
        socket = self._cluster.state.containerd_socket
        done = self._cluster.inside(
            "/usr/bin/ctr", "-a", str(socket), "-n", "k8s.io", "task", "kill", "-s", "SIGKILL", container
        )
        assert done.returncode == 0, done.stderr

    def pods(self) -> list[dict[str, Any]]:
        """Those that are not on their way out."""
        selector = f"app.kubernetes.io/instance={self.release}"
        found = self._cluster.kubectl("-n", self.release, "get", "pods", "-l", selector, "-o", "json")
        pods = json.loads(found)["items"]
        return [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]

    def stop(self) -> None:
        if self.url:
            # It ends while it has its rights: helm would take them away at the same time.
            self._cluster.kubectl("-n", self.release, "scale", f"deployment/{self.release}", "--replicas=0")
            selector = f"app.kubernetes.io/instance={self.release}"
            gone = ("wait", "--for=delete", "pod", "-l", selector, "--timeout=60s")
            # It fails where they are gone already.
            self._cluster.kubectl("-n", self.release, *gone, check=False)
            self.helm("uninstall", self.release, "--wait")

    def log(self) -> str:
        arguments = ("-n", self.release, "logs", f"deployment/{self.release}")
        previous = self._cluster.kubectl(*arguments, "--previous", check=False)
        return previous + self._cluster.kubectl(*arguments, check=False)

    def _exec(self, program: str) -> str:
        name = self.pods()[0]["metadata"]["name"]
        return self._cluster.kubectl("-n", self.release, "exec", name, "--", "python3", "-c", program)

    def resident(self) -> int:
        text = self._exec("print(open('/proc/1/status').read())")
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS")) * 1024

    def cpu_seconds(self) -> float:
        fields = self._exec("print(open('/proc/1/stat').read())").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _free_port(address: str) -> int:
    with socket.create_server((address, 0)) as server:
        port: int = server.getsockname()[1]
    return port


def make(cluster: Cluster, folder: Path, settings: dict[str, Any], dsn: str) -> Daemon:
    """The form that ``ROLLBACKD_E2E_DAEMON`` asks for: ``pod`` (default) or ``process``."""
    form = os.environ.get("ROLLBACKD_E2E_DAEMON", "pod")
    kinds: dict[str, type[Daemon]] = {"pod": PodDaemon, "process": ProcessDaemon}
    if form not in kinds:
        raise ValueError(f"ROLLBACKD_E2E_DAEMON={form!r}: valid are {', '.join(kinds)}")
    return kinds[form](cluster, folder, settings, dsn)  # type: ignore[call-arg]
