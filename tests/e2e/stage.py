"""One namespace with the stand-in in it: what a person does there, and what the cluster says of it."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from tests.e2e.app.manifests import NAME, Gl006, config_map, deployment, everything
from tests.e2e.cluster.cluster import Cluster

T = TypeVar("T")
PATIENCE = 120.0


def wait_for(what: str, look: Callable[[], T | None], *, within: float = PATIENCE) -> T:
    """The first answer that is not falsy. Fails naming what was waited for and the last answer."""
    edge, seen = time.monotonic() + within, None
    while time.monotonic() < edge:
        seen = look()
        if seen:
            return seen
        time.sleep(0.25)
    raise AssertionError(f"{what}: not within {within:g} s (last answer: {seen!r})")


@dataclass(frozen=True)
class Stage:
    """A namespace of the cluster, named by its story."""

    cluster: Cluster
    namespace: str
    app: Gl006

    # ------------------------------------------------------------ doing

    def set_up(self) -> None:
        self.cluster.apply(everything(self.app))

    def release(self, tag: str, **changes: Any) -> None:
        """Apply the Deployment with another tag, as a pipeline would."""
        self.cluster.apply(deployment(replace(self.app, tag=tag, **changes)))

    def break_pod(self, pod: dict[str, Any], fault: dict[str, Any]) -> None:
        """Have a running pod of the stand-in fail so until it is started again."""
        request = urllib.request.Request(
            f"http://{pod['status']['podIP']}:8000/fault", data=json.dumps(fault).encode(), method="PUT"
        )
        with urllib.request.urlopen(request, timeout=5):
            pass

    def write_config(self, name: str, settings: str) -> None:
        self.cluster.apply(config_map(replace(self.app, config_name=name), settings))

    # ------------------------------------------------------------ asking the API server

    def kubectl(self, *arguments: str) -> str:
        return self.cluster.kubectl("-n", self.namespace, *arguments)

    def objects(self, kind: str, *arguments: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.kubectl("get", kind, "-o", "json", *arguments))["items"]
        return found

    def deployment(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.kubectl("get", "deployment", NAME, "-o", "json"))
        return found

    def tag(self) -> str:
        image: str = self.deployment()["spec"]["template"]["spec"]["containers"][0]["image"]
        return image.rsplit(":", 1)[1]

    def revision(self) -> int:
        """Grows by one with each change of the template."""
        return int(self.deployment()["metadata"]["annotations"]["deployment.kubernetes.io/revision"])

    def pods(self) -> list[dict[str, Any]]:
        pods = self.objects("pods", "-l", f"app={NAME}")
        return [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]

    def all_ready_on(self, tag: str) -> bool:
        """Whether only good pods of this tag are left."""
        pods = self.pods()
        return len(pods) == self.app.replicas and all(
            pod["spec"]["containers"][0]["image"].endswith(f":{tag}") and _ready(pod) for pod in pods
        )

    def events(self) -> list[dict[str, Any]]:
        """The daemon's events on the Deployment."""
        return [
            event
            for event in self.objects("events")
            if event["involvedObject"]["name"] == NAME
            and event["involvedObject"]["kind"] == "Deployment"
            and "rollbackd"
            in (event.get("reportingComponent") or event.get("source", {}).get("component", ""))
        ]

    def case(self, tag: str) -> dict[str, Any] | None:
        """The newest case about a tag."""
        cases = [c for c in self.objects("rolloutcases") if _case_tag(c) == tag]
        return max(cases, key=lambda c: c["spec"]["revision"]["number"], default=None)

    def wait_phase(self, tag: str, *phases: str, within: float = PATIENCE) -> dict[str, Any]:
        """The case about a tag, once it is in one of the phases."""
        seen: list[str] = []

        def look() -> dict[str, Any] | None:
            case = self.case(tag)
            status = (case or {}).get("status", {})
            seen[:] = [f"{status.get('phase')}: {status.get('reason')}"]
            return case if case is not None and status.get("phase") in phases else None

        try:
            return wait_for(f"{self.namespace}: {tag} to be {' or '.join(phases)}", look, within=within)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {seen[0]}") from None

    def wait_running(self, within: float = PATIENCE) -> None:
        """Until only good pods of its first release are there."""
        tag = self.app.tag
        wait_for(f"{self.namespace}: pods of {tag}", partial(self.all_ready_on, tag), within=within)

    def wait_adopted(self, within: float = PATIENCE) -> None:
        """Until the daemon has a case of its first release."""
        tag = self.app.tag
        wait_for(f"{self.namespace}: {tag} adopted", partial(self.case, tag), within=within)

    # ------------------------------------------------------------ asking Prometheus

    def query(self, promql: str) -> float | None:
        """The value of a query that gives one series; ``None`` for none."""
        text = urllib.parse.urlencode({"query": promql.replace("$NS", f'namespace="{self.namespace}"')})
        with urllib.request.urlopen(
            f"{self.cluster.prometheus_url}/api/v1/query?{text}", timeout=5
        ) as answer:
            result = json.load(answer)["data"]["result"]
        return float(result[0]["value"][1]) if result else None

    def error_rate(self, pods: str, seconds: int = 15) -> float | None:
        """5xx over all of the pods whose names match, lately."""
        total = f'sum(increase(gl006_http_requests_total{{$NS, pod=~"{pods}"}}[{seconds}s]))'
        bad = total.replace("$NS,", '$NS, status_code=~"5..",')
        return self.query(f"({bad} or vector(0)) / {total}")


@contextmanager
def of_its_own(cluster: Cluster, namespace: str) -> Iterator[None]:
    """A namespace that nothing is left of from another run, and that is gone afterwards."""
    cluster.kubectl("delete", "namespace", "--ignore-not-found", "--wait", namespace)
    try:
        yield
    finally:
        cluster.kubectl("delete", "namespace", "--ignore-not-found", "--wait=false", namespace)


def _ready(pod: dict[str, Any]) -> bool:
    conditions = pod["status"].get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _case_tag(case: dict[str, Any]) -> str:
    image: str = case["spec"]["revision"]["images"][0]
    return image.rsplit(":", 1)[1]
