"""All runners of the daemon, and what takes away what they leave."""

from __future__ import annotations

import threading

from daemon.adapters.http_runner import HttpRunner
from daemon.adapters.kubernetes.client import KubeClient
from daemon.adapters.kubernetes.exec_runner import KubeExecRunner
from daemon.adapters.kubernetes.job_runner import KubeJobRunner
from daemon.core.runs import Kind
from daemon.ports import Clock, Runner, Sweep


def build(client: KubeClient, clock: Clock, stop: threading.Event) -> tuple[dict[Kind, Runner], Sweep]:
    """``stop`` ends the waiting of what is under way."""
    jobs = KubeJobRunner(client, clock, pause=stop.wait)
    commands = KubeExecRunner(client, clock, stopping=stop.is_set)
    return {"http": HttpRunner(clock), "job": jobs, "exec": commands}, jobs.sweep
