"""The images of the traces: busybox as a web server, pushed to the cluster's registry without any builder."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import urllib.parse
import urllib.request

from tests.e2e.cluster.pause_image import BUSYBOX
from tests.e2e.cluster.state import REGISTRY_FROM_HOST

REPOSITORY = "traces/app"
HOST = "registry.test"
"""Every registry's name is answered by the cluster's own one."""
TAGS = ("v1", "v2", "v3")
_APPLETS = ("sh", "sleep", "httpd", "touch", "rm", "test", "tail", "cat", "true", "false", "mkdir")
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def image(tag: str, *, host: str = HOST, repository: str = REPOSITORY) -> str:
    """The name under which the node pulls it; a digest is a tag that begins with ``@``."""
    return f"{host}/{repository}{tag if tag.startswith('@') else f':{tag}'}"


def push_all() -> None:
    """Push every tag. Images differ in a label alone, as two builds of one source do."""
    _push_blob(gzip.compress(_layer(), mtime=0))
    for tag in TAGS:
        _push_blob(_config(tag))
        _send("PUT", f"/v2/{REPOSITORY}/manifests/{tag}", _manifest(tag), kind=_MANIFEST)


def digest(tag: str) -> str:
    """Of the image that a tag names."""
    return _digest(_manifest(tag))


def _layer() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as layer:
        for folder in ("bin", "etc", "dev", "proc", "sys", "www", "tmp"):
            info = tarfile.TarInfo(folder)
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            layer.addfile(info)
        for name, data, mode in (("bin/busybox", BUSYBOX.read_bytes(), 0o755), ("www/live", b"ok", 0o644)):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), mode
            layer.addfile(info, io.BytesIO(data))
        for applet in _APPLETS:
            info = tarfile.TarInfo(f"bin/{applet}")
            info.type, info.linkname = tarfile.SYMTYPE, "busybox"
            layer.addfile(info)
    return buffer.getvalue()


def _config(tag: str) -> bytes:
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": ["PATH=/bin"], "Labels": {"version": tag}, "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [_digest(_layer())]},
    }
    return json.dumps(config).encode()


def _manifest(tag: str) -> bytes:
    kind = "application/vnd.docker"
    parts = {
        "config": (f"{kind}.container.image.v1+json", _config(tag)),
        "layer": (f"{kind}.image.rootfs.diff.tar.gzip", gzip.compress(_layer(), mtime=0)),
    }
    described = {
        name: {"mediaType": media, "size": len(data), "digest": _digest(data)}
        for name, (media, data) in parts.items()
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": described["config"],
        "layers": [described["layer"]],
    }
    return json.dumps(manifest).encode()


def _push_blob(data: bytes) -> None:
    place = _send("POST", f"/v2/{REPOSITORY}/blobs/uploads/", b"")
    parts = urllib.parse.urlsplit(place)
    query = f"{parts.query}&digest={_digest(data)}" if parts.query else f"digest={_digest(data)}"
    _send("PUT", f"{parts.path}?{query}", data)


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _send(method: str, path: str, data: bytes, *, kind: str = "application/octet-stream") -> str:
    """Where the registry says to go on."""
    request = urllib.request.Request(
        f"http://{REGISTRY_FROM_HOST}{path}", data=data, method=method, headers={"Content-Type": kind}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return str(answer.headers.get("Location") or "")
