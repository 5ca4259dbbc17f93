"""Containers that end, restart, start slowly or never: main ones, sidecars and init containers."""

from __future__ import annotations

from functools import partial

from tests.traces.registry import add, happening
from tests.traces.scene import Scene
from tests.traces.templates import FOREVER, NEVER_READY, SERVE, Release, container, once, probe, serve

OOM = "x=a; while true; do x=$x$x; done"
"""Doubles a string until the kernel ends the shell."""
SMALL = {"limits": {"memory": "20Mi"}}


def _bad(scene: Scene, release: Release, did: str, reasons: tuple[str, ...], undone: bool) -> None:
    # A release with other containers than the old one has the longer story.
    scene.deploy(replicas=1 if release.sidecars or release.inits else 2, progressDeadlineSeconds=20)
    scene.record()
    scene.release(release, did)
    if reasons:
        scene.waiting(*reasons, tag="v2")
    if undone:
        scene.pause(3)
        scene.undo()
        scene.pause(3)
        scene.complete()
    else:
        scene.exceeded()


_BAD = {
    "crash-loop": (
        Release(tag="v2", script="sleep 1; exit 1"),
        ("CrashLoopBackOff",),
        "exits with 1 after a second",
    ),
    "exit-0-loop": (
        Release(tag="v2", script="sleep 1; exit 0"),
        ("CrashLoopBackOff",),
        "exits with 0 after a second",
    ),
    "command-not-found": (
        Release(tag="v2", app={"command": ["/bin/no-such-program"]}),
        ("RunContainerError", "StartError", "CrashLoopBackOff"),
        "whose command does not exist",
    ),
    "never-ready": (Release(tag="v2", script=NEVER_READY), (), "which lives and is never ready"),
    "oom-loop": (
        Release(tag="v2", script=OOM, app={"resources": SMALL}),
        ("OOMKilled",),
        "which runs out of its memory at once",
    ),
    "init-never-works": (
        Release(tag="v2", inits=[container("init", "exit 2")]),
        ("CrashLoopBackOff",),
        "whose init container always fails",
    ),
    "sidecar-crash-loop": (
        Release(tag="v2", sidecars=[container("beside", "sleep 1; exit 1")]),
        ("CrashLoopBackOff",),
        "whose sidecar crashes again and again",
    ),
    "native-sidecar-crash-loop": (
        Release(tag="v2", inits=[container("beside", "sleep 1; exit 1", restartPolicy="Always")]),
        ("CrashLoopBackOff",),
        "whose native sidecar crashes again and again",
    ),
    "liveness-kills": (
        Release(tag="v2", script=f"sleep 1; {SERVE}", app={"livenessProbe": probe("absent", failures=2)}),
        ("CrashLoopBackOff",),
        "whose liveness probe fails, so that the kubelet ends it again and again",
    ),
}
for _name, (_release, _reasons, _text) in _BAD.items():
    for _undone, _end in ((False, ", until its deadline is exceeded"), (True, ", and is undone")):
        add(
            f"{_name}-undone" if _undone else _name,
            f"a release {_text}{_end}",
            partial(_bad, release=_release, did=f"v2, {_text}", reasons=_reasons, undone=_undone),
            complete=_undone,
            ready=1 if _release.sidecars or _release.inits else 2,
        )


def _good(scene: Scene, release: Release, did: str, restarts: int) -> None:
    scene.deploy()
    scene.record()
    scene.release(release, did)
    scene.pause(1)
    scene.complete()
    if restarts:
        scene.restarted(restarts, tag="v2")
        scene.until("ready again", lambda: scene.ready() == 2)


_INIT = once("one", "exit 1", once("two", "exit 1", "exit 0"))
_GOOD = {
    "init-retries": (
        Release(tag="v2", inits=[container("init", _INIT)]),
        4,
        "whose init container fails twice in each pod before it works",
    ),
    "init-slow": (
        Release(tag="v2", inits=[container("init", "sleep 6")]),
        0,
        "whose init container takes 6 s",
    ),
    "native-sidecar": (
        Release(tag="v2", inits=[container("beside", FOREVER, restartPolicy="Always")]),
        0,
        "with a native sidecar",
    ),
    "native-sidecar-slow-start": (
        Release(
            tag="v2",
            inits=[
                container(
                    "beside",
                    "sleep 4; httpd -p 8001 -h /www; exec tail -f /dev/null",
                    restartPolicy="Always",
                    startupProbe={"tcpSocket": {"port": 8001}, "periodSeconds": 1, "failureThreshold": 30},
                )
            ],
        ),
        0,
        "with a native sidecar that takes 4 s to start",
    ),
    "native-sidecar-restarts-once": (
        Release(
            tag="v2",
            inits=[container("beside", once("began", "sleep 2; exit 1", FOREVER), restartPolicy="Always")],
        ),
        2,
        "whose native sidecar ends once in each pod",
    ),
    "sidecar-oom-once": (
        Release(
            tag="v2",
            sidecars=[container("beside", once("began", f"sleep 2; {OOM}", FOREVER), resources=SMALL)],
        ),
        2,
        "whose sidecar runs out of memory once in each pod, while the main container is well",
    ),
    "crash-once-at-start": (
        Release(tag="v2", script=once("began", "sleep 1; exit 1", serve())),
        2,
        "whose container ends once in each pod while it starts",
    ),
    "slow-start": (Release(tag="v2", script=serve(15)), 0, "which takes 15 s to be ready"),
    "slow-start-with-startup-probe": (
        Release(tag="v2", script=serve(10), app={"startupProbe": probe(failures=30)}),
        0,
        "which takes 10 s to be ready, with a startup probe",
    ),
}
for _name, (_release, _restarts, _text) in _GOOD.items():
    add(
        _name,
        f"a healthy release {_text}",
        partial(_good, release=_release, did=f"v2, {_text}", restarts=_restarts),
    )


@happening(
    "sidecar-oom-long-after",
    "some time after a healthy rollout the sidecar of one pod runs out of memory, and starts again",
)
def sidecar_oom(scene: Scene) -> None:
    waits = f"while ! test -e /scratch/grow; do sleep 1; done; {OOM}"
    beside = container("beside", once("began", waits, FOREVER), resources=SMALL)
    scene.deploy()
    scene.release(Release(tag="v2", sidecars=[beside]), "v2, with a sidecar")
    scene.complete()
    scene.pause(3)
    scene.record()
    scene.run(scene.names()[0], "touch /scratch/grow", "have the sidecar grow")
    scene.restarted(1)
    scene.pause(1)
    scene.until("ready again", lambda: scene.ready() == 2)


@happening(
    "all-crash-once-after-ready",
    "some seconds after they were ready the containers of all new pods crash once, and come back",
)
def all_crash_after(scene: Scene) -> None:
    script = once("began", "touch /www/ready; httpd -p 8000 -h /www; sleep 6; exit 1", serve())
    scene.deploy()
    scene.record()
    scene.release(Release(tag="v2", script=script), "v2, which crashes once after 6 s")
    scene.pause(1)
    scene.restarted(2, tag="v2")
    scene.complete()


@happening(
    "crash-loop-after-ready",
    "some seconds after they were ready the containers of all new pods crash, again and again",
    ready=0,
    complete=False,
)
def loop_after(scene: Scene) -> None:
    script = "touch /www/ready; httpd -p 8000 -h /www; sleep 8; exit 1"
    scene.deploy()
    scene.record()
    scene.release(Release(tag="v2", script=script), "v2, which crashes after 8 s, each time")
    scene.pause(1)
    scene.complete()
    scene.restarted(3, tag="v2")
    scene.until("both down", lambda: scene.ready() == 0)


@happening(
    "crash-old-pods-too",
    "while a release crashes, the pods of the old one crash too",
    ready=0,
    complete=False,
)
def old_too(scene: Scene) -> None:
    script = "touch /www/ready; httpd -p 8000 -h /www; while test -e /www/ready; do sleep 1; done; exit 1"
    # The scratch volume outlives the container: once broken, it stays so.
    broken = f"if test -e /scratch/broken; then sleep 1; exit 1; fi; {script}"
    scene.deploy(Release(script=broken), progressDeadlineSeconds=20)
    scene.record()
    scene.release(Release(tag="v2", script="sleep 1; exit 1"), "v2, which crashes")
    scene.pause(2)
    for pod in scene.names("v1"):
        scene.run(pod, "touch /scratch/broken; rm /www/ready", "break what the old pods depend on")
    scene.waiting("CrashLoopBackOff", tag="v1")
    scene.exceeded()
    scene.until("all down", lambda: scene.ready() == 0)
