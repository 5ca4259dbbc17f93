"""The smallest client of the API server: is it ready, and kubectl."""

from __future__ import annotations

import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from tests.e2e.cluster.state import API_URL, State
from tests.e2e.cluster.waiting import ClusterError

KUBECTL_SECONDS = 300


def is_ready(state: State) -> bool:
    """Whether the API server says that it is ready."""
    try:
        context = ssl.create_default_context(cafile=str(state.ca))
        request = urllib.request.Request(f"{API_URL}/readyz")
        request.add_header("Authorization", f"Bearer {state.token.read_text()}")
        with urllib.request.urlopen(request, timeout=2, context=context) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as refused:
        refused.close()
        return False
    except OSError:
        return False


def answers(url: str) -> bool:
    """Whether a plain HTTP address answers with success."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as refused:
        refused.close()
        return False
    except OSError:
        return False


def kubectl(
    binaries: Path, state: State, *arguments: str, given: str | None = None, check: bool = True
) -> str:
    """What kubectl prints on standard output.

    Raises:
        ClusterError: it failed and ``check`` is set, with what it printed on standard error.
    """
    done = subprocess.run(
        [str(binaries / "kubectl"), "--kubeconfig", str(state.kubeconfig), *arguments],
        input=given,
        capture_output=True,
        text=True,
        timeout=KUBECTL_SECONDS,
        check=False,
    )
    if check and done.returncode:
        raise ClusterError(f"kubectl {' '.join(arguments)} (exit {done.returncode}): {done.stderr.strip()}")
    return done.stdout
