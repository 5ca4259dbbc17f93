"""What the machine must offer, asked for at once and named exactly: nobody should find out one by one."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tests.e2e.cluster.binaries import MissingTool

# Command, or file by absolute path, and the Debian package that has it.
RUNTIME = {
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "docker-registry": "docker-registry",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "/bin/busybox": "busybox-static",
    "iptables": "iptables",
    "nft": "nftables",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "openssl": "openssl",
    "prometheus-alertmanager": "prometheus-alertmanager",
}
BUILDERS = {"buildah": "buildah", "mmdebstrap": "mmdebstrap"}


def _present(what: str) -> bool:
    if what.startswith("/"):
        return Path(what).exists()
    search = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
    return shutil.which(what, path=search) is not None


def check(*, images: bool = False) -> None:
    """See that the cluster can run here, and with ``images`` that images can be built as well.

    Raises:
        MissingTool: everything that stands in the way, in one message.
    """
    if sys.platform != "linux":
        raise MissingTool(f"the test cluster runs on Linux alone, and this is {sys.platform}")
    problems = []
    if os.geteuid() != 0:
        problems.append("it needs root: namespaces, mounts and network interfaces (run under sudo)")
    wanted = RUNTIME | (BUILDERS if images else {})
    lacking = sorted(what for what in wanted if not _present(what))
    if lacking:
        packages = " ".join(sorted({wanted[what] for what in lacking}))
        problems.append(f"missing {', '.join(lacking)}: apt-get install --no-install-recommends {packages}")
    if problems:
        raise MissingTool("the test cluster cannot run here: " + "; ".join(problems))
