"""Where the daemon keeps what a ConfigMap held: names that whoever knows the content can find again."""

from __future__ import annotations

import hashlib


def copy_name(workload_uid: str, name: str, digest: str) -> str:
    """Of the ConfigMap that holds the copy: the same for the same workload, ConfigMap and content."""
    identity = hashlib.sha256(f"{workload_uid}/{name}/{digest}".encode()).hexdigest()[:12]
    return f"{name[:200].rstrip('.-')}-rollbackd-{identity}"
