"""What people begin from the command line and follow to its end: a rollback by hand, a wait for a release."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from daemon.adapters.clock import SystemClock
from daemon.app import case_store, kube_client
from daemon.core.case.case import Case
from daemon.core.model import WorkloadRef
from daemon.engine.manual import Agrees, Asked, ByHand, Say, roll_back_by_hand
from daemon.engine.release_wait import ReleaseWait, WaitResult, Wanted, wait_for_case, wait_for_release
from daemon.ports import Clock
from daemon.settings import Settings
from daemon.teardown import Teardown

if TYPE_CHECKING:
    from daemon.adapters.kubernetes.client import KubeClient
    from daemon.adapters.kubernetes.workloads import KubeCluster


def manual_rollback(
    settings: Settings,
    ref: WorkloadRef,
    *,
    asked: Asked,
    dry_run: bool,
    say: Say,
    agrees: Agrees,
) -> int:
    """Roll back by hand and follow it. Returns 0 when it is complete and healthy. Raises PortError."""
    from daemon.adapters.http_health import HttpHealthProbe
    from daemon.adapters.kubernetes.actuator import KubeActuator

    clock, client = SystemClock(), kube_client(settings)
    cluster = _only(client, ref, clock, say)
    tools = ByHand(
        cluster=cluster,
        actuator=KubeActuator(client, dry_run=dry_run),
        health=HttpHealthProbe(settings.health, clock),
        clock=clock,
        sleep=threading.Event().wait,
        say=say,
        paths=settings.policy_for(ref, {}).health_paths,
    )
    with Teardown() as teardown:
        cluster.start()
        teardown.add("watches", cluster.stop)
        well = roll_back_by_hand(
            tools,
            ref,
            cases=lambda: case_store(settings, client).cases(),
            asked=asked,
            dry_run=dry_run,
            agrees=agrees,
        )
    return 0 if well else 1


def wait(
    settings: Settings, subject: WorkloadRef | Case, *, wanted: Wanted, timeout: float, say: Say
) -> WaitResult:
    """Wait for a workload's release, or for a case, at most ``timeout`` seconds. Raises PortError."""
    clock, client = SystemClock(), kube_client(settings)
    ref = subject.ref if isinstance(subject, Case) else subject
    cluster = _only(client, ref, clock, say)
    tools = ReleaseWait(
        cluster=cluster,
        store=case_store(settings, client),
        clock=clock,
        sleep=threading.Event().wait,
        say=say,
        timeout=timeout,
    )
    if isinstance(subject, Case):
        return wait_for_case(tools, subject)
    with Teardown() as teardown:
        cluster.start()
        teardown.add("watches", cluster.stop)
        return wait_for_release(tools, ref, wanted)


def _only(client: KubeClient, ref: WorkloadRef, clock: Clock, say: Say) -> KubeCluster:
    """The cluster as far as one Deployment goes."""
    from daemon.adapters.kubernetes.workloads import KubeCluster

    return KubeCluster(
        client,
        guard=lambda found, _: found == ref,
        namespaces=(ref.namespace,),
        clock=clock,
        notify=lambda _: None,
        on_problem=say,
    )
