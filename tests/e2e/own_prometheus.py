"""A Prometheus of a test's own, without a cluster, and a way to choose the moment at which it is asked."""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.e2e.cluster.waiting import ClusterError, tail, wait_for

_ADDRESS = re.compile(r'msg="Listening on" .*?address=(127\.0\.0\.1:\d+)')


@contextmanager
def prometheus(binary: Path, config: str = "{}") -> Iterator[str]:
    """The address of an empty server that takes what is written to it; by default it scrapes nothing."""
    with tempfile.TemporaryDirectory(prefix="rollbackd-prometheus-") as folder:
        home = Path(folder)
        (home / "prometheus.yml").write_text(f"{config}\n")
        log = home / "log"
        command = [
            str(binary),
            f"--config.file={home}/prometheus.yml",
            f"--storage.tsdb.path={home}/data",
            "--web.listen-address=127.0.0.1:0",  # The kernel chooses the port; the log tells it.
            "--web.enable-remote-write-receiver",
        ]
        with log.open("w") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output, cwd=home)
        try:
            yield _ready(process, log)
        finally:
            _end(process)


def _ready(process: subprocess.Popen[bytes], log: Path) -> str:
    def address() -> str:
        if process.poll() is not None:
            raise ClusterError(f"prometheus ended with {process.returncode}\n{tail(log)}")
        found = _ADDRESS.search(log.read_text(errors="replace"))
        return f"http://{found[1]}" if found else ""

    def ready() -> bool:
        url = address()
        return bool(url) and requests.get(f"{url}/-/ready", timeout=5).ok

    wait_for("ready prometheus", ready, seconds=30, log=log, pause=0.02)
    return address()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class AtMoment:
    """Asks a server as if the time were ``moment`` (Unix seconds): what it had then, and nothing later.

    Only queries of the present are changed; to the one who asks, the answer's time is the server's clock.
    """

    def __init__(self, front: HTTPServer, url: str) -> None:
        self.moment = time.time()
        self._server = url
        self._session = requests.Session()
        self.url = front.url_for("").rstrip("/")
        for path in ("/api/v1/query", "/api/v1/query_range"):
            front.expect_request(path).respond_with_handler(self._forward)

    def close(self) -> None:
        self._session.close()

    def _forward(self, request: Request) -> Response:
        form = request.form.to_dict()
        if request.path.endswith("/query"):
            form["time"] = f"{self.moment:.3f}"
        answer = self._session.post(f"{self._server}{request.path}", data=form, timeout=30)
        return Response(answer.content, status=answer.status_code, content_type="application/json")
