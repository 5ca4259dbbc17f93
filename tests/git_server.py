"""A real Git server on loopback: ``git http-backend`` behind basic authentication, and a bare repository."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

USER, PASSWORD = "rollbackd", "a-password-that-nobody-prints"
BRANCH = "main"


class GitServer:
    """``offline`` closes every connection unanswered; ``accepts`` are the credentials that it takes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bare = root / "infra.git"
        self._work = root / "work"
        self.accepts = f"{USER}:{PASSWORD}"
        self.offline = False
        self.before_push: list[Callable[[], object]] = []
        """What happens when a push begins, one at a time."""
        self._git("init", "--quiet", "--bare", f"--initial-branch={BRANCH}", str(self.bare), at=root)
        self._git("config", "http.receivepack", "true", at=self.bare)
        self._git("clone", "--quiet", str(self.bare), str(self._work), at=root)
        self._git("checkout", "--quiet", "-B", BRANCH)
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/infra.git"

    def start(self) -> None:
        threading.Thread(target=self._http.serve_forever, args=(0.01,), name="git", daemon=True).start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    # ------------------------------------------------------------ people

    def push(self, path: str, text: str, message: str = "by somebody") -> str:
        """Somebody's commit of one file; its id."""
        self._git("pull", "--quiet", "--rebase", "origin", BRANCH, check=self._has_commits())
        file = self._work / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        self._git("add", "--all")
        self._git("-c", "user.name=anna", "-c", "user.email=anna@localhost", "commit", "-qm", message)
        self._git("push", "--quiet", "origin", BRANCH)
        return self.log("%H")[0]

    def grow(self, path: str, commits: int) -> None:
        """So many commits of one file on top of the branch, at a stroke."""
        onto = f"from refs/heads/{BRANCH}^0\n" if self._has_commits() else ""
        stream = "".join(
            f"commit refs/heads/{BRANCH}\ncommitter anna <anna@localhost> {1_700_000_000 + number} +0000\n"
            f"data 6\ngrown\n{'' if number else onto}"
            f"M 100644 inline {path}\ndata 4\n{number:03}\n\n"
            for number in range(commits)
        )
        self._git("fast-import", "--quiet", at=self.bare, stdin=stream)

    def protect(self, why: str = "this branch is protected") -> None:
        """Let the server take no commit any more."""
        hook = self.bare / "hooks" / "pre-receive"
        hook.write_text(f"#!/bin/sh\necho '{why}' >&2\nexit 1\n")
        hook.chmod(0o755)

    def read(self, path: str) -> str:
        return self._git("show", f"{BRANCH}:{path}", at=self.bare)

    def branch(self, name: str) -> None:
        """Somebody's own branch, at what the owner reads now."""
        self._git("branch", name, BRANCH, at=self.bare)

    def tip(self, branch: str) -> str:
        return self._git("rev-parse", branch, at=self.bare).strip()

    def merge(self, branch: str) -> None:
        """What the button on the request's page does, without a commit of its own."""
        self._git("update-ref", f"refs/heads/{BRANCH}", branch, at=self.bare)

    def branches(self) -> list[str]:
        return self._git("for-each-ref", "--format=%(refname:short)", "refs/heads", at=self.bare).split()

    def log(self, form: str) -> list[str]:
        return self._git("log", f"--format={form}", BRANCH, at=self.bare).split("\n")[:-1]

    def files(self, commit: str = BRANCH) -> list[str]:
        """What a commit changed."""
        return self._git("show", "--name-only", "--format=", commit, at=self.bare).split()

    def check(self) -> None:
        """Raises CalledProcessError where an object is damaged or missing."""
        self._git("fsck", "--strict", "--no-dangling", at=self.bare)

    def checkout(self, folder: Path) -> Path:
        self._git("clone", "--quiet", "--branch", BRANCH, str(self.bare), str(folder), at=self.root)
        return folder

    def _has_commits(self) -> bool:
        return bool(self._git("branch", "--list", BRANCH, at=self.bare))

    def _git(self, *arguments: str, at: Path | None = None, check: bool = True, stdin: str = "") -> str:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.root), "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", *arguments]
        done = subprocess.run(
            command,
            cwd=at or self._work,
            capture_output=True,
            text=True,
            env=environment,
            check=check,
            input=stdin,
        )
        return done.stdout

    # ------------------------------------------------------------ the server

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer(b"")

            def do_POST(self) -> None:
                self._answer(_body(self))

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                del format, args

            def _answer(self, body: bytes) -> None:
                self.close_connection = True
                if "service=git-receive-pack" in self.path and server.before_push:
                    server.before_push.pop(0)()
                if server.offline:
                    return
                given = self.headers.get("Authorization", "").removeprefix("Basic ")
                if base64.b64decode(given).decode() != server.accepts:
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="git"')
                    self.send_header("Content-Length", "0")
                    self.send_header("Connection", "close")
                    self.end_headers()
                    return
                _backend(self, server.root, body)

        return Handler


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    if handler.headers.get("Transfer-Encoding", "") != "chunked":
        return handler.rfile.read(int(handler.headers.get("Content-Length", "0")))
    parts = b""
    while size := int(handler.rfile.readline(), 16):
        parts += handler.rfile.read(size)
        handler.rfile.readline()
    return parts


def _backend(handler: BaseHTTPRequestHandler, root: Path, body: bytes) -> None:
    """What CGI is: the request in the environment and on standard input, the answer on standard output."""
    path, _, query = handler.path.partition("?")
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REQUEST_METHOD": handler.command,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": handler.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": handler.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": handler.headers.get("Git-Protocol", ""),
        "REMOTE_USER": USER,
        "REMOTE_ADDR": "127.0.0.1",
    }
    done = subprocess.run(
        ["git", "http-backend"], input=body, capture_output=True, env=environment, check=False
    )
    head, _, answer = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
    handler.send_response(int(headers.pop("Status", "200").split()[0]))
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(answer)))
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(answer)


@contextmanager
def serving(root: Path) -> Iterator[GitServer]:
    server = GitServer(root)
    server.start()
    try:
        yield server
    finally:
        server.stop()
