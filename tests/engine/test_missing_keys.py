"""A ConfigMap that is there and lacks a key that the target's pods need: they could not start either."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from daemon.adapters.simulation.templates import simple_template
from daemon.core.case.case import Phase
from daemon.core.policy import ConfigurationChoice, GateChoice
from daemon.core.rollout_facts.configuration import Reference
from daemon.ports import Denied
from tests.engine.world import IMAGE, POLICY, REF, World

BAD = "v1.1.0-bad"
CONFIG = Reference(kind="ConfigMap", name="settings")
THERE = "key"
"""The one key that the simulation gives to each object."""


def world(*keys: str, **source: Any) -> World:
    template = simple_template(REF.name, f"{IMAGE}:v1.0.0")
    template["spec"]["containers"][0]["env"] = [
        {"name": "A", "valueFrom": {"configMapKeyRef": {"name": CONFIG.name, "key": key, **source}}}
        for key in keys
    ]
    policy = replace(POLICY, gates=GateChoice.HOLD, configuration=ConfigurationChoice.IGNORE)
    made = World(template=template, rps=50.0, errors={BAD: 0.5}, policy=policy)
    made.configuration.write(REF.namespace, CONFIG)
    made.cluster.restart(REF)
    made.settled()
    made.deploy(BAD)
    return made


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (("level",), "key level of ConfigMap settings is gone"),
        (("level", THERE, "name"), "keys level, name of ConfigMap settings are gone"),
    ],
)
def test_it_holds_with_its_remedy_and_an_approval_overrules(keys: tuple[str, ...], said: str) -> None:
    made = world(*keys)
    case = made.run_until(Phase.HELD, Phase.ROLLED_BACK, within=300)
    assert case.phase is Phase.HELD, case.status.reason
    assert f"{said}, and no pod of revision 1" in case.status.reason
    assert f"(kubectl edit configmap settings -n {REF.namespace})" in case.status.reason
    made.instruct(case, "approve")
    case = made.run_until(Phase.ROLLED_BACK, within=300)
    told = [effect.detail for effect in case.status.effects if effect.kind == "gates"]
    assert "still gone, as was known at the approval" in told[-1]


def test_a_key_that_is_there_or_optional_lets_the_plan_begin() -> None:
    for made in (world(THERE), world("level", optional=True)):
        case = made.run_until(Phase.HELD, Phase.ROLLED_BACK, within=600)
        assert case.phase is Phase.ROLLED_BACK, case.status.reason


def test_the_whole_object_is_named_where_it_is_gone_itself() -> None:
    made = world("level")
    made.configuration.remove(REF.namespace, CONFIG)
    case = made.run_until(Phase.HELD, Phase.ROLLED_BACK, within=300)
    assert "ConfigMap settings is gone" in case.status.reason
    assert "key level" not in case.status.reason


def test_what_may_not_be_read_is_not_known_to_be_missing() -> None:
    made = world("level")
    made.configuration.reads.fail(Denied("configmaps is forbidden"))
    made.run_until(Phase.VERIFYING, within=300)
    case = made.newest()
    assert case is not None
    assert case.status.before is not None
    assert "ConfigMap settings (configmaps is forbidden)" in case.status.before.unchecked
