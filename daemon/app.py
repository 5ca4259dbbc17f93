"""The composition root: each program of ours, put together in one straight line and torn down in reverse."""

from __future__ import annotations

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from daemon import logs
from daemon.adapters.clock import SystemClock
from daemon.core.model import WorkloadRef
from daemon.engine.assembly import assemble
from daemon.engine.defects import LogOnly
from daemon.engine.gates import Asking
from daemon.engine.leading import Leadership
from daemon.engine.manual import Say
from daemon.engine.orders import PeoplesOrders
from daemon.engine.parts import EngineParts, Running, Tools
from daemon.engine.queue import WorkQueue
from daemon.engine.steady_clock import SteadyClock
from daemon.engine.surroundings_cache import Sources
from daemon.engine.views import absent
from daemon.engine.workers import SHARE, WORKERS
from daemon.ports import CaseStore
from daemon.presentation.action_links import ActionLinks
from daemon.replicas import Membership
from daemon.settings import Settings
from daemon.teardown import Teardown, at_once, close_all

if TYPE_CHECKING:
    from daemon.adapters.kubernetes.client import KubeClient


def run(settings: Settings) -> int:
    """The daemon, until SIGTERM or SIGINT; 1 where another replica has taken its place.

    Raises PortError when it cannot start.
    """
    from daemon.adapters.freezes import FreezeCalendar
    from daemon.adapters.git.overlays import overlays_of
    from daemon.adapters.http_health import HttpHealthProbe
    from daemon.adapters.incidents.registry import SinkContext, defect_reporter
    from daemon.adapters.incidents.registry import build as build_sinks
    from daemon.adapters.kubernetes.actuator import KubeActuator
    from daemon.adapters.kubernetes.cases import KubeCaseStore
    from daemon.adapters.kubernetes.configuration import KubeConfiguration
    from daemon.adapters.kubernetes.configuration_copies import KubeConfigurationCopies
    from daemon.adapters.kubernetes.crd_check import CaseDefinition
    from daemon.adapters.kubernetes.deputies import KubeDeputies
    from daemon.adapters.kubernetes.nodes import KubeNodes
    from daemon.adapters.kubernetes.object_events import KubeObjectEvents
    from daemon.adapters.kubernetes.owners import KubeOwnerSwitch
    from daemon.adapters.kubernetes.people import KubeAccess
    from daemon.adapters.kubernetes.permissions import KubeRights
    from daemon.adapters.kubernetes.pod_logs import KubeLogs
    from daemon.adapters.kubernetes.surveyor import KubeSurveyor
    from daemon.adapters.kubernetes.workloads import KubeCluster
    from daemon.adapters.prometheus.gauges import PrometheusGauges
    from daemon.adapters.prometheus.metrics import PrometheusMetrics
    from daemon.adapters.runners import build as build_runners
    from daemon.web.entrance import Served, WebServers

    logs.configure(settings.log.level, settings.log.format)
    log = logs.get()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    client, registry = kube_client(settings), CollectorRegistry()
    client.greet()
    clock = SteadyClock(SystemClock(), client.server_time)
    queue = WorkQueue(clock.monotonic, share=SHARE)
    membership = Membership(settings, client, stop, registry)
    with Teardown() as teardown:
        notifiers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="notify")
        teardown.add("notifications", at_once(lambda: notifiers.shutdown(wait=False, cancel_futures=True)))

        # Apart from the notifications: a test may hang for as long as its timeout.
        testers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="test")
        teardown.add("smoke tests", at_once(lambda: testers.shutdown(wait=False, cancel_futures=True)))

        askers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="ask")
        teardown.add("checks", at_once(lambda: askers.shutdown(wait=False, cancel_futures=True)))

        links = action_links(settings)
        around = SinkContext(
            settings=settings.incidents,
            kube=client.within(membership.longest.allowance),
            page_url=str(settings.web.page_url or ""),
            links=links,
        )
        sinks = build_sinks(settings.incidents.chosen, around)
        reporter = defect_reporter(around) or LogOnly()
        teardown.add("incident sinks", at_once(lambda: close_all((*sinks.values(), reporter))))

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
        named = [
            WorkloadRef(namespace=entry.namespace, name=entry.name)
            for entry in settings.workloads
            if entry.name
        ]
        metrics = PrometheusMetrics(
            settings.prometheus, settings.signals, clock, namespaces=settings.namespaces
        )
        teardown.add("prometheus", at_once(metrics.close))
        gauges = PrometheusGauges(
            metrics.client,
            settings.prometheus,
            settings.dependencies,
            clock,
            namespaces=settings.namespaces,
        )

        def tools(leadership: Leadership) -> Tools:
            acting = client.within(leadership.allowance)
            runners, sweep = build_runners(acting, clock, stop)
            copies = KubeConfigurationCopies(acting)
            return Tools(
                actuator=KubeActuator(acting),
                copies=copies,
                restorer=copies,
                running=Running(runners=runners, sweep=sweep, run=testers.submit),
                owners=KubeOwnerSwitch(acting),
            )

        calendar = FreezeCalendar(settings.freezes)
        parts = EngineParts(
            clock=clock,
            cluster=cluster,
            tools=tools,
            store=store,
            metrics=metrics,
            surroundings=Sources(gauges=gauges, neighbours=cluster, nodes=KubeNodes(client)),
            health=HttpHealthProbe(settings.health, clock),
            configuration=KubeConfiguration(client),
            sinks=sinks,
            policies=lambda ref, found: settings.policy_for(ref, found.labels if found else {}),
            run=notifiers.submit,
            asking=Asking(rights=KubeRights(client), run=askers.submit),
            registry=registry,
            reporter=reporter,
            division=membership.division,
            poll_interval=settings.prometheus.poll,
            workers=WORKERS,
            logs=KubeLogs(client),
            events=KubeObjectEvents(client),
            overlays=overlays_of(settings.overlays, clock),
            surveyor=KubeSurveyor(client),
            naming=settings.alerts.naming,
            calendar=calendar,
            troubles=(
                CaseDefinition(client, clock).problems,
                cluster.problems,
                store.problems,
                calendar.problems,
                lambda: absent(named, cluster),
            ),
        )
        daemon = assemble(parts, queue)

        store.watch(queue.put)
        teardown.add("case watches", store.stop)
        cluster.start()
        teardown.add("workload watches", cluster.stop)
        deputies = KubeDeputies(client, settings.namespaces, clock)
        orders = PeoplesOrders(cluster=cluster, store=store, deputies=deputies, clock=clock)
        served = Served(
            views=daemon.views, clock=clock, access=KubeAccess(client), orders=orders, links=links
        )
        web = WebServers(settings, served, intake=daemon.engine, registry=registry)
        web.start()
        teardown.add("web server", web.stop)
        membership.begin(daemon, teardown)
        log.info("watching", namespaces=list(settings.namespaces), port=web.port)
        stop.wait()
        log.info("stopping")
    return 1 if membership.replaced else 0


def action_links(settings: Settings) -> ActionLinks | None:
    """The links in messages by which people decide; ``None`` where policy gives no key for them."""
    file, page_url = settings.web.link_key_file, settings.web.page_url
    if file is None or page_url is None:
        return None
    return ActionLinks(page_url=page_url, key=lambda: file.read_bytes().strip())


def kube_client(settings: Settings) -> KubeClient:
    """Raises Rejected when there is no usable configuration."""
    from daemon.adapters.kubernetes.access import load

    return load(settings.kubernetes.kubeconfig, settings.kubernetes.context or None)


def case_store(settings: Settings, client: KubeClient | None = None) -> CaseStore:
    """The cluster's cases, listed at each call; by this client, where there is one already."""
    from daemon.adapters.kubernetes.cases import KubeCaseStore

    return KubeCaseStore(
        client or kube_client(settings),
        namespaces=settings.namespaces,
        clock=SystemClock(),
        on_problem=logs.get().warning,
    )


def demo(*, speed: float, port: int | None, keep: bool, say: Say) -> int:
    """Play the demo; with a port its page is served meanwhile, and until interrupted where ``keep``."""
    from daemon import demo as play
    from daemon.web.app import LOCAL, build
    from daemon.web.door import NoDoor
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
                door=NoDoor(),
                hosts=LOCAL,
            )
            web = WebServer(app, host="127.0.0.1", port=port)
            web.start()
            teardown.add("web server", lambda seconds: [] if web.stop(seconds) else ["web"])
            say(f"The page: http://127.0.0.1:{web.port}/\n")
        well = play.play(stage, say)
        if not keep:
            say("\nTo see it again, with its page left open: rollbackd demo --port 8080 --keep")
        if keep and port is not None:
            say("\nThe page stays until Ctrl-C.")
            play.linger(stage)
    return 0 if well else 1
