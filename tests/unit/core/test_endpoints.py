"""A pod is asked what its own probes ask, as the kubelet reads them; what is not asked is said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.judge.recovery import Facts, Health, verify
from daemon.core.policy import Policy
from daemon.core.rollout_facts.endpoints import MOST, Endpoint, Endpoints, chosen, of_template, written
from tests.unit.core.made import NEW, pod, workload

HEATRECLAIM: dict[str, Any] = {
    "metadata": {"labels": {"app": "heatreclaim"}},
    "spec": {
        "containers": [
            {
                "name": "heatreclaim",
                "image": "greenlang/heatreclaim:latest",
                "ports": [{"name": "http", "containerPort": 8006, "protocol": "TCP"}],
                "livenessProbe": {
                    "httpGet": {"path": "/api/v1/health", "port": 8006},
                    "initialDelaySeconds": 30,
                    "timeoutSeconds": 5,
                },
                "readinessProbe": {"httpGet": {"path": "/api/v1/health", "port": 8006}},
            }
        ]
    },
}
"""GL-006's second published manifest: another port, and one path for both probes."""


def template(*containers: dict[str, Any], init: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    named = [{"name": f"c{number}"} | container for number, container in enumerate(containers)]
    return {"spec": {"containers": named, "initContainers": list(init)}}


def get(**action: Any) -> dict[str, Any]:
    return {"httpGet": {"path": "/ready", "port": 80} | action}


def test_the_second_manifest_of_gl_006_is_asked_at_its_own_port_and_path_once() -> None:
    found = of_template(HEATRECLAIM)
    assert [str(endpoint) for endpoint in found.asked] == [":8006/api/v1/health"]
    assert found.asked[0].timeout == 5
    assert found.unasked == ()


def test_a_ports_name_is_looked_up_among_its_own_containers_ports() -> None:
    one = {"readinessProbe": get(port="http"), "ports": [{"name": "http", "containerPort": 8000}]}
    other = {"readinessProbe": get(port="http"), "ports": [{"name": "http", "containerPort": 9000}]}
    assert [endpoint.port for endpoint in of_template(template(one, other)).asked] == [8000, 9000]


@pytest.mark.parametrize("port", ["https", "", None, 0, 65536, "99999", "-1", "²"])
def test_a_port_that_the_container_does_not_have_is_said(port: object) -> None:
    container = {"readinessProbe": get(port=port), "ports": [{"name": "http", "containerPort": 8000}]}
    found = of_template(template(container))
    assert found.asked == ()
    assert "readiness probe of container c0 names the port" in found.unasked[0]


def test_scheme_headers_and_path_are_the_probes() -> None:
    headers = [{"name": "Host", "value": "heat.example.com"}]
    probe = get(path="live?q=a b", port="8443", scheme="HTTPS", httpHeaders=headers)
    (found,) = of_template(template({"livenessProbe": probe})).asked
    assert found == Endpoint(
        path="/live?q=a%20b",
        port=8443,
        scheme="https",
        headers=(("Host", "heat.example.com"),),
        timeout=1.0,
    )
    assert str(found) == "https:8443/live?q=a%20b"


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        ({"tcpSocket": {"port": 80}}, "TCP"),
        ({"exec": {"command": ["true"]}}, "command"),
        ({"grpc": {"port": 80}}, "gRPC"),
        ({"smoke": {}}, "unknown kind"),
        (get(host="127.0.0.1"), "asks the host 127.0.0.1, and not the pod"),
    ],
)
def test_a_probe_that_cannot_be_asked_is_said(probe: dict[str, Any], words: str) -> None:
    found = of_template(template({"startupProbe": probe}))
    assert found.asked == ()
    assert words in found.unasked[0]
    assert "startup probe of container c0" in found.unasked[0]


def test_no_probe_at_all_is_said() -> None:
    assert of_template({}).unasked == ("no container has a probe",)


def test_of_init_containers_sidecars_alone_are_probed() -> None:
    init = {"name": "i", "livenessProbe": get(path="/once")}
    sidecar = {"name": "s", "restartPolicy": "Always", "livenessProbe": get(path="/side")}
    assert [e.path for e in of_template(template({}, init=(init, sidecar))).asked] == ["/side"]


def test_no_more_than_some_are_asked() -> None:
    found = of_template(template(*({"livenessProbe": get(port=80 + n)} for n in range(MOST + 5))))
    assert len(found.asked) == MOST
    assert str(MOST + 5) in found.unasked[0]


def test_what_the_operator_names_stands_over_the_probes() -> None:
    assert chosen((":9/live", "/up"), HEATRECLAIM).asked == (written(":9/live"), written("/up"))
    assert chosen((), HEATRECLAIM) == Endpoints()
    assert chosen(None, HEATRECLAIM) == of_template(HEATRECLAIM)


@given(port=st.integers(1, 65535), path=st.from_regex(r"/[!-~]*", fullmatch=True))
def test_a_written_endpoint_is_told_as_it_was_written(port: int, path: str) -> None:
    assert str(written(path)) == path
    assert str(written(f":{port}{path}")) == f":{port}{path}"


def verified(endpoints: Endpoints, *answers: Health) -> tuple[dict[str, bool | None], tuple[str, ...]]:
    seen = workload(pod("p0", ready=True), desired=1)
    facts = Facts(workload=seen, target=NEW, health=answers, fresh={}, endpoints=endpoints)
    found = verify(facts, Policy(), None)
    return {c.name: c.holds for c in found.conditions if "health" in c.name}, found.notes


def test_without_an_http_probe_there_is_no_condition_and_that_is_said() -> None:
    conditions, notes = verified(of_template(template({"livenessProbe": {"exec": {"command": ["true"]}}})))
    assert conditions == {}
    assert notes == (
        "health endpoints: none is asked: the liveness probe of container c0 runs a command, and asks for "
        "no HTTP address",
    )


def test_a_template_that_is_not_known_proves_nothing() -> None:
    assert verified(chosen(None, None))[0] == {"health endpoints": None}


def test_each_pod_must_answer() -> None:
    endpoints = of_template(HEATRECLAIM)
    name = "health endpoints (:8006/api/v1/health)"
    assert verified(endpoints)[0] == {name: None}
    answer = Health(pod=pod("p0").name, path=":8006/api/v1/health", ok=False, detail="500")
    assert verified(endpoints, answer)[0] == {name: False}
    assert verified(endpoints, Health(pod=answer.pod, path=answer.path, ok=True, detail="200"))[0] == {
        name: True
    }
