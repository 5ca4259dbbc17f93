"""Records traces anew: ``python -m tests.traces.record [NAME ...]``, all of them without a name.

Needs the running cluster (``make cluster-up``) and root. Happenings run side by side, each in a namespace of
its own; those that touch what all share run after the others, one by one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch

from tests.e2e.cluster import kwok, lifecycle
from tests.e2e.cluster.binaries import KUBERNETES_VERSION
from tests.e2e.cluster.cluster import Cluster
from tests.e2e.cluster.waiting import ClusterError
from tests.traces import happenings, images
from tests.traces.registry import Happening, Lane
from tests.traces.scene import Scene
from tests.traces.trace import LARGEST, Header, Trace, dump, path

AT_ONCE = 6
"""Two cores start some six pods at a time without making slow starters of them all."""
SETTLING = 1.0
"""Seconds that a recording goes on after the last step, for what the controllers still write."""


def main(arguments: Sequence[str]) -> int:
    """How many of the chosen happenings could not be recorded."""
    parser = argparse.ArgumentParser(prog="python -m tests.traces.record", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="a happening, or a pattern such as 'scale-*'"
    )
    parser.add_argument("--list", action="store_true", help="say which happenings there are")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, metavar="N")
    chosen = parser.parse_args(arguments)
    known = happenings.all_of_them()
    picked = [h for h in known.values() if not chosen.names or any(fnmatch(h.name, p) for p in chosen.names)]
    if not picked:
        parser.error(f"no happening is named so; there are: {', '.join(known)}")
    if chosen.list:
        print("\n".join(f"{h.name:40} {h.shows}" for h in picked))
        return 0
    cluster = lifecycle.running()
    if cluster is None:
        raise ClusterError("no cluster is running: make cluster-up")
    images.push_all()
    kwok.start(cluster)
    return _record_all(cluster, picked, chosen.at_once)


def _record_all(cluster: Cluster, picked: Sequence[Happening], at_once: int) -> int:
    shared = [h for h in picked if h.lane is Lane.SHARED]
    with ThreadPoolExecutor(at_once) as pool:
        done = list(pool.map(lambda h: _try(cluster, h), shared))
    done += [_try(cluster, h) for h in picked if h.lane is Lane.ALONE]
    return done.count(False)


def _try(cluster: Cluster, happening: Happening) -> bool:
    started = time.monotonic()
    try:
        size = _record(cluster, happening)
    # The loop's edge: one happening that went otherwise must not cost the others.
    except Exception as problem:
        print(f"traces: {happening.name}: NOT recorded: {problem!r}", flush=True)
        return False
    took = time.monotonic() - started
    print(f"traces: {happening.name}: {size / 1000:.0f} kB in {took:.0f} s", flush=True)
    return True


def _record(cluster: Cluster, happening: Happening) -> int:
    namespace = f"trace-{happening.name}"
    cluster.kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait")
    cluster.kubectl("create", "namespace", namespace)
    # Until it has its ServiceAccount, no pod is let in, which would be a happening of its own.
    cluster.kubectl("-n", namespace, "wait", "--for=create", "serviceaccount/default", "--timeout=30s")
    scene = Scene(cluster, happening.deployment, namespace)
    try:
        happening.play(scene)
        time.sleep(SETTLING)
        complete, ready = scene.is_complete(), scene.ready()
        scene.recorder.stop()
    finally:
        scene.close()
        cluster.kubectl("delete", "namespace", namespace, "--wait=false")
        if happening.simulated:
            scene.nodes.remove_all()
    if (complete, ready) != (happening.complete, happening.ready):
        raise ClusterError(f"it ended complete={complete} with {ready} ready pods")
    return _write(scene, happening)


def _write(scene: Scene, happening: Happening) -> int:
    header = Header(
        name=happening.name,
        shows=happening.shows,
        kubernetes=KUBERNETES_VERSION,
        began=scene.recorder.began,
        namespace=scene.namespace,
        deployment=happening.deployment,
        simulated_nodes=happening.simulated,
        complete=happening.complete,
        ready=happening.ready,
        steps=scene.recorder.steps,
    )
    text = dump(Trace(header, scene.recorder.entries))
    if len(text) > LARGEST:
        print(f"traces: {happening.name}: {len(text)} bytes are over the {LARGEST} of a trace", flush=True)
    path(happening.name).write_bytes(text)
    return len(text)


if __name__ == "__main__":
    try:
        sys.exit(1 if main(sys.argv[1:]) else 0)
    except ClusterError as problem:
        sys.exit(f"traces: {problem}")
