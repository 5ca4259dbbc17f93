"""Without settings a recovery is proven at the addresses that the pods' own probes ask."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from daemon.adapters.simulation.templates import simple_template
from daemon.core.case.case import Case, Phase
from daemon.core.case.incident import message
from tests.engine.world import POLICY, REF, World

BAD = "v1.1.0-bad"
PATH = "/api/v1/health"


def rolled_back(probe: dict[str, Any], *, broken: bool = False) -> tuple[World, Case]:
    """A bad release is undone; ``broken``: the version before does not answer well either."""
    template = simple_template(REF.name, "x")
    template["spec"]["containers"][0] |= {"livenessProbe": probe, "readinessProbe": probe}
    policy = replace(POLICY, health_paths=None, verify_deadline=120.0)
    world = World(errors={BAD: 0.5}, template=template, policy=policy).settled()
    world.deploy(BAD)
    if broken:
        world.health.break_path(PATH, "v1.0.0", "500: no database")
    return world, world.run_until(Phase.ROLLED_BACK, Phase.UNRECOVERED, within=900)


def test_the_recovery_rests_on_what_the_probes_ask() -> None:
    _, case = rolled_back({"httpGet": {"path": PATH, "port": 8006}})
    assert case.phase is Phase.ROLLED_BACK
    assert case.status.verification is not None
    assert f"health endpoints (:8006{PATH})" in {c.name for c in case.status.verification.conditions}


def test_a_probes_address_that_answers_badly_holds_the_claim_back() -> None:
    _, case = rolled_back({"httpGet": {"path": PATH, "port": 8006}}, broken=True)
    assert case.phase is Phase.UNRECOVERED
    assert f":8006{PATH}: 500: no database" in case.status.reason


def test_a_pod_without_an_http_probe_is_not_asked_and_the_incident_says_so() -> None:
    world, case = rolled_back({"exec": {"command": ["true"]}}, broken=True)
    assert case.phase is Phase.ROLLED_BACK
    assert case.status.verification is not None
    assert not [c for c in case.status.verification.conditions if "health" in c.name]
    assert "health endpoints: none is asked: the readiness probe" in message(
        case, world.policy, world.clock.now()
    )
