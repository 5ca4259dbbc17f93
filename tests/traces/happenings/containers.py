"""Containers that end, restart, start slowly or never: main ones, sidecars and init containers."""

from __future__ import annotations

from functools import partial

from tests.traces.registry import add, happening
from tests.traces.scene import Scene, told_of
from tests.traces.templates import FOREVER, NEVER_READY, SERVE, Release, container, once, probe, serve

OOM = "x=a; while true; do x=$x$x; done"
"""Doubles a string until the kernel ends the shell."""
BREAKABLE = (
    "if test -e /scratch/broken; then sleep 1; exit 1; fi; touch /www/ready; httpd -p 8000 -h /www;"
    " while test -e /www/ready; do sleep 1; done; exit 1"
)
"""Well until it is broken, and then each time: the scratch volume outlives the container."""
BREAK = "touch /scratch/broken; rm /www/ready"
SMALL = {"limits": {"memory": "20Mi"}}


def _bad(scene: Scene, release: Release, did: str, reasons: tuple[str, ...], undone: bool) -> None:
    scene.deploy(progressDeadlineSeconds=20)
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
        "whose container exits with 1 after a second",
    ),
    "exit-0-loop": (
        Release(tag="v2", script="sleep 1; exit 0"),
        ("CrashLoopBackOff",),
        "whose container exits with 0 after a second",
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
        )


def _completes(scene: Scene, release: Release, undone: bool) -> None:
    scene.deploy(replicas=1)
    scene.record()
    scene.release(release, "v2, whose sidecar crashes after 2 s, each time")
    scene.pause(1)
    scene.complete()
    _all_back_off(scene)
    if undone:
        scene.undo()
        scene.pause(3)
        scene.complete()


def _all_back_off(scene: Scene) -> None:
    scene.restarted(len(scene.pods()), tag="v2")
    scene.until("all down", lambda: all(told_of(pod, "CrashLoopBackOff") for pod in scene.pods("v2")))


_CRASHES = "sleep 2; exit 1"
for _name, _release in {
    "sidecar-crash-loop": Release(tag="v2", sidecars=[container("beside", _CRASHES)]),
    "native-sidecar-crash-loop": Release(
        tag="v2", inits=[container("beside", _CRASHES, restartPolicy="Always")]
    ),
}.items():
    for _undone, _end in ((False, ""), (True, ", and is undone")):
        add(
            f"{_name}-undone" if _undone else _name,
            "a release whose sidecar crashes again and again, beside a main container that is well: the"
            f" rollout completes between two crashes{_end}",
            partial(_completes, release=_release, undone=_undone),
            ready=1 if _undone else 0,
            complete=_undone,
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
    scene.run(scene.names()[0], "touch /scratch/grow", "have the sidecar grow", container="beside")
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
    ready=None,
    complete=False,
)
def loop_after(scene: Scene) -> None:
    script = "touch /www/ready; httpd -p 8000 -h /www; sleep 8; exit 1"
    scene.deploy()
    scene.record()
    scene.release(Release(tag="v2", script=script), "v2, which crashes after 8 s, each time")
    scene.pause(1)
    scene.complete()
    scene.restarted(2, tag="v2")
    _all_back_off(scene)


@happening(
    "crash-old-pods-too",
    "while a release crashes, the pods of the old one crash too",
    ready=0,
    complete=False,
)
def old_too(scene: Scene) -> None:
    scene.deploy(Release(script=BREAKABLE), progressDeadlineSeconds=20)
    scene.record()
    scene.release(Release(tag="v2", script="sleep 1; exit 1"), "v2, which crashes")
    scene.pause(2)
    for pod in scene.names("v1"):
        scene.run(pod, BREAK, "break what the old pods depend on")
    scene.waiting("CrashLoopBackOff", tag="v1")
    scene.exceeded()
    scene.until("all down", lambda: scene.ready() == 0)


@happening(
    "crash-loop-on-one",
    "some seconds after a healthy rollout one pod of three begins to crash, again and again",
    complete=False,
)
def loop_on_one(scene: Scene) -> None:
    scene.deploy(replicas=3)
    scene.record()
    scene.release(Release(tag="v2", script=BREAKABLE), "v2")
    scene.pause(1)
    scene.complete()
    scene.pause(4)
    scene.run(scene.names("v2")[0], BREAK, "break what one pod depends on")
    scene.waiting("CrashLoopBackOff", tag="v2")
    scene.pause(3)


@happening(
    "crash-while-verifying",
    "a bad release was undone, and the old pods begin to crash while the recovery is being proven",
    ready=0,
    complete=False,
)
def crash_verifying(scene: Scene) -> None:
    scene.deploy(Release(script=BREAKABLE), progressDeadlineSeconds=10)
    scene.release(Release(tag="v2", script=NEVER_READY), "v2, which is never ready")
    scene.exceeded()
    scene.record()
    scene.undo()
    scene.pause(4)
    for pod in scene.names("v1"):
        scene.run(pod, BREAK, "break what the old pods depend on")
    scene.until(
        "in back-off", lambda: all(told_of(pod, "CrashLoopBackOff") for pod in scene.pods("v1")), within=60
    )
