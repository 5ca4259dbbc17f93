"""What happens to a Deployment that is no release's doing. Each is played at a moment of its own."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from daemon.adapters.simulation.objects import Strategy
from daemon.core.model import WorkloadRef
from daemon.core.value import Value

from . import acts
from .stage import Act


class When(StrEnum):
    BEFORE = "before"
    DURING = "during"
    AFTER = "after"
    VERIFYING = "verification"


ALWAYS = (When.BEFORE, When.DURING, When.AFTER, When.VERIFYING)
FROM_THE_START = (When.BEFORE,)
LONG = WorkloadRef(namespace="shop", name="cart-" + "long" * 13 + "-ap")
"""60 characters: the generated names of its pods are cut."""


class Happening(Value, frozen=True):
    """``undecidable`` says why a hold is right; ``shape`` is what the Deployment must be like.

    ``ends_it``: a person ends the release with it, so a bad one need not be rolled back. ``itself``: the
    happening is the release, and it is bad.
    """

    name: str
    act: Act = acts.nothing
    when: tuple[When, ...] = ALWAYS
    healthy: bool = True
    bad: bool = True
    undecidable: str = ""
    shape: Mapping[str, object] = {}
    ends_it: bool = False
    itself: bool = False
    within: float = 0.0
    """Seconds of its window during the rollout; 0: as long as the rollout takes."""
    kind: str = ""
    """The bad release's kind, where it must be one."""


NO_DEADLINE = "a rollout of no pods is complete, and no deadline waits for pods that come later"

ALL = (
    Happening(name="nothing", when=FROM_THE_START),
    Happening(name="autoscaler up, start-up 2 s", act=acts.scale_up(2.0)),
    Happening(name="autoscaler up, start-up 45 s", act=acts.scale_up(45.0)),
    Happening(name="autoscaler up, start-up 120 s", act=acts.scale_up(120.0)),
    Happening(name="autoscaler down", act=acts.scale_down, shape={"replicas": 5}),
    Happening(name="scaled to 0 and back", act=acts.to_zero_and_back, undecidable=NO_DEADLINE),
    Happening(name="from 0 to 2", act=acts.from_zero, when=FROM_THE_START, undecidable=NO_DEADLINE),
    Happening(name="a pod is drained", act=acts.drain),
    Happening(name="a pod is evicted", act=acts.evict),
    Happening(
        name="a node is lost and back", act=acts.lose_node, undecidable="the node explains it meanwhile"
    ),
    Happening(name="kubelet restarts, all pods unready", act=acts.restart_kubelet),
    Happening(name="sidecar out of memory once", act=acts.end_sidecar),
    Happening(name="a container restarts once", act=acts.end_main),
    Happening(name="restart while starting", act=acts.restart_while_starting),
    Happening(name="init container works at the third try", act=acts.init_retries),
    Happening(name="slow starters (45 s)", act=acts.slow(45.0)),
    Happening(name="slow starters (120 s)", act=acts.slow(120.0)),
    Happening(name="readiness blip of one pod", act=acts.blip_one),
    Happening(name="readiness blip of all pods", act=acts.blip_all),
    Happening(name="readiness flaps", act=acts.flap),
    Happening(name="Recreate", when=FROM_THE_START, shape={"strategy": Strategy(recreate=True)}),
    Happening(
        name="maxUnavailable 100 %", when=FROM_THE_START, shape={"strategy": Strategy(surge=0, unavailable=5)}
    ),
    Happening(name="minReadySeconds 20", when=FROM_THE_START, shape={"strategy": Strategy(min_ready=20.0)}),
    Happening(name="paused and resumed", act=acts.pause, undecidable="a paused Deployment cannot be undone"),
    Happening(name="registry down for a while", act=acts.registry_down),
    Happening(
        name="registry asks for authorization",
        act=acts.registry_refuses,
        undecidable="it may let us in later",
    ),
    Happening(name="runtime is busy for a while", act=acts.runtime_busy),
    Happening(name="ConfigMap comes 15 s late", act=acts.config_late),
    Happening(name="a webhook refuses pods for a while", act=acts.refused_for_a_while),
    Happening(
        name="a quota refuses pods for good",
        act=acts.refused_for_good,
        undecidable="no pod shows the release",
    ),
    Happening(
        name="old revision's ReplicaSet deleted", act=acts.forget_old, undecidable="nothing to return to"
    ),
    Happening(
        name="somebody undoes it, old pods had restarts",
        act=acts.undo,
        when=(When.BEFORE, When.DURING, When.AFTER),
        ends_it=True,
    ),
    Happening(
        name="a second rollout within a second", act=acts.second_rollout, when=(When.DURING,), within=1.0
    ),
    Happening(name="change of the digest only", when=FROM_THE_START, shape={"digest": True}),
    Happening(name="a name of 60 characters", act=acts.drain, shape={"ref": LONG}),
    Happening(
        name="ConfigMap broken in place, and a restart",
        act=acts.break_config,
        when=FROM_THE_START,
        healthy=False,
        itself=True,
        undecidable="no pod shows that the next one would start",
    ),
    Happening(
        name="undo with 1 replica, old deadline still told",
        when=FROM_THE_START,
        healthy=False,
        shape={"replicas": 1, "progress_deadline": 60.0},
        kind="never ready",
    ),
)
assert len(LONG.name) == 60
