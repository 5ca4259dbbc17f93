"""The cluster on the command line: ``python -m tests.e2e.cluster up|down|status|images|kubectl``."""

from __future__ import annotations

import argparse
import os
import sys

from tests.e2e.cluster import lifecycle
from tests.e2e.cluster.binaries import MissingTool
from tests.e2e.cluster.state import default_state
from tests.e2e.cluster.waiting import ClusterError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start the cluster, or find it running")
    up.add_argument("--scrape-interval", type=float, default=2.0, metavar="SECONDS")
    commands.add_parser("down", help="stop the cluster and remove its state")
    commands.add_parser("status", help="say which component lives; exit 1 if the cluster is not healthy")
    kubectl = commands.add_parser("kubectl", help="run kubectl against the cluster")
    kubectl.add_argument("arguments", nargs=argparse.REMAINDER)
    commands.add_parser("images", help="build the images and load them into the running cluster")
    return parser


def _status() -> int:
    for name, alive in lifecycle.status().items():
        print(f"{name:24} {'runs' if alive else '-'}")
    healthy = lifecycle.running() is not None
    print(f"state: {default_state().root}")
    print("healthy" if healthy else "not healthy")
    return 0 if healthy else 1


def _kubectl(arguments: list[str]) -> int:
    cluster = lifecycle.running()
    if cluster is None:
        raise ClusterError("no cluster is running: python -m tests.e2e.cluster up")
    given = arguments[1:] if arguments[:1] == ["--"] else arguments
    program = str(cluster.binaries / "kubectl")
    os.execv(program, [program, "--kubeconfig", str(cluster.kubeconfig), *given])


def _images() -> int:
    from tests.e2e.app import build

    build.load_everything(lifecycle.up())
    return 0


def main() -> int:
    """Run one command; the exit code says whether it worked."""
    chosen = _parser().parse_args()
    match chosen.command:
        case "up":
            lifecycle.up(scrape_interval=chosen.scrape_interval)
        case "down":
            lifecycle.down()
        case "status":
            return _status()
        case "kubectl":
            return _kubectl(chosen.arguments)
        case "images":
            return _images()
        case _:
            raise AssertionError(chosen.command)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (MissingTool, ClusterError) as problem:
        sys.exit(f"cluster: {problem}")
