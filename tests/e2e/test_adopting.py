"""From nothing to a guarded Deployment that the product has never heard of, by its own commands alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.cluster.cluster import Cluster
from tests.e2e.shop import NAME, everything
from tests.e2e.stage import of_its_own, wait_for

pytestmark = pytest.mark.e2e

NAMESPACE = "greenlang-adopted"
HURRIED = {
    "ROLLBACKD_POLICY__WATCH": "40s",
    "ROLLBACKD_POLICY__BASELINE_WINDOW": "3m",
    "ROLLBACKD_POLICY__STALE_AFTER": "15s",
    "ROLLBACKD_PROMETHEUS__POLL": "1s",
    "ROLLBACKD_WEB__HOST": "127.0.0.1",
    "ROLLBACKD_WEB__PORT": "0",
}
"""What a test changes of the file that was written: only how long things take."""


class Shell:
    """Somebody's shell with a kubeconfig, in an empty folder."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster, self.folder = cluster, folder
        foreign = {name: value for name, value in os.environ.items() if not name.startswith("ROLLBACKD_")}
        source = str(Path(__file__).parents[2])
        self.environment = foreign | {"KUBECONFIG": str(cluster.kubeconfig), "PYTHONPATH": source}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "daemon", *arguments]

    def rollbackd(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env=self.environment,
        )

    def release(self, **environment: str) -> None:
        """As a pipeline does it: a change, and nothing waited for."""
        pairs = [f"{name}={value}" for name, value in environment.items()]
        self.cluster.kubectl("-n", NAMESPACE, "set", "env", f"deployment/{NAME}", *pairs)


@pytest.fixture(scope="module")
def shell(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with of_its_own(cluster, NAMESPACE):
        cluster.apply(everything(NAMESPACE))
        yield Shell(cluster, tmp_path_factory.mktemp("shop"))


def written(shell: Shell, file: str) -> bool:
    """Whether a file was written that has both signals: the pods may not be scraped yet."""
    place = shell.folder / file
    place.unlink(missing_ok=True)
    done = shell.rollbackd(
        "init",
        "-n",
        NAMESPACE,
        "--prometheus",
        shell.cluster.prometheus_url,
        "--mode",
        "automatic",
        "-o",
        file,
    )
    return done.returncode == 0 and "signals: [errors, latency]" in place.read_text()


@pytest.fixture(scope="module")
def daemon(shell: Shell) -> Iterator[Path]:
    """The daemon with the written file; the path of its log."""
    wait_for("a file with both signals", partial(written, shell, "rollbackd.yaml"))
    log = shell.folder / "daemon.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            shell.command("--kubeconfig", str(shell.cluster.kubeconfig), "run"),
            stdout=out,
            stderr=out,
            cwd=shell.folder,
            env=shell.environment | HURRIED,
        )
    yield log
    process.terminate()
    process.wait(40)
    print(log.read_text()[-3000:])


def test_what_init_writes_passes_the_live_check(shell: Shell) -> None:
    wait_for("a file with both signals", partial(written, shell, "checked.yaml"))

    checked = shell.rollbackd("check-config", "--live", "--config", "checked.yaml")

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "All live checks passed." in checked.stdout


def test_a_pipeline_is_answered_for_its_own_release(shell: Shell, daemon: Path) -> None:
    """Each of the three right after the change, when the release before is still what the cases are about."""
    wait_for("the adoption", lambda: shell.rollbackd("history", NAME).returncode == 0)
    shell.release(FEATURE="on")
    good = shell.rollbackd("wait", NAME, "--timeout", "8m")
    shell.release(FAILING="0.4")
    bad = shell.rollbackd("wait", f"{NAMESPACE}/{NAME}", "--timeout", "8m")
    unseen = shell.rollbackd("wait", NAME, "--revision", "99", "--timeout", "2s")

    assert (good.returncode, bad.returncode, unseen.returncode) == (0, 1, 124), f"{good}\n{bad}\n{unseen}"
    [name] = [word for word in good.stdout.split() if word.startswith(f"{NAMESPACE}/{NAME}-r2-")]
    case = f"rolloutcase/{name.partition('/')[2]}"
    for condition in ("Done", "Healthy"):
        shell.cluster.kubectl("-n", NAMESPACE, "wait", f"--for=condition={condition}", case, "--timeout=10s")
    assert f"{NAME}-r3-" in bad.stdout
    assert "RolledBack" in bad.stdout


def test_a_pause_by_command_is_one_that_the_guard_reads(shell: Shell, daemon: Path) -> None:
    paused = shell.rollbackd("pause", NAME, "--for", "1h")
    shell.release(FAILING="0.5")
    held = shell.rollbackd("wait", NAME, "--timeout", "8m")
    resumed = shell.rollbackd("resume", NAME)

    assert (paused.returncode, resumed.returncode) == (0, 0), paused.stderr + resumed.stderr
    assert held.returncode == 1
    assert "paused for the daemon (guard pause, until" in held.stdout
