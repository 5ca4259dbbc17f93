"""How each happening is played on a stage; its own chances are drawn from the stage's."""

from __future__ import annotations

from msgspec.structs import replace

from daemon.adapters.simulation.kubelet import Fault, FaultKind
from daemon.core.case.case import Phase

from .releases import BAD, CONFIG, GOOD, NEW, init_tag
from .stage import Act, Stage

FOR_GOOD = 1e9
TIMEOUT = ("ErrImagePull", 'failed to pull image "cart": dial tcp 10.0.0.9:443: i/o timeout')
REFUSED = (
    "ErrImagePull",
    'failed to resolve reference "cart": pull access denied, repository does not exist or may require '
    "authorization: server message: insufficient_scope",
)
BUSY = ("CreateContainerError", "context deadline exceeded")
NO_CONFIG = ("CreateContainerConfigError", f'configmap "{CONFIG.name}" not found')
QUOTA = 'pods "cart-" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=9, limited: pods=9'
WEBHOOK = 'Internal error occurred: failed calling webhook "check.local": connect: connection refused'
UP = {1: 3, 2: 5, 3: 6, 5: 8}


def nothing(_stage: Stage) -> None:
    """The release alone."""


# ------------------------------------------------------------ scaling


def scale_up(start: float) -> Act:
    def act(stage: Stage) -> None:
        stage.accidents.pace(replace(stage.shape.pace, start=start))
        stage.scale(UP[stage.shape.replicas])

    return act


def scale_down(stage: Stage) -> None:
    stage.scale(stage.random.choice((1, 2, 3)))


def to_zero_and_back(stage: Stage) -> None:
    stage.scale(0)
    stage.after(stage.random.uniform(2, 40), lambda later: later.scale(later.shape.replicas))


def from_zero(stage: Stage) -> None:
    stage.scale(0)
    stage.after(stage.random.uniform(30, 80), lambda later: later.scale(2))


# ------------------------------------------------------------ pods and nodes


def drain(stage: Stage) -> None:
    if pod := stage.pick():
        stage.cluster.accidents.remove_pod(stage.shape.ref, pod.name)


def evict(stage: Stage) -> None:
    if pod := stage.pick():
        stage.cluster.accidents.evict(stage.shape.ref, pod.name)


def lose_node(stage: Stage) -> None:
    if (pod := stage.pick()) is None or not pod.node:
        return
    node, lasts = pod.node, stage.random.uniform(10, 150)
    lost = [one.name for one in stage.live if one.node == node]
    stage.accidents.unready(stage.shape.ref, lost, lasts, reachable=False)
    stage.accidents.nodes([name for name in ("node-a", "node-b", "node-c") if name != node])
    stage.world.surroundings.node(node, "NotReady: Kubelet stopped posting node status.")

    def back(later: Stage) -> None:
        later.world.surroundings.node(node, "")
        later.accidents.nodes(("node-a", "node-b", "node-c"))

    stage.after(lasts, back)


def restart_kubelet(stage: Stage) -> None:
    _blip(stage, everybody=True, seconds=stage.random.uniform(5, 20))


def end_sidecar(stage: Stage) -> None:
    _end(stage, 2, 137, "OOMKilled")


def end_main(stage: Stage) -> None:
    _end(stage, 1, 1, "Error")


def _end(stage: Stage, place: int, code: int, why: str) -> None:
    running = [pod for pod in stage.live if pod.ready]
    if running:
        pod, lasts = stage.random.choice(running), stage.random.uniform(2, 8)
        stage.accidents.end_container(stage.shape.ref, pod.name, place, lasts, code=code, why=why)


def restart_while_starting(stage: Stage) -> None:
    """The next pod that is seen starting ends once; there may be none."""
    starting = [pod for pod in stage.live if pod.ip and not pod.ready and not pod.restarts]
    if starting:
        pod = stage.random.choice(starting)
        stage.accidents.end_container(stage.shape.ref, pod.name, 1, 3.0, code=1, why="Error")
    elif stage.now < 400:
        stage.after(1.0, restart_while_starting)


def init_retries(stage: Stage) -> None:
    for tag in (NEW, BAD):
        stage.fault(init_tag(tag), Fault(kind=FaultKind.STARTS_AGAIN, times=2))


def slow(start: float) -> Act:
    def act(stage: Stage) -> None:
        stage.accidents.pace(replace(stage.shape.pace, start=start))

    return act


# ------------------------------------------------------------ readiness


def blip_one(stage: Stage) -> None:
    _blip(stage, everybody=False, seconds=stage.random.uniform(1, 25))


def blip_all(stage: Stage) -> None:
    _blip(stage, everybody=True, seconds=stage.random.uniform(1, 25))


def flap(stage: Stage) -> None:
    """For two minutes, some pods at a time, none for as long as half a minute."""
    for turn in range(8):
        lasts = stage.random.uniform(2, 10)
        stage.after(15.0 * turn, lambda later, lasts=lasts: _blip(later, everybody=False, seconds=lasts))  # type: ignore[misc]


def _blip(stage: Stage, *, everybody: bool, seconds: float) -> None:
    pods = [pod.name for pod in stage.live]
    hit = pods if everybody else [name for name in pods if stage.random.random() < 1 / max(1, len(pods))]
    stage.accidents.unready(stage.shape.ref, hit or pods[:1], seconds)


# ------------------------------------------------------------ what pods need


def registry_down(stage: Stage) -> None:
    stage.accidents.delay_starts(stage.random.uniform(20, 150), TIMEOUT)


def registry_refuses(stage: Stage) -> None:
    stage.accidents.delay_starts(FOR_GOOD, REFUSED)


def runtime_busy(stage: Stage) -> None:
    stage.accidents.delay_starts(stage.random.uniform(3, 40), BUSY)


def config_late(stage: Stage) -> None:
    stage.accidents.delay_starts(stage.random.uniform(5, 15), NO_CONFIG)


def refused_for_a_while(stage: Stage) -> None:
    stage.cluster.accidents.refuse_pods(stage.shape.ref, WEBHOOK)
    stage.after(
        stage.random.uniform(10, 120), lambda later: later.cluster.accidents.refuse_pods(later.shape.ref, "")
    )


def refused_for_good(stage: Stage) -> None:
    stage.cluster.accidents.refuse_pods(stage.shape.ref, QUOTA)


# ------------------------------------------------------------ people


def pause(stage: Stage) -> None:
    stage.cluster.pause(stage.shape.ref)
    stage.after(stage.random.uniform(5, 60), lambda later: later.cluster.resume(later.shape.ref))


def forget_old(stage: Stage) -> None:
    workload = stage.workload
    for revision in workload.revisions:
        if workload.current is not None and revision.hash != workload.current.hash:
            stage.cluster.delete_replica_set(stage.shape.ref, revision.replica_set_uid)


def undo(stage: Stage) -> None:
    """The pods of the version before have ended twice, some of them before the release; not while their
    recovery is proven, for then they would have to be well."""
    if stage.phase() in (None, Phase.PROGRESSING, Phase.WATCHING):
        for pod in [one for one in stage.live if any(image.endswith(GOOD) for image in one.images)]:
            for _ in range(2):
                stage.accidents.end_container(stage.shape.ref, pod.name, 1, 2.0, code=1, why="Error")
    stage.after(stage.random.uniform(3, 10), _undo)


def _undo(stage: Stage) -> None:
    phase = stage.phase()
    if phase is None and stage.now < 200:
        stage.after(1.0, _undo)
    elif phase not in (None, Phase.ROLLING_BACK, Phase.VERIFYING, Phase.ROLLED_BACK):
        stage.cluster.undo_by_somebody(stage.shape.ref)


def second_rollout(stage: Stage) -> None:
    """The same version once more, in a template of its own, right after the first."""
    stage.deploy(stage.released, annotation="again")


def break_config(stage: Stage) -> None:
    stage.broken_config = True
    stage.world.configuration.write(stage.shape.ref.namespace, CONFIG, broken=True)
    stage.cluster.restart(stage.shape.ref)
