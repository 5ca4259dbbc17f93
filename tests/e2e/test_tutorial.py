"""From an empty cluster to a proven recovery by the tutorial alone, the daemon installed by helm."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e.app import build
from tests.e2e.cluster import images
from tests.e2e.cluster.binaries import PROMETHEUS_VERSION
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.tutorial import IMAGE, PAGE, ROOT, Followed, blocks, missing, script, told

pytestmark = pytest.mark.e2e

NAMESPACES = ("shop", "metrics")
PATIENCE = 1200.0
TEN_MINUTES = 600.0
PROMETHEUS = f"docker.io/prom/prometheus:v{PROMETHEUS_VERSION}"
_PROMETHEUS_FILE = """\
ARG BASE
FROM ${BASE}
COPY prometheus /bin/prometheus
USER 65534
ENTRYPOINT ["/bin/prometheus"]
"""


def published(cluster: Cluster, folder: Path) -> None:
    """The images that the page builds or takes from a registry, where the node finds them."""
    build.load_product(cluster, IMAGE)
    shutil.copy(cluster.binaries / "prometheus", folder / "prometheus")
    (folder / "Dockerfile").write_text(_PROMETHEUS_FILE)
    images.build(folder, PROMETHEUS)
    images.load(cluster, PROMETHEUS, images.BASE)


def copied(folder: Path) -> None:
    """This working tree as a clone would have it, with what is not committed yet."""
    for source in images.sources("."):
        place = folder / source.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, place)


def cleared(cluster: Cluster, environment: Mapping[str, str]) -> None:
    helm = [str(Path(sys.executable).with_name("helm")), "uninstall", "rollbackd", "-n", "shop"]
    subprocess.run([*helm, "--ignore-not-found", "--wait"], env=environment, check=True)
    cluster.kubectl("delete", "namespace", "--ignore-not-found", "--wait", *NAMESPACES)


def taken(page: str) -> list[int]:
    """The ports that the page forwards and somebody on this machine listens at."""
    found: list[int] = []
    for port in sorted({int(port) for port in re.findall(r"//localhost:(\d+)", page)}):
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                found.append(port)
    return found


def run(text: str, folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """The script's exit code and what it printed; it is ended with all that it started when time is up."""
    log = folder / "printed"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["bash", "-c", text], stdout=out, stderr=out, cwd=folder, env=environment, start_new_session=True
        )
        try:
            code = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            code = -1
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    return code, log.read_text()


@pytest.fixture(scope="module")
def followed(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> list[Followed]:
    """Every block of the page, carried out in one shell."""
    page = PAGE.read_text()
    assert not taken(page), f"the tutorial forwards ports that are taken here: {taken(page)}"
    folder = tmp_path_factory.mktemp("tutorial")
    (folder / "context").mkdir()
    published(cluster, folder / "context")
    copied(folder / "rollbackd")
    foreign = {k: v for k, v in os.environ.items() if not k.startswith(("ROLLBACKD_", "UV_PROJECT"))}
    environment = foreign | {
        "KUBECONFIG": str(shutil.copy(cluster.kubeconfig, folder / "kubeconfig")),
        "PATH": f"{cluster.binaries}:{os.environ['PATH']}",
    }
    cleared(cluster, environment)
    found = blocks(page)
    code, printed = run(script(found), folder, environment)
    cleared(cluster, environment)
    assert code == 0, f"the tutorial ended with exit code {code}:\n{printed[-6000:]}"
    return told(found, printed)


def test_each_command_prints_what_the_page_says(followed: list[Followed]) -> None:
    lacking = {line: one.printed for one in followed if (line := missing(one)) is not None}
    assert not lacking, "\n".join(f"{line!r} is not in:\n{printed}" for line, printed in lacking.items())


def test_a_deployment_is_guarded_within_ten_minutes(followed: list[Followed]) -> None:
    [install] = [one for one in followed if "helm install" in one.block.commands]
    print(f"\nfrom helm install to guarded: {install.seconds:.0f} s")
    print(f"the whole page: {sum(one.seconds for one in followed):.0f} s")
    assert install.seconds < TEN_MINUTES
