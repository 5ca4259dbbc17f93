"""Starts the servers, each on ports and in a folder of its own."""

from __future__ import annotations

import json
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.e2e.cluster import binaries
from tests.e2e.cluster.waiting import ClusterError, tail, wait_for

SCRAPE = 3.0
"""Seconds."""


@dataclass(frozen=True)
class Backend:
    name: str
    url: str
    stop_half: Callable[[], None] = lambda: None
    """Of two replicas one ends, without a word."""


def scraping(address: str, **external: str) -> str:
    every = f"{SCRAPE:g}s"
    job = {"job_name": "app", "honor_labels": True, "static_configs": [{"targets": [address]}]}
    timing = {"scrape_interval": every, "scrape_timeout": every}
    return json.dumps(
        {"global": timing | ({"external_labels": external} if external else {}), "scrape_configs": [job]}
    )


@contextmanager
def prometheus(address: str) -> Iterator[Backend]:
    with ExitStack() as stack:
        url = _prometheus(stack, _folder(stack), scraping(address))
        yield Backend("prometheus", url)


@contextmanager
def victoria_metrics(address: str) -> Iterator[Backend]:
    with ExitStack() as stack:
        home, port = _folder(stack), free_port()
        (home / "scrape.json").write_text(scraping(address))
        command = [
            _built(binaries.VICTORIA_METRICS, "victoria-metrics"),
            f"-httpListenAddr=127.0.0.1:{port}",
            f"-storageDataPath={home}/data",
            f"-promscrape.config={home}/scrape.json",
            "-memory.allowedPercent=5",
        ]
        _run(stack, command, home, f"http://127.0.0.1:{port}/health")
        yield Backend("victoriametrics", f"http://127.0.0.1:{port}")


@contextmanager
def thanos(address: str, *, deduplicates: bool = True) -> Iterator[Backend]:
    """A querier over two Prometheus servers that scrape the same, each with its sidecar."""
    binary = _built(binaries.THANOS, "thanos")
    with ExitStack() as stack:
        endpoints: list[str] = []
        sidecars: list[subprocess.Popen[bytes]] = []
        for replica in ("a", "b"):
            home, http, grpc = _folder(stack), free_port(), free_port()
            url = _prometheus(stack, home, scraping(address, cluster="one", replica=replica))
            command = [
                binary,
                "sidecar",
                f"--prometheus.url={url}",
                f"--tsdb.path={home}/data",
                f"--http-address=127.0.0.1:{http}",
                f"--grpc-address=127.0.0.1:{grpc}",
            ]
            sidecars.append(_run(stack, command, _folder(stack), f"http://127.0.0.1:{http}/-/ready"))
            endpoints.append(f"--endpoint=127.0.0.1:{grpc}")
        http, grpc = free_port(), free_port()
        command = [
            binary,
            "query",
            *endpoints,
            f"--http-address=127.0.0.1:{http}",
            f"--grpc-address=127.0.0.1:{grpc}",
            *(["--query.replica-label=replica"] if deduplicates else []),
        ]
        home = _folder(stack)
        _run(stack, command, home, f"http://127.0.0.1:{http}/-/ready")
        url = f"http://127.0.0.1:{http}"
        wait_for("both replicas", lambda: len(_stores(url)) == 2, seconds=60, log=home / "log")
        yield Backend("thanos", url, lambda: sidecars[0].kill())


BACKENDS = {"prometheus": prometheus, "victoriametrics": victoria_metrics, "thanos": thanos}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


def _stores(url: str) -> Sequence[object]:
    found: Sequence[object] = (
        requests.get(f"{url}/api/v1/stores", timeout=5).json()["data"].get("sidecar", [])
    )
    return found


def _prometheus(stack: ExitStack, home: Path, config: str) -> str:
    port = free_port()
    (home / "prometheus.yml").write_text(config)
    command = [
        str(binaries.ensure() / "prometheus"),
        f"--config.file={home}/prometheus.yml",
        f"--storage.tsdb.path={home}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--storage.tsdb.min-block-duration=2h",
        "--storage.tsdb.max-block-duration=2h",
    ]
    url = f"http://127.0.0.1:{port}"
    _run(stack, command, home, f"{url}/-/ready")
    return url


def _built(module: binaries.Module, name: str) -> str:
    return str(binaries.ensure((module,)) / name)


def _folder(stack: ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rollbackd-backend-")))


def _run(stack: ExitStack, command: Sequence[str], home: Path, ready: str) -> subprocess.Popen[bytes]:
    log = home / "log"
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=home)
    stack.callback(_end, process)

    def answers() -> bool:
        if process.poll() is not None:
            raise ClusterError(f"{command[0]} ended with {process.returncode}\n{tail(log)}")
        try:
            return requests.get(ready, timeout=5).ok
        except requests.RequestException:
            return False

    wait_for(f"ready {Path(command[0]).name}", answers, seconds=120, log=log)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
