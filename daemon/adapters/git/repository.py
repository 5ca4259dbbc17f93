"""One file of a branch on a Git server over HTTP, read and written by a commit. Nothing is kept on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3
from dulwich.client import HttpGitClient, HTTPUnauthorized
from dulwich.errors import GitProtocolError, HangupException, NotGitRepository, SendPackError
from dulwich.objects import Blob, Commit, ObjectID, ShaFile, Tree
from dulwich.pack import UnpackedObject, pack_objects_to_data
from dulwich.refs import Ref
from dulwich.repo import MemoryRepo
from msgspec.structs import replace

from daemon.core.value import Value
from daemon.ports import Conflict, Denied, Missing, Rejected, Unavailable

DEPTH = 20
"""Commits that are looked through for one of ours."""
TIMEOUT = 20.0
"""Seconds for one answer of the server."""
AUTHOR = "rollbackd <rollbackd@localhost>"


class Source(Value, frozen=True):
    """Where a branch is; ``password_file`` is read at each use, for it may be renewed."""

    url: str
    branch: str
    username: str = ""
    password_file: Path | None = None

    def on(self, branch: str) -> Source:
        return replace(self, branch=branch) if branch else self

    def __str__(self) -> str:
        return f"{self.url} ({self.branch})"


class Tip(Value, frozen=True):
    """The newest commit as it was read. ``file`` is the text, ``recent`` the messages of the last commits."""

    sha: str
    text: str
    recent: tuple[str, ...]


class _Connections(urllib3.PoolManager):
    """Closes what the client leaves open: an answer that it raises for is never read to its end."""

    def __init__(self) -> None:
        super().__init__(retries=False)
        self._answers: list[urllib3.BaseHTTPResponse] = []

    def request(self, method: str, url: str, *arguments: Any, **options: Any) -> urllib3.BaseHTTPResponse:
        answer = super().request(method, url, *arguments, **options)
        self._answers.append(answer)
        return answer

    def close(self) -> None:
        for answer in self._answers:
            answer.close()
        self.clear()


class Repository:
    """Every method raises Unavailable (unreachable), Denied (credentials, a protected branch), Missing (no
    such repository, branch or file), Rejected (the file is no text)."""

    def __init__(self, source: Source) -> None:
        self._source = source
        parts = urlsplit(source.url)
        self._base = f"{parts.scheme}://{parts.netloc}/"
        self._path = parts.path.lstrip("/")

    def read(self, path: str) -> Tip:
        with self._translated():
            repo, sha = self._fetched()
            blob = self._blob(repo, sha, path)
            messages = tuple(
                entry.commit.message.decode(errors="replace") for entry in repo.get_walker([sha])
            )
        return Tip(sha=sha.decode(), text=_text(blob, path), recent=messages)

    def write(self, path: str, text: str, message: str, *, onto: str, at: datetime, branch: str = "") -> str:
        """Commit the file onto the tip that was read, or to a new ``branch`` from there.

        Raises Conflict where the branch has moved since, or the new one is there already.
        """
        with self._translated():
            repo, sha = self._fetched()
            if sha.decode() != onto:
                raise Conflict(f"{self._source} has moved on from {onto[:8]}")
            made = _made(repo, sha, path, text, message, at)
            ref, commit = _ref(branch or self._source.branch), made[-1].id
            before = None if branch else sha

            def update(refs: dict[Ref, ObjectID]) -> dict[Ref, ObjectID]:
                if refs.get(ref) != before:
                    raise Conflict(f"{self._source} has moved on from {onto[:8]}")
                return {ref: commit}

            def objects(
                have: Set[ObjectID],
                want: Set[ObjectID],
                *,
                ofs_delta: bool = False,
                progress: Callable[[bytes], None] | None = None,
            ) -> tuple[int, Iterator[UnpackedObject]]:
                del have, want, ofs_delta, progress
                return pack_objects_to_data([(each, None) for each in made])

            with self._client() as client:
                sent = client.send_pack(self._path, update, objects)
            why = (sent.ref_status or {}).get(ref)
            if why:
                raise _refusal(self._source.on(branch), str(why))
        return commit.decode()

    @contextmanager
    def _client(self) -> Iterator[HttpGitClient]:
        file = self._source.password_file
        password = None
        if file is not None:
            try:
                password = file.read_text().strip()
            except OSError as error:
                raise Denied(f"{file} cannot be read ({error.strerror}): mount the Secret there") from error
        connections = _Connections()
        try:
            yield HttpGitClient(
                self._base,
                pool_manager=connections,
                username=self._source.username or None,
                password=password,
                timeout=TIMEOUT,
                quiet=True,
            )
        finally:
            connections.close()

    def _fetched(self) -> tuple[MemoryRepo, ObjectID]:
        repo, ref = MemoryRepo(), _ref(self._source.branch)
        found: list[ObjectID] = []

        def wants(refs: Mapping[Ref, ObjectID], depth: int | None = None) -> list[ObjectID]:
            del depth
            found[:] = [sha for name, sha in refs.items() if name == ref]
            return found

        with self._client() as client:
            client.fetch(self._path, repo, determine_wants=wants, depth=DEPTH)
        if not found:
            raise Missing(f"{self._source.url} has no branch {self._source.branch}: name another in overlays")
        return repo, found[0]

    def _blob(self, repo: MemoryRepo, sha: ObjectID, path: str) -> Blob:
        commit = repo[sha]
        assert isinstance(commit, Commit)
        tree = repo[commit.tree]
        assert isinstance(tree, Tree)
        try:
            _, blob = tree.lookup_path(repo.__getitem__, path.encode())
            found = repo[blob]
        except KeyError:
            found = None
        if not isinstance(found, Blob):
            raise Missing(f"{self._source} has no file {path}: correct the overlay's path")
        return found

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """No text of the client's own reaches a message but a server's refusal: it may hold the address."""
        where = self._source
        try:
            yield
        except HTTPUnauthorized as error:
            raise Denied(
                f"{where} does not accept the credentials: renew username and password_file"
            ) from error
        except NotGitRepository as error:
            raise Missing(
                f"{where.url} is no Git repository, or it may not be seen with these credentials"
            ) from error
        except SendPackError as error:
            raise _refusal(where, str(error)) from error
        except (urllib3.exceptions.HTTPError, HangupException, OSError) as error:
            raise Unavailable(f"{where.url} does not answer ({type(error).__name__})") from error
        except GitProtocolError as error:
            if isinstance(error.__cause__, urllib3.exceptions.HTTPError):
                why = type(error.__cause__).__name__
                raise Unavailable(f"{where.url} does not answer ({why})") from error
            if "403" in str(error):
                raise Denied(f"{where} may not be written with these credentials (403)") from error
            raise Unavailable(f"{where.url} answers what is not Git's protocol") from error


def _ref(branch: str) -> Ref:
    return Ref(f"refs/heads/{branch}".encode())


def _refusal(source: Source, why: str) -> Exception:
    lowered = why.lower()
    if "fast-forward" in lowered or "fetch first" in lowered or "stale" in lowered or "lock" in lowered:
        return Conflict(f"{source} has moved on meanwhile")
    return Denied(
        f"{source} does not take the commit ({why}): let the daemon's account push to this branch"
        ", or have people merge it (overlays[].review)"
    )


def _text(blob: Blob, path: str) -> str:
    try:
        return blob.data.decode()
    except UnicodeDecodeError as error:
        raise Rejected(f"{path} is no text in UTF-8") from error


def _made(
    repo: MemoryRepo, parent: ObjectID, path: str, text: str, message: str, at: datetime
) -> list[ShaFile]:
    """The objects of a commit that changes one file of the parent's tree, the commit last; modes stay."""
    before = repo[parent]
    assert isinstance(before, Commit)
    blob = Blob.from_string(text.encode())
    made: list[ShaFile] = [blob]
    commit = Commit()
    commit.tree = _replaced(repo, before.tree, path.encode().split(b"/"), blob.id, made)
    commit.parents = [parent]
    commit.author = commit.committer = AUTHOR.encode()
    commit.author_time = commit.commit_time = int(at.timestamp())
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding, commit.message = b"UTF-8", message.encode()
    return [*made, commit]


def _replaced(
    repo: MemoryRepo, tree_id: ObjectID, way: list[bytes], blob: ObjectID, made: list[ShaFile]
) -> ObjectID:
    old = repo[tree_id]
    assert isinstance(old, Tree)
    name, *rest = way
    tree = Tree()
    for item in old.items():
        tree.add(item.path, item.mode, item.sha)
    mode, below = old[name]
    tree.add(name, mode, _replaced(repo, below, rest, blob, made) if rest else blob)
    made.append(tree)
    return tree.id
