"""The composition root: each program of ours, put together in one straight line and torn down in reverse."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from daemon import logs
from daemon.adapters.clock import SystemClock
from daemon.core.case.case import EffectOutcome
from daemon.core.model import Workload, WorkloadRef
from daemon.core.policy import Policy
from daemon.engine.assembly import EngineParts, assemble
from daemon.engine.manual import ByHand, Say, await_rollout, pick, settle, undo
from daemon.engine.queue import WorkQueue
from daemon.engine.steady_clock import SteadyClock
from daemon.engine.surroundings_cache import Sources
from daemon.ports import CaseStore, Cluster, IncidentSink, PortError
from daemon.settings import Settings

if TYPE_CHECKING:
    from daemon.adapters.kubernetes.client import KubeClient

STOPPING = 8.0
"""Seconds that each part is given to stop; together well below the pod's grace period."""


class Teardown:
    """What was started, to be stopped in reverse; says which part would not."""

    def __init__(self) -> None:
        self._parts: list[tuple[str, Callable[[float], list[str]]]] = []
        self._log = logs.get()

    def add(self, name: str, stop: Callable[[float], list[str]]) -> None:
        self._parts.append((name, stop))

    def __enter__(self) -> Teardown:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, stop in reversed(self._parts):
            left = stop(STOPPING)
            if left:
                self._log.warning(f"{name} would not stop", still_running=left)


def policies(settings: Settings) -> Callable[[WorkloadRef, Workload | None], Policy]:
    """The policy of a workload, by its labels where it exists."""

    def policy(ref: WorkloadRef, workload: Workload | None) -> Policy:
        labels: Mapping[str, str] = workload.labels if workload is not None else {}
        return settings.policy_for(ref, labels)

    return policy


def run(settings: Settings) -> int:
    """The daemon, until SIGTERM or SIGINT. Raises PortError when it cannot start."""
    from daemon.adapters.http_health import HttpHealthProbe
    from daemon.adapters.incidents.registry import SinkContext
    from daemon.adapters.incidents.registry import build as build_sinks
    from daemon.adapters.kubernetes.actuator import KubeActuator
    from daemon.adapters.kubernetes.cases import KubeCaseStore
    from daemon.adapters.kubernetes.configuration import KubeConfiguration
    from daemon.adapters.kubernetes.nodes import KubeNodes
    from daemon.adapters.kubernetes.workloads import KubeCluster
    from daemon.adapters.prometheus.gauges import PrometheusGauges
    from daemon.adapters.prometheus.metrics import PrometheusMetrics
    from daemon.web.app import build
    from daemon.web.server import WebServer

    logs.configure(settings.log.level, settings.log.format)
    log = logs.get()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    client, registry = kube_client(settings), CollectorRegistry()
    client.greet()
    clock = SteadyClock(SystemClock(), client.server_time)
    queue = WorkQueue(clock.monotonic)
    with Teardown() as teardown:
        tellers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="tell")
        teardown.add("telling", done(lambda: tellers.shutdown(wait=False, cancel_futures=True)))

        around = SinkContext(
            settings=settings.incidents, kube=client, page_url=str(settings.web.page_url or "")
        )
        sinks = build_sinks(settings.incidents.chosen, around)
        teardown.add("incident sinks", done(lambda: close_all(sinks)))

        store = KubeCaseStore(client, namespaces=settings.namespaces, clock=clock, on_problem=log.warning)
        cluster = KubeCluster(
            client,
            guard=settings.guards,
            namespaces=settings.namespaces,
            clock=clock,
            notify=queue.put,
            on_problem=log.warning,
            neighbours=settings.neighbours,
        )
        metrics = PrometheusMetrics(settings.prometheus, settings.signals, clock)
        teardown.add("prometheus", done(metrics.close))
        gauges = PrometheusGauges(metrics.client, settings.prometheus, settings.dependencies, clock)
        parts = EngineParts(
            clock=clock,
            cluster=cluster,
            actuator=KubeActuator(client),
            store=store,
            metrics=metrics,
            surroundings=Sources(gauges=gauges, neighbours=cluster, nodes=KubeNodes(client)),
            health=HttpHealthProbe(settings.health, clock),
            configuration=KubeConfiguration(client),
            sinks=sinks,
            policies=policies(settings),
            run=tellers.submit,
            registry=registry,
            poll_interval=settings.prometheus.poll,
            naming=settings.alerts.naming,
            troubles=(cluster.problems, store.problems, lambda: absent(settings, cluster)),
        )
        daemon = assemble(parts, queue)

        store.watch(lambda namespace, name: case_changed(store, queue, namespace, name))
        teardown.add("case watches", store.stop)
        cluster.start()
        teardown.add("workload watches", cluster.stop)
        daemon.engine.start()
        teardown.add("engine", daemon.engine.stop)

        token = settings.web.secret_token()
        app = build(
            intake=daemon.engine,
            views=daemon.views,
            clock=clock,
            registry=registry,
            token=token.get_secret_value() if token is not None else None,
            max_body=settings.web.max_body,
            hosts=settings.web.names,
        )
        web = WebServer(app, host=settings.web.host, port=settings.web.port)
        web.start()
        teardown.add("web server", lambda seconds: [] if web.stop(seconds) else ["web"])
        log.info("watching", namespaces=list(settings.namespaces), port=web.port)
        stop.wait()
        log.info("stopping")
    return 0


def absent(settings: Settings, cluster: Cluster) -> Mapping[str, str]:
    """Workloads that the settings name and the cluster does not have."""
    found: dict[str, str] = {}
    for entry in settings.workloads:
        if entry.name is None:
            continue
        ref = WorkloadRef(namespace=entry.namespace, name=entry.name)
        try:
            gone = cluster.workload(ref) is None
        except PortError:
            # Its namespace cannot be read, which is a trouble of its own.
            continue
        if gone:
            found[str(ref)] = "there is no such Deployment: check workloads in the settings, or deploy it"
    return found


def done(stop: Callable[[], None]) -> Callable[[float], list[str]]:
    """A part that stops at once."""

    def stopped(_: float) -> list[str]:
        stop()
        return []

    return stopped


def close_all(sinks: Mapping[str, IncidentSink]) -> None:
    """Close the sinks that hold something open."""
    for sink in sinks.values():
        close = getattr(sink, "close", None)
        if close is not None:
            close()


def case_changed(store: CaseStore, queue: WorkQueue, namespace: str, name: str) -> None:
    """Somebody else wrote a case: have its workload looked at."""
    try:
        found = next((c for c in store.cases() if (c.namespace, c.name) == (namespace, name)), None)
    except PortError:
        # Not listed yet: the first look at every workload is still to come.
        return
    if found is not None:
        queue.put(found.ref)


def kube_client(settings: Settings) -> KubeClient:
    """Raises Rejected when there is no usable configuration."""
    from daemon.adapters.kubernetes.client import load

    return load(settings.kubernetes.kubeconfig, settings.kubernetes.context or None)


def case_store(settings: Settings) -> CaseStore:
    """The cluster's cases, listed at each call."""
    from daemon.adapters.kubernetes.cases import KubeCaseStore

    return KubeCaseStore(
        kube_client(settings),
        namespaces=settings.namespaces,
        clock=SystemClock(),
        on_problem=logs.get().warning,
    )


def manual_rollback(
    settings: Settings,
    ref: WorkloadRef,
    *,
    to_revision: int | None,
    image: str | None,
    dry_run: bool,
    say: Say,
) -> int:
    """Roll back by hand and follow it. Returns 0 when it is complete and healthy. Raises PortError."""
    from daemon.adapters.http_health import HttpHealthProbe
    from daemon.adapters.kubernetes.actuator import KubeActuator
    from daemon.adapters.kubernetes.workloads import KubeCluster

    clock, client = SystemClock(), kube_client(settings)
    cluster = KubeCluster(
        client,
        guard=lambda found, _: found == ref,
        namespaces=(ref.namespace,),
        clock=clock,
        notify=lambda _: None,
        on_problem=say,
    )
    actuator = KubeActuator(client, dry_run=dry_run)
    tools = ByHand(
        cluster=cluster,
        actuator=actuator,
        health=HttpHealthProbe(settings.health, clock),
        clock=clock,
        sleep=threading.Event().wait,
        say=say,
        paths=settings.policy_for(ref, {}).health_paths,
    )
    with Teardown() as teardown:
        cluster.start()
        teardown.add("watches", cluster.stop)
        workload = settle(tools, ref)
        say(f"{ref} runs {workload.current}: {workload.current.image if workload.current else ''}")
        if image is not None:
            undone = actuator.set_image(ref, None, image)
            say(undone.detail)
        else:
            cases = [case for case in case_store(settings).cases() if case.ref == ref]
            goal, why = pick(workload, cases, to_revision)
            say(f"returning to {goal}: {why}")
            undone = undo(tools, workload, goal)
        if undone.outcome is not EffectOutcome.DONE:
            return 1
        if dry_run:
            say("nothing was changed (dry run, checked by the API server)")
            return 0
        generation = workload.status.generation + (0 if undone.already else 1)
        return 0 if await_rollout(tools, ref, generation=generation) else 1


def demo(*, speed: float, port: int | None, keep: bool, say: Say) -> int:
    """Play the demo; with a port its page is served meanwhile, and until interrupted where ``keep``."""
    from daemon import demo as play
    from daemon.web.app import build
    from daemon.web.server import WebServer

    logs.configure("error", "console")
    stage = play.build(speed)
    with Teardown() as teardown:
        if port is not None:
            app = build(
                intake=stage.daemon.engine,
                views=stage.daemon.views,
                clock=stage.clock,
                registry=CollectorRegistry(),
                token=None,
                max_body=1_048_576,
            )
            web = WebServer(app, host="127.0.0.1", port=port)
            web.start()
            teardown.add("web server", lambda seconds: [] if web.stop(seconds) else ["web"])
            say(f"The page: http://127.0.0.1:{web.port}/\n")
        well = play.play(stage, say)
        if keep and port is not None:
            say("\nThe page stays until Ctrl-C.")
            play.linger(stage)
    return 0 if well else 1
